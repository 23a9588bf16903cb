import type { KnownError } from '../support/errors.js';

/** A process that runs models for others. */
export interface Worker {
  readonly id: string;
  /** The machine that it runs on. */
  readonly host: string;
}

/** Processes that run models for this one. */
export interface Workers {
  /** How many live. */
  readonly count: number;
  /** Whether it is known which there are, and they can be asked. */
  readonly ready: boolean;
  /** Why they can't be asked now, where that is known. */
  readonly trouble?: KnownError | undefined;
  /** Those that answer for a version of a model. */
  of(name: string, version: number): readonly Worker[];
}
