import type { TensorType } from '../tensor.js';
import { encodeOnnx } from './encode.js';
import { GraphBuilder } from './graph.js';
import {
  add,
  cast,
  constant,
  gather,
  int64s,
  mul,
  channelsFirst as toChannelsFirst,
  toFloat,
} from './operators/index.js';

/** How pixels become what a model takes. */
export interface ImageScaling {
  /** One for every channel, in the order after reversal. The result is `(pixel - mean) / std`, pixels from 0 to 255. */
  mean: readonly number[];
  std: readonly number[];
  /** RGB to BGR, as the `caffe` mode of Keras's `preprocess_input` wants it. */
  reverseChannels: boolean;
}

/**
 * A small ONNX model that scales images: uint8 (batch, height, width, channels) to the type that the model
 * takes, of the same shape or channels first. It is a model of its own, so that the Keras model keeps its inputs as they are and numbers can be sent to them too.
 */
export function imageScalingModel(
  { mean, std, reverseChannels }: ImageScaling,
  channelsFirst: boolean,
  type: TensorType,
): Uint8Array {
  const graph = new GraphBuilder();
  const channels = mean.length;
  const pixels = graph.input('pixels', 'uint8', [null, null, null, channels]);
  const reversed = int64s(
    graph,
    Array.from({ length: channels }, (_, index) => channels - 1 - index),
  );
  const ordered = toFloat(reverseChannels ? gather(pixels, reversed, 3) : pixels);
  const perChannel = (values: readonly number[]) => constant(graph, 'float32', [channels], values);
  const factor = std.map((value) => 1 / value);
  const offset = mean.map((value, index) => -value / std[index]!);
  const scaled = cast(add(mul(ordered, perChannel(factor)), perChannel(offset)), type);
  graph.output('scaled', channelsFirst ? toChannelsFirst(scaled) : scaled);
  return encodeOnnx(graph).toBuffer();
}
