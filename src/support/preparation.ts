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

/**
 * Prepares a tensor, whose values may be of another type than the preparation's.
 * @param input what the model takes; fractions are cut off where that is an integer
 * @throws RangeError as {@link preparedRow}
 */
export function prepareTensor(raw: Tensor, preparation: Preparation, input: TensorInfo): Tensor {
  const { mean, std, reverseChannels, channelsFirst, rawShape } = preparation;
  const { type } = input;
  const { length: channels } = mean;
  const [batch = 1, ...rest] = raw.shape;
  const between = rest.slice(0, -1);
  const area = product(between);
  const prepared = new Float32Array(raw.data.length);
  for (let channel = 0; channel < channels; channel++) {
    const factor = Math.fround(1 / std[channel]!);
    const offset = Math.fround(-mean[channel]! / std[channel]!);
    const from = reverseChannels ? channels - 1 - channel : channel;
    for (let row = 0; row < batch; row++) {
      const start = row * area * channels;
      const first = channelsFirst ? start + channel * area : start + channel;
      const step = channelsFirst ? 1 : channels;
      for (let position = 0; position < area; position++)
        prepared[first + position * step] = Number(raw.data[start + position * channels + from]) * factor + offset;
    }
  }
  const row = rawShape ? preparedRow(input, preparation, rawShape) : channelsFirst ? [channels, ...between] : rest;
  const shape = [batch, ...row];
  if (type === 'float32') return { type, shape, data: prepared };
  const data: TensorData = new tensorArrays[type](prepared.length);
  const isBig = data instanceof BigInt64Array || data instanceof BigUint64Array;
  prepared.forEach((value, index) => {
    data[index] = isBig ? BigInt(Math.trunc(value)) : value;
  });
  return { type, shape, data };
}
