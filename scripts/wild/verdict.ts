import type { Entry } from './entries.js';

/**
 * How an answer compares with Keras's: `right` with names and numbers; `nameless` where the numbers are right but labels are places,
 * units are missing or columns have no names; `raw` where it is a tensor that a person can't read; `named` where numbers came as they are and the
 * log has the line of the card that scales them; `wrong` where a guess was shown, `silent` where none was; `refused`; `absent` where there is no file.
 */
export type Verdict = 'right' | 'nameless' | 'raw' | 'named' | 'wrong' | 'silent' | 'refused' | 'absent';

/** What came of a question to a model without a card. */
export interface Plain {
  verdict: Verdict;
  why?: string;
  /** What was guessed, by the last word of its key. */
  guesses?: readonly string[];
  /** The log's lines about what is not acted on, or not to be used. */
  said?: readonly string[];
  /** How it is with the lines of a card that the log has. */
  withLine?: Verdict;
}

/** What came of one model. */
export interface Result {
  entry: Entry;
  card: { verdict: Verdict; why?: string; reply?: unknown };
  plain: Plain;
}
