/** Compares the cases of folders that it is told of by the process that forked it, one after the other. */
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Case } from '../answer.js';
import { compare, type Outcome } from '../compare.js';

/** A case of Keras's own tests. */
export interface TestCase extends Case {
  /** The layer or operation, or `models`. */
  about: string;
  /** The test that made it. */
  test: string;
  /** Which shapes and values it was asked with. */
  variant: string;
}

/** What a case is, for a report. */
export interface Description extends Pick<TestCase, 'about' | 'test' | 'variant' | 'keras'> {
  /** The files of the case and of its model, by their folders. */
  file: string;
  model: string;
}

/** What came of a case. */
export type TestOutcome = Outcome & Description;

const read = (path: string): TestCase => JSON.parse(readFileSync(path, 'utf8'));

/** What the case in a file is. */
export function describe(path: string, { about, test, variant, keras, model } = read(path)): Description {
  const unit = basename(dirname(path));
  return { about, test, variant, keras, file: join(unit, basename(path)), model: join(unit, model) };
}

async function compareFile(path: string): Promise<TestOutcome> {
  const record = read(path);
  const model = join(dirname(path), record.model);
  return { ...(await compare({ tolerance: 1e-4, ...record, model })), ...describe(path, record) };
}

if (import.meta.filename === process.argv[1])
  process.on('message', async (path: string) => process.send?.(await compareFile(path)));
