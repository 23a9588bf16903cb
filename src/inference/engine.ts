import type { Signature, Tensors } from '../tensor.js';

/** What an engine needs to load a model. */
export interface EngineModel {
  /** A file that the engine reads: an ONNX model for `onnx`. */
  path: string;
  /** Processor threads that one run may use. */
  threads: number;
  /** Whether the file has been optimised for this processor already. */
  optimized: boolean;
  /** Whether the answer to one row depends on the others that run with it; a session can't tell. */
  mixesRows?: boolean;
  /** An ONNX model that turns uint8 pixels into the first input's tensor, for models that take images. */
  imageScaling?: Uint8Array;
  /** What to run once when it is loaded, to make ready what engines put off until then. */
  warmUp?: { inputs: Tensors; image: boolean };
}

/** A model loaded into an engine. One run at a time; a run blocks its thread. */
export interface Session extends Signature {
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
