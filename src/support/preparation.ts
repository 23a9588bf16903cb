import { type Tensor, type TensorData, type TensorInfo, type TensorType, tensorArrays } from './tensor.js';

/**
 * How the raw values of an input become what the model takes: `(raw - mean) / std`, each channel with its own numbers. Channels
 * are the last axis of the raw tensor: the colours of a pixel, the columns of a row.
 */
export interface Preparation {
  /** The type of the raw values. */
  type: TensorType;
  /** One for every channel, in the order after reversal. */
  mean: readonly number[];
  std: readonly number[];
  /** Whether the channels are reversed first: RGB to BGR, as the `caffe` mode of Keras's `preprocess_input` wants it. */
  reverseChannels?: boolean;
  /** Whether the model takes (batch, channels, …) where the raw tensor is (batch, …, channels). */
  channelsFirst?: boolean;
  /**
   * The shape of one raw row, channels last, such as [28, 28, 1] of an image, where the model has other axes for the same values:
   * (batch, 28, 28), or (batch, 784).
   */
  rawShape?: readonly number[];
}

/** How the inputs of a model that may be given raw are prepared, by their names. */
export type Preparations = Readonly<Record<string, Preparation>>;

/** What is given for an input of a model that is prepared. */
export function rawInfo({ name, shape }: TensorInfo, { type, mean, channelsFirst, rawShape }: Preparation): TensorInfo {
  const [batch = null, ...rest] = shape;
  if (rawShape) return { name, type, shape: [batch, ...rawShape] };
  return { name, type, shape: [batch, ...(channelsFirst ? rest.slice(1) : rest.slice(0, -1)), mean.length] };
}

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

/**
 * The shape of one prepared row of an input whose raw rows have another. Axes that the input leaves open are as long as the raw row's
 * in their place, and the last of them has what is left.
 * @throws RangeError when the raw row has another number of values
 */
export function preparedRow(
  { name, shape }: Pick<TensorInfo, 'name' | 'shape'>,
  { channelsFirst }: Pick<Preparation, 'channelsFirst'>,
  rawShape: readonly number[],
): number[] {
  const own = shape.slice(1);
  const given = channelsFirst ? [...rawShape.slice(-1), ...rawShape.slice(0, -1)] : rawShape;
  const last = own.lastIndexOf(null);
  const row = own.map((size, axis) => size ?? (axis === last ? 1 : given[axis]!));
  if (last >= 0) row[last] = product(rawShape) / product(row);
  if (product(row) === product(rawShape) && row.every(Number.isInteger)) return row;
  const sizes = shape.map((size) => size ?? 'any').join(', ');
  throw new RangeError(`Rows of the shape (${rawShape.join(', ')}) aren't those of "${name}", which has (${sizes}).`);
}

/** What becomes of a value, in float32: rounded after each of the two steps. */
const scaled = (value: number, factor: number, offset: number): number =>
  Math.fround(Math.fround(value * factor) + offset);

/** The place of the values of one channel of a row: where they are, where they go, and how far apart they lie. */
interface Lane {
  from: number;
  step: number;
  to: number;
  stepTo: number;
  count: number;
}

/** Bytes, of which there are only so many: what becomes of each is looked up. */
function prepareBytes(bytes: Uint8Array, table: Float32Array, out: Float32Array, lane: Lane): void {
  const { from, step, to, stepTo, count } = lane;
  for (let i = 0; i < count; i++) out[to + i * stepTo] = table[bytes[from + i * step]!]!;
}

/**
 * Prepares a tensor, whose values may be of another type than the preparation's. It runs for every image, so not by operators of
 * ONNX Runtime, which go through three channels at a time; its numbers are theirs to the bit.
 * @param input what the model takes; fractions are cut off where that is an integer
 * @throws RangeError as {@link preparedRow}
 */
export function prepareTensor(raw: Tensor, preparation: Preparation, input: TensorInfo): Tensor {
  const { mean, std, reverseChannels, channelsFirst, rawShape } = preparation;
  const { type } = input;
  const { data } = raw;
  const { length: channels } = mean;
  const [batch = 1, ...rest] = raw.shape;
  const between = rest.slice(0, -1);
  const area = product(between);
  const out = new Float32Array(data.length);
  for (let channel = 0; channel < channels; channel++) {
    const factor = Math.fround(1 / std[channel]!);
    const offset = Math.fround(-mean[channel]! / std[channel]!);
    const table = Float32Array.from({ length: data instanceof Uint8Array ? 256 : 0 }, (_, byte) =>
      scaled(byte, factor, offset),
    );
    for (let row = 0; row < batch; row++) {
      const start = row * area * channels;
      const lane: Lane = {
        from: start + (reverseChannels ? channels - 1 - channel : channel),
        step: channels,
        to: channelsFirst ? start + channel * area : start + channel,
        stepTo: channelsFirst ? 1 : channels,
        count: area,
      };
      if (data instanceof Uint8Array) prepareBytes(data, table, out, lane);
      else {
        for (let i = 0; i < area; i++)
          out[lane.to + i * lane.stepTo] = scaled(Number(data[lane.from + i * lane.step]), factor, offset);
      }
    }
  }
  const row = rawShape ? preparedRow(input, preparation, rawShape) : channelsFirst ? [channels, ...between] : rest;
  const shape = [batch, ...row];
  if (type === 'float32') return { type, shape, data: out };
  const numbers: TensorData = new tensorArrays[type](out.length);
  const isBig = numbers instanceof BigInt64Array || numbers instanceof BigUint64Array;
  out.forEach((value, index) => {
    numbers[index] = isBig ? BigInt(Math.trunc(value)) : value;
  });
  return { type, shape, data: numbers };
}
