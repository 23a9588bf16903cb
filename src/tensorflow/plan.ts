/** How a layers model of TensorFlow.js is built: pure data, which goes into a file. */
export interface Plan {
  inputs: { name: string; shape: (number | null)[]; dtype: 'float32' | 'int32' | 'bool' }[];
  layers: PlannedLayer[];
  /** In an order in which each stands behind those it needs. */
  calls: { layer: number; inputs: TensorPosition[] }[];
  outputs: TensorPosition[];
}

/** A layer with its settings in the words of TensorFlow.js. */
export interface PlannedLayer {
  className: string;
  /** The name in the Keras model, for messages. */
  name: string;
  config: Record<string, unknown>;
  /** Wrapped layers by the setting that takes them. */
  inner: Record<string, PlannedLayer | PlannedLayer[] | Plan>;
  /** Weights in the order of TensorFlow.js, by their places in the file. */
  weights: number[];
}

/** A tensor of a plan: the output of a call, or the input when `call` is below zero: -1 is the first input, -2 the second. */
export type TensorPosition = [call: number, tensor: number];
