import type { Layer } from '../../keras/model.js';
import type { LayerConfig } from '../config.js';
import { ShapeError, showShape } from '../graph.js';

/** A setting that says how long an axis of a variable is, as Keras's `build` makes it. */
type WeightSize = readonly [setting: string, weight: string, axis: number];

const recurrent: WeightSize[] = [['units', 'recurrent_kernel', 0]];
const convolution: WeightSize[] = [['filters', 'kernel', -1]];
const transposed: WeightSize[] = [['filters', 'kernel', -2]];
const separable: WeightSize[] = [['filters', 'pointwise_kernel', -1]];
const convolutionalRecurrent: WeightSize[] = [['filters', 'recurrent_kernel', -2]];

const sizes: Record<string, readonly WeightSize[]> = {
  Dense: [['units', 'kernel', -1]],
  TernaryDense: [['units', 'kernel', -1]],
  Embedding: [
    ['input_dim', 'embeddings', 0],
    ['output_dim', 'embeddings', -1],
  ],
  SimpleRNN: recurrent,
  SimpleRNNCell: recurrent,
  GRU: recurrent,
  GRUCell: recurrent,
  LSTM: recurrent,
  LSTMCell: recurrent,
  Conv1D: convolution,
  Conv2D: convolution,
  Conv3D: convolution,
  Conv1DTranspose: transposed,
  Conv2DTranspose: transposed,
  Conv3DTranspose: transposed,
  SeparableConv1D: separable,
  SeparableConv2D: separable,
  ConvLSTM1D: convolutionalRecurrent,
  ConvLSTM2D: convolutionalRecurrent,
  ConvLSTM3D: convolutionalRecurrent,
};

/**
 * Refuses a layer whose settings ask for other sizes than its variables have: Keras would not load it, and what is computed goes
 * by the variables alone.
 * @throws ShapeError, LayerConfigError
 */
export function checkWeightSizes({ className, weights }: Layer, config: LayerConfig): void {
  if (!Object.hasOwn(sizes, className)) return;
  for (const [setting, name, axis] of sizes[className]!) {
    const weight = weights.get(name);
    // What is quantized may be packed; who reads it says so.
    if (!weight?.dtype.includes('float') || !config.has(setting)) continue;
    const size = config.integer(setting, undefined, 1);
    if (size === weight.shape.at(axis)) continue;
    throw new ShapeError(`its ${setting} should be ${size}, but its ${name} has the shape ${showShape(weight.shape)}`);
  }
}
