import { activation } from '../activations.js';
import type { LayerCall, LayerHandler, LayerTable } from '../context.js';
import { ShapeError, type Value } from '../graph.js';
import {
  add,
  constant,
  gather,
  matmul,
  reshape,
  type Size,
  sizeOf,
  toFloat,
  transpose,
  windowOutput,
} from '../operators/index.js';
import { floats } from '../weights.js';
import { checkRank, windowOf } from './convolution.js';

/** The most weights that are spelt out, one for each element of each window. */
const largestKernel = 2 ** 26;

/** Where the windows lie, and what is in them. */
interface Windows {
  /** Places that the window takes: sizes of the output's spatial axes. */
  output: number[];
  /** Elements of a window, as offsets along the spatial axes and a channel, in the order of Keras's kernel. */
  elements: { offsets: number[]; channel: number }[];
  /** Where an element of the window at a place is in a flat sample; -1 where it is beyond the edge. */
  find(place: number[], element: { offsets: number[]; channel: number }): number;
}

/** Every combination of indices below `sizes`, the last changing fastest. */
function combinations(sizes: readonly number[]): number[][] {
  return sizes.reduce<number[][]>(
    (found, size) => found.flatMap((indices) => Array.from({ length: size }, (_, index) => [...indices, index])),
    [[]],
  );
}

/** The place of an element in a flat tensor. */
const flatIndex = (indices: readonly number[], sizes: readonly number[]): number =>
  indices.reduce((index, one, axis) => index * sizes[axis]! + one, 0);

/** One order for the spatial axes and the channels. */
const ordered = (first: boolean, spatial: readonly number[], channel: number): number[] =>
  first ? [channel, ...spatial] : [...spatial, channel];

function windowsOf(x: Value, call: LayerCall, rank: number): Windows {
  checkRank(x, rank);
  const window = windowOf(call, rank);
  const first = call.config.dataFormat === 'channels_first';
  const sizes = x.shape.slice(1);
  if (sizes.includes(null)) throw new ShapeError('the size of its input is unknown');
  const spatial = (first ? sizes.slice(1) : sizes.slice(0, -1)) as number[];
  const channels = (first ? sizes[0] : sizes.at(-1)) as number;
  const output = windowOutput(spatial, window) as number[];
  const covered = [...output, ...window.kernel, channels, call.config.integer('filters', undefined, 1)];
  if (covered.reduce((a, b) => a * b, 1) > largestKernel) throw new ShapeError('it has too many weights');
  const elements = combinations(ordered(first, window.kernel, channels)).map((indices) => ({
    offsets: first ? indices.slice(1) : indices.slice(0, -1),
    channel: (first ? indices[0] : indices.at(-1))!,
  }));
  const shift = window.kernel.map((size) => (window.padding === 'same' ? Math.floor(size / 2) : 0));
  return {
    output,
    elements,
    find(place, { offsets, channel }) {
      const at = place.map((one, axis) => one * window.strides[axis]! + offsets[axis]! - shift[axis]!);
      if (at.some((one, axis) => one < 0 || one >= spatial[axis]!)) return -1;
      return flatIndex(ordered(first, at, channel), sizes as number[]);
    },
  };
}

/**
 * The weights as (places, elements, filters). Keras 2 kept them in three ways: so; as a matrix from all of a sample to all
 * of the output; and as those numbers of such a matrix, output by output, that windows reach.
 */
function kernelOf(call: LayerCall, { output, elements, find }: Windows, inputSize: number): Float32Array {
  const filters = call.config.integer('filters', undefined, 1);
  const first = call.config.dataFormat === 'channels_first';
  const kernel = floats(call.rawWeight('kernel'));
  const places = combinations(output);
  const outputSize = places.length * filters;
  const result = new Float32Array(outputSize * elements.length);
  const implementation = call.config.integer('implementation', 1, 1);
  const expected = [result.length, inputSize * outputSize][implementation - 1] ?? kernel.length;
  if (kernel.length !== expected) throw new ShapeError(`it has ${kernel.length} weights where ${expected} are needed`);
  if (implementation === 1) return kernel;
  const reached: { from: number; to: number; at: number }[] = [];
  places.forEach((place, placeIndex) => {
    elements.forEach((element, elementIndex) => {
      const from = find(place, element);
      if (from < 0) return;
      for (let filter = 0; filter < filters; filter++) {
        const to = flatIndex(ordered(first, place, filter), ordered(first, output, filters));
        reached.push({ from, to, at: (placeIndex * elements.length + elementIndex) * filters + filter });
      }
    });
  });
  if (implementation === 2) for (const { from, to, at } of reached) result[at] = kernel[from * outputSize + to]!;
  else {
    reached.sort((a, b) => a.to - b.to || a.from - b.from);
    if (reached.length !== kernel.length)
      throw new ShapeError(`it has ${kernel.length} weights, not ${reached.length}`);
    for (const [index, { at }] of reached.entries()) result[at] = kernel[index]!;
  }
  return result;
}

/** A convolution whose kernel is another at every place. Keras 3 has it no more. */
const locallyConnected =
  (rank: number): LayerHandler =>
  ([input], call) => {
    const x = toFloat(input!);
    const windows = windowsOf(x, call, rank);
    const { output, elements, find } = windows;
    const filters = call.config.integer('filters', undefined, 1);
    const inputSize = x.shape.slice(1).reduce<number>((a, b) => a * b!, 1);
    const places = combinations(output);
    const kernel = call.graph.constant(
      'float32',
      [places.length, elements.length, filters],
      kernelOf(call, windows, inputSize),
      'kernel',
    );
    // Beyond the edge the weights are 0: any element will do.
    const indices = places.flatMap((place) => elements.map((element) => Math.max(0, find(place, element))));
    const batch: Size = sizeOf(x, 0);
    const patches = gather(
      reshape(x, [batch, inputSize]),
      constant(call.graph, 'int64', [places.length, elements.length], indices),
      1,
    );
    const filtered = transpose(matmul(transpose(patches, [1, 0, 2]), kernel), [1, 0, 2]);
    const first = call.config.dataFormat === 'channels_first';
    const shape = ordered(first, output, filters);
    const shaped = reshape(first ? transpose(filtered, [0, 2, 1]) : filtered, [batch, ...shape]);
    const bias = call.optionalWeight('bias');
    // Keras lays the bias out anew for channels first, and does not transpose it.
    return activation(call)(bias ? add(shaped, reshape(bias, shape)) : shaped);
  };

/** https://keras.io/2.15/api/layers/locally_connected_layers/ */
export const locallyConnectedLayers: LayerTable = {
  LocallyConnected1D: locallyConnected(1),
  LocallyConnected2D: locallyConnected(2),
};
