import type { ModelFileErrorCode } from '../keras/errors.js';
import type { Signature } from '../tensor.js';

/** A model file and what belongs to it. */
export interface ModelSource {
  path: string;
  /** The weights, where `path` is an architecture alone. */
  weights?: string;
  /** The shape of one example, for a model that was saved without one. */
  inputShape?: (number | null)[];
}

/** What a compile process is asked. */
export interface CompileRequest extends ModelSource {
  /** Where the ONNX model is written. */
  output: string;
}

/** Its answer. */
export type CompileReply =
  | { signature: Signature }
  | { error: { code: ModelFileErrorCode | undefined; message: string } };
