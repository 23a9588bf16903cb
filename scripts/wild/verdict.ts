import type { Entry } from './entries.js';

/**
 * How an answer compares with Keras's: `right` with names and numbers; `nameless` where the numbers are right but labels are places,
 * units are missing or columns have no names; `raw` where it is a tensor that a person can't read; `wrong`; `refused`; `absent` where there is no file.
 */
export type Verdict = 'right' | 'nameless' | 'raw' | 'wrong' | 'refused' | 'absent';

/** What came of one model. */
export interface Result {
  entry: Entry;
  card: { verdict: Verdict; why?: string; reply?: unknown };
  plain: { verdict: Verdict; why?: string; guesses?: readonly string[] };
}
