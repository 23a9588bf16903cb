import { encodeOnnx } from '../../src/onnx/encode.js';
import { GraphBuilder } from '../../src/onnx/graph.js';
import { add, cast, constant, int64s, mul, toFloat } from '../../src/onnx/operators/elementwise.js';
import { reshape, channelsFirst as toChannelsFirst } from '../../src/onnx/operators/shape.js';
import { gather } from '../../src/onnx/operators/slicing.js';
import { type Preparation, preparedRow, rawInfo } from '../../src/support/preparation.js';
import type { TensorInfo } from '../../src/support/tensor.js';

/**
 * Operators of ONNX that prepare raw values for an input of any size: what `prepareTensor` has to compute, to the bit.
 * @throws RangeError as {@link preparedRow}
 */
export function preparationModel(preparation: Preparation, input: TensorInfo): Uint8Array {
  const { type, mean, std, reverseChannels, channelsFirst, rawShape } = preparation;
  const channels = mean.length;
  const graph = new GraphBuilder();
  const raw = graph.input('raw', type, [
    ...rawInfo(input, preparation)
      .shape.slice(0, -1)
      .map(() => null),
    channels,
  ]);
  const reversed = int64s(
    graph,
    Array.from(mean, (_, index) => channels - 1 - index),
  );
  const ordered = toFloat(reverseChannels ? gather(raw, reversed, raw.rank - 1) : raw);
  const perChannel = (values: readonly number[]) => constant(graph, 'float32', [channels], values);
  const factor = std.map((value) => 1 / value);
  const offset = mean.map((value, index) => -value / std[index]!);
  const prepared = cast(add(mul(ordered, perChannel(factor)), perChannel(offset)), input.type);
  const inOrder = channelsFirst ? toChannelsFirst(prepared) : prepared;
  const shaped = rawShape ? reshape(inOrder, [-1, ...preparedRow(input, preparation, rawShape)]) : inOrder;
  graph.output('prepared', shaped);
  return encodeOnnx(graph).toBuffer();
}
