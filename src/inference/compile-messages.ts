import type { ModelFileErrorCode } from '../keras/errors.js';
import type { ModelSummary } from '../onnx/summary.js';
import type { Signature } from '../support/tensor.js';
import type { EngineName } from './engine.js';
import type { ModelHints } from './model-hints.js';

/** A model file and what belongs to it. */
export interface ModelSource {
  path: string;
  /** The weights, where `path` is an architecture alone. */
  weights?: string;
  /** The shape of one example, for a model that was saved without one. */
  inputShape?: (number | null)[];
  /** The signature of a SavedModel that is served, where it has several. */
  signature?: string;
}

/** The engine that runs a model; `auto` is ONNX Runtime for what it can, and TensorFlow for the rest. */
export type EngineChoice = EngineName | 'auto';

/** What a compile process can be asked to do. */
export interface CompileTasks {
  /** Writes what an engine loads: for ONNX Runtime, an ONNX model that is optimised for this processor. */
  optimize: { request: { output: string; engine?: EngineChoice }; result: OptimizedModel };
  /** Writes an ONNX model for any processor, and loads it once to see that it runs. */
  convert: { request: { output: string; externalData?: boolean }; result: ConvertedModel };
  /** Says what is in the model file. */
  inspect: { request: object; result: InspectedModel };
}

/** What is known of a model once it is compiled. */
export interface DescribedModel {
  signature: Signature;
  /** null where the file isn't one of Keras. */
  hints: ModelHints | null;
}

/** A model that an engine can load. */
export interface OptimizedModel extends DescribedModel {
  engine: EngineName;
  /** Whether a file beside the model says what is done with strings. */
  strings?: boolean;
}

/** What is in a model file, and what it gives away. */
export interface InspectedModel extends ModelSummary {
  /** null where the file isn't one of Keras. */
  hints: ModelHints | null;
}

/** What was written. */
export interface ConvertedModel extends Signature {
  /** The files: weights that have a file of their own, what is done with strings, then the model. */
  files: { path: string; bytes: number }[];
  /** What the ONNX model takes and gives in the place of strings; undefined where it has none. */
  withoutStrings?: Signature;
}

/** What a compile process is asked. */
export type CompileRequest = {
  [K in keyof CompileTasks]: { task: K } & ModelSource & CompileTasks[K]['request'];
}[keyof CompileTasks];

/** How far it has got. */
export interface CompileProgress {
  step: 'reading' | 'compiling' | 'writing' | 'optimizing' | 'checking';
  /** Of the step: layers that are compiled, bytes that are written. */
  done?: number;
  total?: number;
}

/** What it answers: progress any number of times, then one of the others. */
export type CompileReply =
  | { kind: 'progress'; progress: CompileProgress }
  | { kind: 'result'; result: CompileTasks[keyof CompileTasks]['result'] }
  /** `noRoom` where the disk is full. */
  | { kind: 'error'; code: ModelFileErrorCode | undefined; message: string; noRoom: boolean };
