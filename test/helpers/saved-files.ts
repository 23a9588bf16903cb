import { readFileSync } from 'node:fs';

const files = JSON.parse(readFileSync(new URL('../fixtures/saved/saved.json', import.meta.url), 'utf8')) as Record<
  string,
  string
>;

/** The names of what real NumPy and scikit-learn saved, as test/fixtures/saved/make.py has it. */
export const savedNames = Object.keys(files);

/** One of these files. */
export const savedFile = (name: string): Buffer => Buffer.from(files[name]!, 'base64');
