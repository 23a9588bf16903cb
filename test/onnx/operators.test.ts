import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { GraphBuilder, ShapeError, type Value } from '../../src/onnx/graph.js';
import * as operators from '../../src/onnx/operators/index.js';
import { count, counting, fed, graphOf, run } from '../helpers/operators.js';

describe('slice', () => {
  const bound = fc.option(fc.integer({ min: -9, max: 9 }), { nil: undefined });
  const ranges = fc.record({ start: bound, end: bound, step: fc.constantFrom(1, 2, 3, -1, -2) });

  /** What Python's `list(range(size))[start:end:step]` gives. */
  function python(size: number, { start, end, step }: { start?: number; end?: number; step: number }): number[] {
    const clamp = (value: number, low: number, high: number) =>
      Math.min(Math.max(value < 0 ? value + size : value, low), high);
    const found: number[] = [];
    if (step > 0) for (let i = clamp(start ?? 0, 0, size); i < clamp(end ?? size, 0, size); i += step) found.push(i);
    else {
      const last = end === undefined ? -1 : clamp(end, -1, size - 1);
      for (let i = clamp(start ?? size - 1, -1, size - 1); i > last; i += step) found.push(i);
    }
    return found;
  }

  for (const declared of [7, null]) {
    it(`takes what Python takes of an axis of ${declared ?? 'unknown'} elements`, async () => {
      await fc.assert(
        fc.asyncProperty(ranges, async (range) => {
          const wanted = python(7, range);
          if (wanted.length === 0) return;
          const { data } = await run([fed([7], [declared])], (x) => operators.slice(x, [{ axis: 0, ...range }]));
          assert.deepEqual(data, wanted);
        }),
        { numRuns: 30 },
      );
    });
  }

  it('takes a length that the graph works out', async () => {
    const half = (x: Value) => operators.sizeQuotient(operators.sizeOf(x, 0), 2);
    const { data, known } = await run([fed([7], [null])], (x) => operators.sliceFrom(x, 0, half(x), half(x)));
    assert.deepEqual([data, known], [[3, 4, 5], [null]]);
  });
});

describe('reshape', () => {
  for (const [name, declared, shape, build, wanted, known] of [
    ['one size left over', [2, 6], [2, 6], () => [4, -1], [4, 3], [4, 3]],
    ['one unknown size', [null, 6], [2, 6], (x: Value) => [operators.sizeOf(x, 0), 2, 3], [2, 2, 3], [null, 2, 3]],
    [
      'two unknown sizes',
      [null, null, 2],
      [3, 5, 2],
      (x: Value) => operators.sizesOf(x).toReversed(),
      [2, 5, 3],
      [2, null, null],
    ],
    [
      'an unknown size and one left over',
      [null, 6],
      [2, 6],
      (x: Value) => [operators.sizeOf(x, 0), -1, 2],
      [2, 3, 2],
      [null, null, 2],
    ],
    [
      'a product of unknown sizes',
      [null, null, 4],
      [2, 3, 4],
      (x: Value) => [operators.sizeProduct(operators.sizesOf(x).slice(0, 2)), 4],
      [6, 4],
      [null, 4],
    ],
  ] as const) {
    it(`reshapes to ${name}`, async () => {
      const result = await run([fed(shape, declared)], (x) => operators.reshape(x, build(x)));
      assert.deepEqual([result.shape, result.known], [wanted, known]);
      assert.deepEqual(result.data, [...counting(shape)]);
    });
  }

  it('refuses a shape of another number of elements', () => {
    const [x] = graphOf([2, 6]);
    assert.throws(() => operators.reshape(x, [5, 2]), ShapeError);
    assert.throws(() => operators.reshape(x, [5, -1]), ShapeError);
  });
});

describe('einsum', () => {
  const numbers = [Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(1, 0, 2, 0, 1, 1)];

  for (const [equation, shapes, shape, data] of [
    [
      'ab,bc->ac',
      [
        [2, 3],
        [3, 2],
      ],
      [2, 2],
      [8, 3, 20, 6],
    ],
    [
      'ij,jk',
      [
        [2, 3],
        [3, 2],
      ],
      [2, 2],
      [8, 3, 20, 6],
    ],
    [
      '...b,bc->...c',
      [
        [1, 2, 3],
        [3, 2],
      ],
      [1, 2, 2],
      [8, 3, 20, 6],
    ],
    ['...b,bc->...c', [[3], [3, 2]], [2], [8, 3]],
    [
      'a...,ab->b...',
      [
        [2, 3],
        [2, 3],
      ],
      [3, 3],
      [1, 2, 3, 4, 5, 6, 6, 9, 12],
    ],
    [
      'i...,i...->...',
      [
        [2, 3],
        [2, 3],
      ],
      [3],
      [1, 5, 12],
    ],
    ['ab', [[2, 3]], [2, 3], [1, 2, 3, 4, 5, 6]],
    ['ba', [[2, 3]], [3, 2], [1, 4, 2, 5, 3, 6]],
  ] as const) {
    it(`${equation} of ${shapes.map((one) => `(${one})`).join(' and ')}`, async () => {
      const inputs = shapes.map((one, index) => ({ ...fed(one), data: numbers[index]!.slice(0, count(one)) }));
      const result = await run(inputs, (...values) => operators.einsum(equation, values));
      assert.deepEqual([result.shape, result.data, result.known], [shape, data, shape]);
    });
  }

  for (const equation of [
    'ab,cd->ae',
    'abc,bc->a',
    'ab,bc->aa',
    'a.b,bc->ac',
    'ab;bc',
    'ab,bc,cd->ad',
    'ab,ac->bc',
    '',
  ]) {
    it(`refuses "${equation}" of (2,3) and (3,2)`, () => {
      assert.throws(() => operators.einsum(equation, graphOf([2, 3], [3, 2])), ShapeError);
    });
  }
});

describe('shapes that do not fit are refused', () => {
  const cases: [string, (x: Value, y: Value) => unknown][] = [
    ['broadcasting', (x, y) => operators.add(x, y)],
    ['matrix products', (x, y) => operators.matmul(x, y)],
    ['joining', (x, y) => operators.concat([x, y], 0)],
    ['an axis that is not there', (x) => operators.reduceSum(x, [2])],
    ['an axis that is no number', (x) => operators.normalizeAxis(Number.NaN, x.rank)],
    ['half an axis', (x) => operators.normalizeAxis(0.5, x.rank)],
    ['an axis named twice', (x) => operators.transpose(x, [0, 0])],
    ['too few axes', (x) => operators.transpose(x, [0])],
    [
      'less than nothing',
      (x) =>
        operators.pad(x, [
          [-5, 0],
          [0, 0],
        ]),
    ],
    ['more than a billion elements', (x) => operators.tile(x, [2 ** 20, 2 ** 20])],
    ['half an element', (x) => operators.expand(operators.unsqueeze(x, [0]), [1.5, 2, 3])],
  ];
  for (const [name, build] of cases) {
    it(name, () => {
      const [x, y] = graphOf([2, 3], [4, 5]);
      assert.throws(() => build(x, y), ShapeError);
    });
  }

  it('a window that is larger than its input', () => {
    const window = { kernel: [3], strides: [1], dilations: [2], padding: 'valid' } as const;
    assert.throws(() => operators.windowOutput([4], window), /spans 5 elements, its input has 4/);
    assert.deepEqual(operators.windowOutput([5], window), [1]);
    assert.throws(() => operators.windowOutput([4, 4], window), ShapeError);
  });

  it('a pooling window that is narrower than its step, on an open size', () => {
    const window = { kernel: [1], strides: [4], dilations: [1], padding: 'same' } as const;
    const [open, known] = graphOf([null, 2, null], [null, 2, 8]);
    assert.throws(() => operators.pool('MaxPool', open, window), /narrower than its step/);
    assert.deepEqual(operators.pool('MaxPool', known, window).shape, [null, 2, 2]);
  });

  it('a kernel for other channels', () => {
    const window = { kernel: [1], strides: [1], dilations: [1], padding: 'valid' } as const;
    const [x, kernel] = graphOf([null, 4, 8], [6, 3, 1]);
    assert.throws(() => operators.conv(x, kernel, undefined, window, 1), /takes 3 channels, its input has 4/);
    assert.throws(
      () => operators.convTranspose(x, kernel, undefined, { ...window, outputPadding: undefined }),
      ShapeError,
    );
  });
});

describe('resizeImages', () => {
  for (const interpolation of operators.interpolations) {
    it(`${interpolation} makes the same of sizes known and unknown, and leaves an even image even`, async () => {
      const resize = (x: Value) => operators.resizeImages(x, [5, 4], interpolation, false);
      const known = await run([fed([1, 1, 3, 7])], resize);
      const unknown = await run([fed([1, 1, 3, 7], [null, 1, null, null])], resize);
      assert.deepEqual(known.shape, [1, 1, 5, 4]);
      known.data.forEach((value, index) => {
        assert.ok(Math.abs(value - unknown.data[index]!) < 1e-4);
      });
      const even = await run([{ ...fed([1, 1, 6, 6]), data: new Float32Array(36).fill(3) }], resize);
      for (const value of even.data) assert.ok(Math.abs(value - 3) < 1e-5);
    });
  }

  it('averages over what is left out when it is told to', async () => {
    const stripes = { ...fed([1, 1, 2, 8]), data: Float32Array.from({ length: 16 }, (_, index) => index % 2) };
    const { data } = await run([stripes], (x) => operators.resizeImages(x, [2, 2], 'bilinear', true));
    for (const value of data) assert.ok(Math.abs(value - 0.5) < 0.1);
  });
});

describe('range', () => {
  it('counts in the graph where a constant would be large', async () => {
    const graph = new GraphBuilder();
    assert.equal(operators.range(graph, 2 ** 16).data?.length, 2 ** 16);
    assert.equal(operators.range(graph, 2 ** 20).data, undefined);
    const { data } = await run([fed([5], [null])], (x) =>
      operators.toFloat(operators.range(x.graph, operators.sizeOf(x, 0))),
    );
    assert.deepEqual(data, [0, 1, 2, 3, 4]);
  });
});

describe('optional inputs', () => {
  it('leave no trace at the end, for else ONNX Runtime folds nothing into a convolution', () => {
    const graph = new GraphBuilder();
    const [x, kernel] = [graph.input('x', 'float32', [null, 1, 4]), operators.filled(graph, [1, 1, 1], 1)];
    const window = { kernel: [1], strides: [1], dilations: [1], padding: 'valid' } as const;
    graph.output('y', operators.conv(x, kernel, undefined, window, 1));
    const nodes = graph.message('graph').node as { op_type: string; input: string[] }[];
    assert.equal(nodes.find((node) => node.op_type === 'Conv')!.input.length, 2);
  });
});

describe('whole numbers that are divided', () => {
  const least = -(2 ** 31);
  const cases: [dividend: number, divisor: number, quotient: number, rest: number][] = [
    [7, 2, 3, 1],
    [-7, 2, -3, 1],
    [7, -2, -3, -1],
    [7, -1, -7, 0],
    [least, -1, least, 0],
    [least, 1, least, 0],
  ];
  const numbers = (column: 0 | 1) => ({
    ...fed([cases.length]),
    data: Int32Array.from(cases, (one) => one[column]),
  });

  it('by -1 wrap around, and do not end the process', async () => {
    const quotients = await run([numbers(0), numbers(1)], operators.div);
    assert.deepEqual(
      quotients.data,
      cases.map(([, , quotient]) => quotient),
    );
    const rests = await run([numbers(0), numbers(1)], operators.mod);
    assert.deepEqual(
      rests.data,
      cases.map(([, , , rest]) => rest),
    );
    const opposites = await run([numbers(0)], (x) => operators.div(x, -1));
    assert.deepEqual(opposites.data, [-7, 7, -7, -7, least, least]);
  });
});
