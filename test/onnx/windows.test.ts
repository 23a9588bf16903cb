import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Value } from '../../src/onnx/graph.js';
import * as operators from '../../src/onnx/operators/index.js';
import { fed, graphOf, run } from '../helpers/operators.js';

describe('windows', () => {
  const settings = fc.record({
    size: fc.integer({ min: 1, max: 12 }),
    kernel: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 4 }),
    dilation: fc.integer({ min: 1, max: 3 }),
    padding: fc.constantFrom('valid' as const, 'same' as const),
    unknown: fc.boolean(),
  });

  it('give the shape that was foretold, and the same numbers for sizes known and unknown', async () => {
    await fc.assert(
      fc.asyncProperty(settings, async ({ size, kernel, stride, dilation, padding }) => {
        const covered = (kernel - 1) * dilation + 1;
        if (padding === 'valid' && covered > size) return;
        const window = { kernel: [kernel], strides: [stride], dilations: [dilation], padding };
        const shape = [1, 1, size];
        const convolve = (x: Value) =>
          operators.conv(
            x,
            operators.constant(x.graph, 'float32', [1, 1, kernel], Array(kernel).fill(1)),
            undefined,
            window,
            1,
          );
        const known = await run([fed(shape)], convolve);
        const unknown = await run([fed(shape, [null, 1, null])], convolve);
        assert.deepEqual(unknown.data, known.data);
        assert.equal(
          known.shape[2],
          padding === 'same' ? Math.ceil(size / stride) : Math.floor((size - covered) / stride) + 1,
        );
      }),
      {
        numRuns: 25,
        examples: [[{ size: 8, kernel: 1, stride: 4, dilation: 1, padding: 'same', unknown: false }]],
      },
    );
  });

  it('are undone in shape by a transposed convolution', async () => {
    await fc.assert(
      fc.asyncProperty(settings, async ({ size, kernel, stride, padding, unknown }) => {
        const window = { kernel: [kernel], strides: [stride], dilations: [1], padding, outputPadding: undefined };
        const { shape } = await run([fed([1, 2, size], [null, 2, unknown ? null : size])], (x) =>
          operators.convTranspose(x, operators.filled(x.graph, [2, 3, kernel], 1), undefined, window),
        );
        assert.deepEqual(shape, [
          1,
          3,
          padding === 'same' ? size * stride : (size - 1) * stride + Math.max(kernel, stride),
        ]);
      }),
      { numRuns: 25 },
    );
  });
});

describe('pooling windows that reach beyond their input', () => {
  /** What Keras means by an average with `padding="same"`. */
  function average(size: number, kernel: number, stride: number): number[] {
    const outputs = Math.ceil(size / stride);
    const before = Math.floor(Math.max(0, (outputs - 1) * stride + kernel - size) / 2);
    return Array.from({ length: outputs }, (_, index) => {
      const first = index * stride - before;
      const inside = Array.from({ length: size }, (_, at) => at).filter((at) => at >= first && at < first + kernel);
      return inside.reduce((a, b) => a + b, 0) / inside.length;
    });
  }

  const pool = (size: number, kernel: number, stride: number) =>
    run([fed([1, 1, size])], (x) =>
      operators.pool('AveragePool', x, { kernel: [kernel], strides: [stride], dilations: [1], padding: 'same' }),
    );

  it('give what they give when they are spelt out', async () => {
    const settings = fc.tuple(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 25 }),
      fc.integer({ min: 1, max: 5 }),
    );
    await fc.assert(
      fc.asyncProperty(settings, async ([size, kernel, stride]) => {
        const { data } = await pool(size, kernel, stride);
        average(size, kernel, stride).forEach((value, index) => {
          assert.ok(Math.abs(value - data[index]!) < 1e-4, `${data} for ${average(size, kernel, stride)}`);
        });
      }),
      { numRuns: 40 },
    );
  });

  it('cost no more than those that do not', async () => {
    assert.deepEqual((await pool(5, 2 ** 31 - 1, 1)).data, [2, 2, 2, 2, 2]);
    const [x] = graphOf([null, 1, null]);
    const window = { kernel: [2 ** 30], strides: [1], dilations: [1], padding: 'same' } as const;
    assert.throws(() => operators.pool('MaxPool', x, window), /too large for an input of unknown size/);
  });
});
