/**
 * The Keras model: what a model file says once it is read, whatever container and whatever Keras wrote it. Pure data in
 * the words of Keras 3; nothing here is executed.
 */

import type { TensorData } from '../support/tensor.js';

/** A dtype name as Keras writes it. `float` half types keep their name although their data is widened when read. */
export type KerasDType =
  | 'bool'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'float16'
  | 'bfloat16'
  | 'float32'
  | 'float64'
  | 'string';

/** One variable of a layer. float16 and bfloat16 are widened to a Float32Array when read; `dtype` is that of the data. */
export interface Weight {
  dtype: KerasDType;
  shape: number[];
  data: TensorData;
}

/** A value out of a layer's config: JSON. */
export type ConfigValue = string | number | boolean | null | ConfigValue[] | { [key: string]: ConfigValue };

/** A layer's `get_config()` in Keras 3's words: old keys (`nb_filter`, `border_mode`, `output_dim`, …) are translated. */
export type Config = Record<string, ConfigValue>;

/**
 * A layer, a nested model or a `keras.ops` operation. One object per Keras object: a layer that is called twice, or shared
 * between models, is the same object in every call.
 */
export interface Layer {
  /** The layer's name: unique in its model. */
  name: string;
  /**
   * Keras 3's class name (`Conv2D`, `Functional`, `Sequential`). Operations on symbolic tensors are `ops.` and the class of
   * `keras.ops` (`ops.Add`, `ops.GetItem`), and Keras 2's are `TFOpLambda`, `SlicingOpLambda`, `TensorFlowOpLayer`.
   */
  className: string;
  /** The module or registered name as the file has it, for messages only. Never imported. */
  module: string;
  config: Config;
  /** The shape of the input that the layer was built for, batch axis first, where the file says so (Keras 3's `build_config`). */
  builtShape?: (number | null)[];
  /**
   * The layer's own variables by the name that Keras gives them: `kernel`, `bias`, `gamma`, `moving_mean`. Those of the parts of
   * a built-in composite layer have the part's name before it: `query/kernel` of MultiHeadAttention. Layers in `layers` and
   * `graph` hold their own.
   */
  weights: Map<string, Weight>;
  /**
   * Wrapped layers by attribute name: `layer` (TimeDistributed, SpectralNormalization), `forward_layer` and `backward_layer`
   * (Bidirectional), `cell` (RNN), `cells/0`, `cells/1` (StackedRNNCells).
   */
  layers: Record<string, Layer>;
  /** What a nested model computes; undefined for a plain layer. */
  graph?: Graph;
}

/** A symbolic tensor in a call's arguments, by its id in the graph. */
export class TensorReference {
  /** @param dtype that of half precision, where the file says so */
  constructor(
    readonly id: string,
    readonly dtype?: string,
  ) {}
}

/** An argument of a call: a tensor, a constant, or lists and dicts of them. */
export type Argument = TensorReference | string | number | boolean | null | Argument[] | { [key: string]: Argument };

/** One call of a layer: a node of the graph. */
export interface Call {
  layer: Layer;
  /** Positional arguments. A list of tensors is one argument (`Add()([a, b])`). */
  args: Argument[];
  kwargs: Record<string, Argument>;
  /** The ids of the tensors that this call returns are `${output}:0`, `${output}:1`, … in flattened order. */
  output: string;
}

/** An input of a graph. */
export interface GraphInput {
  name: string;
  /** With the batch axis first; null is an axis of any size. */
  shape: (number | null)[];
  dtype: KerasDType;
  /** The id by which calls refer to it. */
  id: string;
  /** `optional=True` of `keras.Input`. */
  optional?: boolean;
}

/** How the outputs are arranged: one tensor, a list or a dict, as deep as the model has it. */
export type OutputStructure = TensorReference | OutputStructure[] | { [key: string]: OutputStructure };

/** A model's graph. A Sequential is a chain of calls with one input. */
export interface Graph {
  /** In the order of `model.inputs`. */
  inputs: GraphInput[];
  /** In the order in which Keras runs them: every call stands behind those it needs. */
  calls: Call[];
  outputs: OutputStructure;
}

/** A model file once read. */
export interface KerasModel {
  name: string;
  /** What the file was recognised as. */
  container: 'keras' | 'hdf5' | 'json' | 'tensorflowjs';
  /** The version of Keras that wrote it, where the file says so. */
  kerasVersion: string | undefined;
  /** The class of the model: `Sequential`, `Functional` or the class of a subclassed model. */
  className: string;
  graph: Graph;
  /** The `loss` with which it was compiled, as the file has it: for one output or all, a list, or by output name. */
  loss?: ConfigValue;
  /** What lies beside the model and was taken for a layer's vocabulary, though its name doesn't say so. */
  guessedVocabulary?: GuessedVocabulary;
}

/** A file that is taken for the vocabulary of a layer. */
export interface GuessedVocabulary {
  layer: string;
  file: string;
}
