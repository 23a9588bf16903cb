import { lookUp } from './config.js';
import { ModelFileError } from './errors.js';
import { quote } from './limits.js';
import type { Layer, Weight } from './model.js';

/** Who wrote the weights: arrays were laid out in other ways. */
export interface LegacyOrigin {
  /** Whether Keras 1 wrote them. */
  keras1: boolean;
  /** `theano` flips the kernels of convolutions. */
  backend: string | undefined;
}

/** Keras 1 keeps an array for every gate, in this order. */
const gates: Record<string, string[]> = {
  LSTM: ['i', 'c', 'f', 'o'],
  ConvLSTM2D: ['i', 'c', 'f', 'o'],
  GRU: ['z', 'r', 'h'],
};

/** The order of gates since Keras 2. */
const gateOrder: Record<string, string[]> = {
  LSTM: ['i', 'f', 'c', 'o'],
  ConvLSTM2D: ['i', 'f', 'c', 'o'],
  GRU: ['z', 'r', 'h'],
};

const gateParts: Record<string, string> = { W: 'kernel', U: 'recurrent_kernel', b: 'bias' };

/** The names of the arrays of a recurrent layer of Keras 1: `W_i`, `U_i`, `b_i`, `W_c`, … */
export const gateVariables = (className: string): string[] =>
  (lookUp(gates, className) ?? []).flatMap((gate) => Object.keys(gateParts).map((part) => `${part}_${gate}`));

const convolutions = ['Conv1D', 'Conv2D', 'Conv3D', 'Conv2DTranspose', 'ConvLSTM2D'];

/** Brings the weights of a layer into the layout of Keras 3. */
export function convertLegacyWeights(layer: Layer, origin: LegacyOrigin): void {
  const { className, weights } = layer;
  if (weights.has('W_o') || weights.has('W_h')) joinGates(layer);
  if (convolutions.includes(className)) {
    for (const name of ['kernel', 'recurrent_kernel']) {
      const kernel = weights.get(name);
      if (kernel) weights.set(name, convertKernel(layer, kernel, origin));
    }
  }
  if (className === 'LSTM' || className === 'GRU') convertCuDnn(layer);
}

function joinGates(layer: Layer): void {
  const order = gateOrder[layer.className]!;
  for (const [part, name] of Object.entries(gateParts)) {
    const arrays = order.map((gate) => layer.weights.get(`${part}_${gate}`)!);
    for (const gate of order) layer.weights.delete(`${part}_${gate}`);
    layer.weights.set(name, concatenateLast(arrays));
  }
}

function concatenateLast(arrays: Weight[]): Weight {
  const [first] = arrays;
  const shape = first!.shape;
  const width = shape.at(-1)!;
  const rows = first!.data.length / width;
  const data = new Float32Array(first!.data.length * arrays.length);
  arrays.forEach((array, index) => {
    for (let row = 0; row < rows; row++) {
      const from = array.data.subarray(row * width, (row + 1) * width) as Float32Array;
      data.set(from, (row * arrays.length + index) * width);
    }
  });
  return { dtype: 'float32', shape: [...shape.slice(0, -1), width * arrays.length], data };
}

/** Keras 1's kernels with Theano's axes, its two-dimensional kernels of Conv1D, and Theano's flipped ones. */
function convertKernel(layer: Layer, kernel: Weight, { keras1, backend }: LegacyOrigin): Weight {
  let converted = kernel;
  if (keras1) {
    const first = layer.config.data_format === 'channels_first';
    if (layer.className === 'Conv1D' && kernel.shape.length === 4) converted = fromConvolution1D(layer, kernel);
    else if (layer.className === 'Conv2DTranspose') converted = transpose(kernel, first ? [2, 3, 0, 1] : [0, 1, 3, 2]);
    else if (layer.className === 'Conv3D' && first) converted = transpose(kernel, [2, 3, 4, 1, 0]);
    else if (first && kernel.shape.length === 4) converted = transpose(kernel, [2, 3, 1, 0]);
  }
  return backend === 'theano' ? flip(converted) : converted;
}

/** `(length, 1, channels, filters)`, and before Keras 1.2 `(filters, channels, length, 1)`. */
function fromConvolution1D(layer: Layer, kernel: Weight): Weight {
  const { kernel_size: size, filters } = layer.config;
  const length = Array.isArray(size) ? size[0] : size;
  const modern = kernel.shape[0] === length && kernel.shape[1] === 1 && kernel.shape[3] === filters;
  const turned = modern ? kernel : transpose(kernel, [2, 3, 1, 0]);
  return { ...turned, shape: turned.shape.filter((_, axis) => axis !== 1) };
}

/** CuDNN's layers keep the kernels of gates transposed, and one bias for the input and one for the state. */
function convertCuDnn(layer: Layer): void {
  const [kernel, recurrent, bias] = ['kernel', 'recurrent_kernel', 'bias'].map((name) => layer.weights.get(name));
  const gateCount = layer.className === 'LSTM' ? 4 : 3;
  const units = recurrent?.shape[0] ?? 0;
  if (!kernel || !recurrent || bias?.shape.length !== 1 || bias.shape[0] !== 2 * units * gateCount) return;
  if (recurrent.shape[1] !== units * gateCount || kernel.shape[1] !== units * gateCount) {
    throw new ModelFileError('model_damaged', `The weights of the layer ${quote(layer.name)} don't fit together.`);
  }
  layer.weights.set('kernel', fromCuDnn(kernel, gateCount, units));
  layer.weights.set('recurrent_kernel', fromCuDnn(recurrent, gateCount, units));
  layer.weights.set('bias', layer.className === 'LSTM' ? addHalves(bias) : { ...bias, shape: [2, units * gateCount] });
}

/** Of every gate's `(rows, units)` values, in the order in which they lie, the transpose of `(units, rows)`. */
function fromCuDnn({ shape, data }: Weight, gateCount: number, units: number): Weight {
  const [rows, columns] = [shape[0]!, shape[1]!];
  const target = new Float32Array(data.length);
  for (let gate = 0; gate < gateCount; gate++) {
    for (let row = 0; row < rows; row++) {
      for (let unit = 0; unit < units; unit++) {
        const from = unit * rows + row;
        const source = Math.floor(from / units) * columns + gate * units + (from % units);
        target[row * columns + gate * units + unit] = Number(data[source]);
      }
    }
  }
  return { dtype: 'float32', shape, data: target };
}

function addHalves({ data }: Weight): Weight {
  const half = data.length / 2;
  const sum = Float32Array.from({ length: half }, (_, i) => Number(data[i]) + Number(data[half + i]));
  return { dtype: 'float32', shape: [half], data: sum };
}

/** Reorders axes: axis `i` of the result is axis `order[i]` of the weight. */
function transpose(weight: Weight, order: number[]): Weight {
  const strides = stridesOf(weight.shape);
  return gather(
    weight,
    order.map((axis) => weight.shape[axis]!),
    order.map((axis) => strides[axis]!),
    0,
  );
}

/** Turns a kernel around along every axis but the last two: a convolution in place of a correlation. */
function flip(weight: Weight): Weight {
  const spatial = weight.shape.length - 2;
  const strides = stridesOf(weight.shape);
  const start = strides.reduce(
    (sum, stride, axis) => (axis < spatial ? sum + stride * (weight.shape[axis]! - 1) : sum),
    0,
  );
  return gather(
    weight,
    weight.shape,
    strides.map((stride, axis) => (axis < spatial ? -stride : stride)),
    start,
  );
}

const stridesOf = (shape: number[]): number[] =>
  shape.map((_, axis) => shape.slice(axis + 1).reduce((product, length) => product * length, 1));

function gather({ dtype, data }: Weight, shape: number[], strides: number[], start: number): Weight {
  const target = data.slice();
  let position = 0;
  const walk = (axis: number, from: number): void => {
    if (axis === shape.length) {
      target[position++] = data[from]!;
      return;
    }
    for (let i = 0; i < shape[axis]!; i++) walk(axis + 1, from + i * strides[axis]!);
  };
  walk(0, start);
  return { dtype, shape, data: target };
}
