import { readFileSync } from 'node:fs';

/** A function as real Pythons marshalled it, as test/fixtures/functions/make.py recorded it. */
export interface FunctionCase {
  source: string;
  /** The line that it is read as, or what the refusal says. */
  text?: string;
  refused?: string;
  /** Base64 of its code by the Python that made it. */
  codes: Record<string, string>;
}

export const functionCases: readonly FunctionCase[] = JSON.parse(
  readFileSync(new URL('../fixtures/functions/functions.json', import.meta.url), 'utf8'),
);
