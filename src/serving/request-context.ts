import type { Reservation } from './memory-budget.js';

/** Milliseconds that a request spent: with what it holds, waiting for a process, in the engine. */
export interface StageTimings {
  decode?: number;
  queue?: number;
  inference?: number;
}

/** What those who work for a request know of it, whichever protocol it came by. */
export interface RequestContext {
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  readonly timings: StageTimings;
  /** The memory that it takes, which is given back when it is answered or given up. */
  readonly memory: Reservation;
}
