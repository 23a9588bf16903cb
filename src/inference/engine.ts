import type { Signature, Tensors } from '../tensor.js';

/** The engines: ONNX Runtime; TensorFlow, natively or on WebAssembly. */
export type EngineName = 'onnx' | 'tensorflow';

/** How pixels become what a model takes: `(pixel - mean) / std` for every channel, in the order after reversal. */
export interface PixelScaling {
  mean: readonly number[];
  std: readonly number[];
  /** RGB to BGR. */
  reverseChannels: boolean;
  channelsFirst: boolean;
}

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
  /** Whether the answer to one row depends on the others that run with it; a session can't tell. */
  mixesRows?: boolean;
  /** For `onnx`: an ONNX model that turns uint8 pixels into the first input's tensor, for models that take images. */
  imageScaling?: Uint8Array;
  /** The same for `tensorflow`. */
  pixelScaling?: PixelScaling;
  /** What to run once when it is loaded, to make ready what engines put off until then. */
  warmUp?: { inputs: Tensors; image: boolean };
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
  /**
   * @param inputs tensors by input name
   * @param image the first input holds uint8 pixels that are to be scaled first
   */
  run(inputs: Tensors, image: boolean): Promise<Tensors>;
  close(): Promise<void>;
}

/** What executes tensors. */
export interface Engine {
  load(model: EngineModel): Promise<Session>;
}
