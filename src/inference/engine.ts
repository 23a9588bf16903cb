import type { Preparations } from '../support/preparation.js';
import type { Signature, Tensors } from '../support/tensor.js';

/** The engines: ONNX Runtime; TensorFlow, natively or on WebAssembly. */
export type EngineName = 'onnx' | 'tensorflow';

/** What an engine needs to load a model. */
export interface EngineModel {
  /** `onnx` where there is none. */
  engine?: EngineName;
  /** A file that the engine reads: an ONNX model for `onnx`, a stored model for `tensorflow`. */
  path: string;
  /** Processor threads that one run may use. */
  threads: number;
  /** The same in the process that takes a request when all are idle; `threads` by default. */
  loneThreads?: number;
  /** Whether the file has been optimised for this processor already. */
  optimized: boolean;
  /** Whether a file beside it says what is done with strings before and after the engine runs. */
  strings?: boolean;
  /** Whether the answer to one row depends on the others that run with it; a session can't tell. */
  batchDependent?: boolean;
  /** The inputs that may be given raw. */
  prepare?: Preparations;
  /** What to run once when it is loaded, to make ready what engines put off until then. */
  warmUp?: { inputs: Tensors; raw: readonly string[] };
}

/** A line for the log, and what to do about it. */
export interface EngineNotice {
  message: string;
  advice?: string;
}

/** A model loaded into an engine. One run at a time; a run blocks its thread. */
export interface Session extends Signature {
  /** What computes, where an engine has several ways, and how to have a better one: for the log. */
  notice?: EngineNotice;
  /** Elements that the engine takes of a row, where strings become numbers before it. */
  rowElements?: number;
  /**
   * @param inputs tensors by input name
   * @param raw the names of the inputs that are to be prepared first
   */
  run(inputs: Tensors, raw: readonly string[]): Promise<Tensors>;
  close(): Promise<void>;
}

/** What executes tensors. */
export interface Engine {
  load(model: EngineModel): Promise<Session>;
}
