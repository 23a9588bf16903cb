import assert from 'node:assert/strict';
import { InferenceSession, Tensor as OrtTensor } from '../../src/inference/onnxruntime.js';
import { encodeOnnx } from '../../src/onnx/encode.js';
import { type Dimension, GraphBuilder, type Value } from '../../src/onnx/graph.js';
import type { TensorType } from '../../src/support/tensor.js';

type Array1 = Float32Array | Int32Array;

/** An input as the graph declares it, and the tensor that is fed; sizes may be declared unknown. */
export interface Fed {
  declared: readonly Dimension[];
  shape: readonly number[];
  data?: Array1;
}

/** How many elements a shape holds. */
export const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
/** As many numbers as the shape holds, from 0 on. */
export const counting = (shape: readonly number[]) => Float32Array.from({ length: count(shape) }, (_, index) => index);
/** An input that counts up from 0. @param declared its shape as the graph declares it */
export const fed = (shape: readonly number[], declared: readonly Dimension[] = shape): Fed => ({ declared, shape });

/**
 * Runs what `build` makes of the inputs, which count up from 0 unless they have data. What is known of the result's shape
 * must be so.
 */
export async function run(inputs: readonly Fed[], build: (...values: Value[]) => Value) {
  const graph = new GraphBuilder();
  const typeOf = ({ data }: Fed): TensorType => (data instanceof Int32Array ? 'int32' : 'float32');
  const values = inputs.map((input, index) => graph.input(`x${index}`, typeOf(input), input.declared));
  const result = graph.output('y', build(...values));
  const session = await InferenceSession.create(encodeOnnx(graph).toBuffer(), { logSeverityLevel: 4 });
  const feeds = inputs.map((input, index): [string, OrtTensor] => [
    `x${index}`,
    new OrtTensor(typeOf(input), (input.data ?? counting(input.shape)) as never, [...input.shape]),
  ]);
  const { y } = await session.run(Object.fromEntries(feeds));
  const shape = [...y!.dims];
  assert.equal(shape.length, result.shape.length);
  result.shape.forEach((size, axis) => {
    if (size !== null) assert.equal(shape[axis], size);
  });
  return { shape, data: Array.from(y!.data as Float32Array, Number), known: result.shape };
}

/** Inputs of these shapes in one graph. */
export const graphOf = (...shapes: (readonly Dimension[])[]) => {
  const graph = new GraphBuilder();
  return shapes.map((shape, index) => graph.input(`x${index}`, 'float32', shape)) as [Value, Value];
};
