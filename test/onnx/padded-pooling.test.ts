/** The zeros of a padding before a pooling count, whatever ONNX Runtime makes of the two. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InferenceSession, Tensor } from '../../src/inference/onnxruntime.js';
import { encodeOnnx } from '../../src/onnx/encode.js';
import { GraphBuilder } from '../../src/onnx/graph.js';
import { pad, pool } from '../../src/onnx/operators/index.js';

const window = { kernel: [3], strides: [2], dilations: [1] };

async function padded(
  opType: 'MaxPool' | 'AveragePool',
  padding: 'valid' | 'same',
  values: number[],
): Promise<number[]> {
  const graph = new GraphBuilder();
  const x = graph.input('x', 'float32', [null, 1, values.length]);
  const zeros = pad(x, [
    [0, 0],
    [0, 0],
    [1, 1],
  ]);
  graph.output('y', pool(opType, zeros, { ...window, padding }));
  const session = await InferenceSession.create(encodeOnnx(graph).toBuffer(), { logSeverityLevel: 4 });
  const { y } = await session.run({ x: new Tensor('float32', Float32Array.from(values), [1, 1, values.length]) });
  return Array.from(y!.data as Float32Array);
}

describe('a pooling behind a padding', () => {
  it('takes zeros for greater than what is negative', async () => {
    assert.deepEqual(await padded('MaxPool', 'valid', [-1, -2, -3, -4, -5]), [0, -2, 0]);
    assert.deepEqual(await padded('MaxPool', 'same', [-1, -2, -3, -4]), [0, -2, 0]);
  });

  it('counts zeros in an average', async () => {
    assert.deepEqual(await padded('AveragePool', 'valid', [3, 6, 9, 12, 15]), [3, 9, 9]);
    assert.deepEqual(await padded('AveragePool', 'same', [3, 6, 9, 12]), [3, 9, 6]);
  });
});
