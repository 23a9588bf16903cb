import type { Signature, Tensors } from '../support/tensor.js';
import type { EngineModel, EngineNotice } from './engine.js';

/** What an inference process can be asked to do; models go by the number that they were loaded under. */
export interface Calls {
  load: { request: { model: number; source: EngineModel }; result: LoadResult };
  run: { request: { model: number; inputs: Tensors; raw: readonly string[] }; result: RunResult };
  unload: { request: { model: number }; result: undefined };
}

/** A model that is loaded. */
export interface LoadResult extends Signature {
  notice?: EngineNotice;
  /** Elements that the engine takes of a row, where strings become numbers before it. */
  rowElements?: number;
}

/** What a run gave. */
export interface RunResult {
  outputs: Tensors;
  /** Time in the engine. */
  milliseconds: number;
}

/** What the server sends to an inference process. */
export type Request = { [K in keyof Calls]: { kind: K; id: number } & Calls[K]['request'] }[keyof Calls];

/**
 * What an inference process answers to the request of that id. `memory` is what it has resident, in bytes; without a code the engine
 * failed.
 */
export type Reply =
  | { kind: 'result'; id: number; result: Calls[keyof Calls]['result']; memory: number }
  | { kind: 'error'; id: number; code: 'inputs_invalid' | undefined; message: string };
