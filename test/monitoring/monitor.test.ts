/** What is nonsense and what isn't, of streams of datapoints and answers. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Claimed } from '../../src/datapoints/kinds.js';
import type { InputHints } from '../../src/inference/model-hints.js';
import { Monitor } from '../../src/monitoring/monitor.js';
import { tensorOfTexts } from '../../src/support/strings.js';
import type { Tensor, TensorInfo, TensorType } from '../../src/support/tensor.js';
import { imageOf } from '../helpers/kinds.js';

const info = (name: string, type: TensorType, ...shape: number[]): TensorInfo => ({
  name,
  type,
  shape: [null, ...shape],
});
const tensor: Claimed = { kind: 'tensor', spec: null };
const classes = (count: number, logits?: boolean): Claimed => ({
  kind: 'classes',
  spec: { labels: [], count, logits },
});
/** Three columns around 0, 100 and −1000. */
const statistics: InputHints = {
  statistics: { layer: 'Normalization', mean: [0, 100, -1000], deviation: [1, 10, 100] },
};

interface Given {
  input?: { info: TensorInfo; claimed: Claimed };
  hints?: InputHints;
  outputs?: [TensorInfo, Claimed][];
}

/** A monitor of a model with an input x of three columns, which is fed a datapoint and its answers at a time. */
function monitorOf({
  input = { info: info('x', 'float32', 3), claimed: tensor },
  hints,
  outputs = [[info('y', 'float32', 1), tensor]],
}: Given = {}) {
  const signature = { inputs: [input.info], outputs: outputs.map(([output]) => output) };
  const kinds = {
    inputs: { x: input.claimed },
    outputs: Object.fromEntries(outputs.map(([{ name }, claimed]) => [name, claimed])),
  };
  const monitor = new Monitor(signature, kinds, { inputs: hints ? [hints] : [] });
  const rowOf = (values: readonly number[], type: TensorType, shape: readonly number[]): Tensor => ({
    type,
    shape: [1, ...shape],
    data: type === 'int64' ? BigInt64Array.from(values, BigInt) : Float32Array.from(values),
  });
  const shapeOf = ({ shape }: TensorInfo) => shape.slice(1) as number[];
  return {
    monitor,
    add: (x: Tensor | readonly number[], ...ys: (readonly number[])[]) =>
      monitor.observe(
        { x: 'type' in x ? x : rowOf(x, input.info.type, shapeOf(input.info)) },
        Object.fromEntries(
          outputs.map(([output], index) => [output.name, rowOf(ys[index]!, output.type, shapeOf(output))]),
        ),
        [],
      ),
    found: () => monitor.anomalies.map(({ anomaly }) => anomaly),
  };
}

/** What is found after so many datapoints, each of them with its answer. */
function foundOf(count: number, answer: (index: number) => readonly number[], given: Given = {}) {
  const { add, found } = monitorOf(given);
  for (let index = 0; index < count; index++) add([index, index % 7, -index], answer(index));
  return found();
}

const output = (claimed: Claimed, width: number, type: TensorType = 'float32'): Given => ({
  outputs: [[info('y', type, width), claimed]],
});

describe('numbers far from the training', () => {
  const sane = (index: number) => [Math.sin(index), 100 + 10 * Math.cos(index), -1000 + 100 * Math.sin(2 * index)];
  const far = (index: number) => [11, 100, -1000 + index / 1000];

  it('are noticed where more than half of 32 datapoints have them, not where half have', () => {
    for (const [count, expected] of [
      [16, []],
      [17, ['training_serving_skew']],
    ] as const) {
      const { add, found } = monitorOf({ hints: statistics });
      for (let index = 0; index < 32; index++) add(index < count ? far(index) : sane(index), [index]);
      assert.deepEqual(found(), expected);
    }
  });

  it('are noticed late, too, and told once', () => {
    const { add, found, monitor } = monitorOf({ hints: statistics });
    const told: string[] = [];
    monitor.events.on('anomaly', ({ message }) => told.push(message));
    for (let index = 0; index < 10_000; index++) add(sane(index), [index]);
    assert.deepEqual(found(), []);
    for (let index = 0; index < 640; index++) add(far(index), [index]);
    assert.deepEqual(found(), ['training_serving_skew']);
    assert.equal(told.length, 1);
    assert.match(told[0]!, /^In more than half of 32 different datapoints, numbers of column 1 lie over 10 /);
  });

  it('are no numbers that are missing, and none on the edge', () => {
    const { add, found } = monitorOf({ hints: statistics });
    for (let index = 0; index < 64; index++) add([Number.NaN, 200, -1000 - index], [index]);
    assert.deepEqual(found(), []);
  });

  it('are more than half of the steps of a series, without those that are filled up', () => {
    const series = (make: (index: number, step: number) => number, spec: unknown = null) => {
      const input = { info: info('x', 'float32', 10, 3), claimed: { kind: 'tensor', spec } };
      const { add, found } = monitorOf({ input, hints: statistics });
      for (let index = 0; index < 64; index++)
        add(
          Array.from({ length: 30 }, (_, at) => [0, make(index, Math.floor(at / 3)), -1000][at % 3]!),
          [index],
        );
      return found();
    };
    assert.deepEqual(
      series((index, step) => (step < 5 ? 5000 : 100) + index / 100),
      [],
    );
    assert.deepEqual(
      series((index, step) => (step < 6 ? 5000 : 100) + index / 100),
      ['training_serving_skew'],
    );
    const filled = (index: number, step: number) => (step < 8 ? -50 : 100 + index / 100);
    assert.deepEqual(series(filled), ['training_serving_skew']);
    assert.deepEqual(series(filled, { fitting: { padding: 'pre', value: -50 } }), []);
  });

  it('are found among many rows of one request, of which some are looked at', () => {
    const { monitor, found } = monitorOf({ hints: statistics });
    const rows = 1000;
    const x = Float32Array.from({ length: 3 * rows }, (_, index) => 5000 + index);
    const y = Float32Array.from({ length: rows }, (_, index) => index);
    monitor.observe(
      { x: { type: 'float32', shape: [rows, 3], data: x } },
      { y: { type: 'float32', shape: [rows, 1], data: y } },
      [],
    );
    assert.deepEqual(found(), ['training_serving_skew']);
  });
});

describe('probabilities', () => {
  const uniform = (count: number, least = 0) => Array<number>(count).fill(least + 1 / count);

  it('that are the same for all classes are noticed, be they made of logits or not', () => {
    for (const count of [3, 10, 46]) {
      const nearly = (index: number) =>
        uniform(count).map((one, at) => one + (at < 2 ? (at - 0.5) * 1e-4 * (index % 9) : 0));
      assert.deepEqual(foundOf(50, nearly, output(classes(count), count)), ['uniform_predictions'], `${count} classes`);
      assert.deepEqual(foundOf(49, nearly, output(classes(count), count)), []);
      const logits = (index: number) => uniform(count, 3).map((one, at) => one + ((index + at) % 3) / 1000);
      assert.deepEqual(foundOf(50, logits, output(classes(count, true), count)), ['uniform_predictions']);
    }
  });

  it('of which a model is honestly unsure are none', () => {
    const unsure = (index: number) => [0.36 - (index % 5) / 1000, 0.33, 0.31 + (index % 5) / 1000];
    assert.deepEqual(foundOf(500, unsure, output(classes(3), 3)), []);
    const tenth = (index: number) => Array.from({ length: 10 }, (_, at) => (at === index % 10 ? 0.28 : 0.08));
    assert.deepEqual(foundOf(500, tenth, output(classes(10), 10)), []);
  });

  it('that are none are not judged', () => {
    const scores = (index: number) => Array.from({ length: 46 }, (_, at) => 5 + (index + at) / 1000);
    assert.deepEqual(foundOf(99, scores, output(classes(46), 46)), []);
  });
});

describe('one class', () => {
  const sure =
    (count: number, at = 0) =>
    (index: number) =>
      Array.from({ length: count }, (_, place) =>
        place === at ? 0.9 - (index % 5) / 100 : (0.1 + (index % 5) / 100) / (count - 1),
      );
  const text: Given['input'] = { info: info('x', 'string'), claimed: { kind: 'text', spec: {} } };
  const texts = (count: number, words: string, answer: (index: number) => readonly number[]) => {
    const { add, found } = monitorOf({ input: text!, ...output(classes(12), 12) });
    for (let index = 0; index < count; index++) add(tensorOfTexts([`${words} ${index}`], [1]), answer(index));
    return found();
  };

  it('for a hundred texts is noticed', () => {
    assert.deepEqual(texts(100, 'a text', sure(12)), ['single_class']);
    assert.deepEqual(texts(99, 'a text', sure(12)), []);
    assert.deepEqual(
      texts(1000, 'a text', (index) => sure(12, index === 50 ? 3 : 4)(index)),
      ['single_class'],
    );
    assert.deepEqual(
      texts(1000, 'a text', (index) => sure(12, index % 60 === 50 ? 3 : 4)(index)),
      [],
    );
  });

  it('for a hundred lists of words is noticed, for a series that moves on by a step it is not', () => {
    for (const [ids, expected] of [
      [true, ['single_class']],
      [undefined, []],
    ] as const) {
      const input = { info: info('x', 'int64', 3), claimed: { kind: 'sequence', spec: { width: 1, ids } } };
      const { add, found } = monitorOf({ input, ...output(classes(12), 12) });
      for (let index = 0; index < 100; index++) add([index, index + 1, index + 2], sure(12)(index));
      assert.deepEqual(found(), expected);
    }
  });

  it('is none of what is no number', () => {
    const answer = () => Array<number>(12).fill(Number.NaN);
    assert.deepEqual(texts(100, 'a text', answer), ['not_a_number']);
  });

  it('of a few, of which one is the usual, is none', () =>
    assert.deepEqual(foundOf(1000, sure(3), { ...output(classes(3), 3), hints: statistics }), [
      'training_serving_skew',
    ]));

  it('is none where datapoints hardly differ, or nobody knows how much they do', () => {
    const { add, found } = monitorOf({ ...output(classes(12), 12), hints: statistics });
    for (let index = 0; index < 1000; index++) add([index / 1e5, 100, -1000], sure(12)(index));
    assert.deepEqual(found(), []);
    assert.deepEqual(foundOf(1000, sure(12), output(classes(12), 12)), []);
  });

  it('is noticed of columns that differ as much as in training', () => {
    const { add, found } = monitorOf({ ...output(classes(12), 12), hints: statistics });
    for (let index = 0; index < 100; index++)
      add([Math.sin(index), 100 + 10 * Math.cos(index), -1000 + 100 * Math.sin(3 * index)], sure(12)(index));
    assert.deepEqual(found(), ['single_class']);
  });
});

describe('answers', () => {
  it('that are all the same are noticed, but for rounding', () => {
    assert.deepEqual(
      foundOf(100, () => [0.37], {}),
      ['constant_predictions'],
    );
    assert.deepEqual(
      foundOf(100, (index) => [1234.5 + (index % 2) * 1e-4]),
      ['constant_predictions'],
    );
    assert.deepEqual(
      foundOf(99, () => [0.37]),
      [],
    );
    assert.deepEqual(
      foundOf(1000, (index) => [index % 80 === 79 ? 0.38 : 0.37]),
      [],
    );
  });

  it('that are whole are none: it rains 0 mm day after day, and some are sure of all', () => {
    assert.deepEqual(
      foundOf(1000, () => [0]),
      [],
    );
    assert.deepEqual(
      foundOf(1000, () => [1]),
      [],
    );
    assert.deepEqual(
      foundOf(1000, () => [Number.NEGATIVE_INFINITY]),
      [],
    );
    assert.deepEqual(
      foundOf(1000, () => [3], output(tensor, 1, 'int64')),
      [],
    );
  });

  it('of a tensor beside others are none, of a number beside others they are', () => {
    const [tensors, numbers] = [tensor, { kind: 'number', spec: {} }].map(
      (claimed): Given => ({
        outputs: [
          [info('y', 'float32', 1), tensor],
          [info('z', 'float32', 1), claimed],
        ],
      }),
    );
    for (const [given, expected] of [
      [tensors!, []],
      [numbers!, ['constant_predictions']],
    ] as const) {
      const { add, found } = monitorOf(given);
      for (let index = 0; index < 200; index++) add([index, 0, 0], [index / 7], [0.5]);
      assert.deepEqual(found(), expected);
    }
  });

  it('that are no number are noticed, infinite ones are not', () => {
    assert.deepEqual(
      foundOf(32, (index) => [index < 17 ? Number.NaN : index]),
      ['not_a_number'],
    );
    assert.deepEqual(
      foundOf(32, (index) => [index < 16 ? Number.NaN : index]),
      [],
    );
    assert.deepEqual(
      foundOf(1000, (index) => [index % 3 ? Number.NEGATIVE_INFINITY : index]),
      [],
    );
  });
});

describe('pictures of one colour', () => {
  const picture = (make: (index: number, at: number) => number) => {
    const { add, found } = monitorOf({
      input: { info: info('x', 'float32', 40, 40, 3), claimed: imageOf([40, 40], 3) },
    });
    for (let index = 0; index < 64; index++)
      add(
        Array.from({ length: 4800 }, (_, at) => make(index, at)),
        [index],
      );
    return found();
  };
  it('are noticed, each channel being another', () =>
    assert.deepEqual(
      picture((index, at) => index + 100 * (at % 3)),
      ['blank_images'],
    ));
  it('are none where one pixel is another', () =>
    assert.deepEqual(
      picture((index, at) => index + (at === 1234 ? 1 : 0)),
      [],
    ));
});

describe('a monitor', () => {
  it('does nothing where inputs and outputs have not the same rows', () => {
    const { monitor, found } = monitorOf({ hints: statistics });
    const x: Tensor = { type: 'float32', shape: [200, 3], data: new Float32Array(600).map((_, index) => index * 1e6) };
    monitor.observe({ x }, { y: { type: 'float32', shape: [1, 1], data: Float32Array.of(Number.NaN) } }, []);
    monitor.observe(
      { x: { ...x, shape: [0, 3] } },
      { y: { type: 'float32', shape: [0, 1], data: new Float32Array() } },
      [],
    );
    assert.deepEqual(found(), []);
  });

  it('never fails, whatever it is given', () => {
    const { monitor } = monitorOf({ hints: statistics });
    const row: Tensor = { type: 'float32', shape: [1, 1], data: Float32Array.of(1) };
    assert.doesNotThrow(() => monitor.observe({ z: row }, { y: row }, []));
  });

  it('says nothing of values', () => {
    const { add, monitor } = monitorOf({ hints: statistics });
    for (let index = 0; index < 200; index++) add([123456.5 + index, 100, -1000], [0.98765]);
    assert.equal(monitor.anomalies.length, 2);
    assert.doesNotMatch(JSON.stringify(monitor.anomalies), /12345|12346|98765/);
  });
});
