/** Asking a model in this process: what `POST /predict` answers, without a server. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ServedModel } from '../../src/catalog/served-model.js';
import { type AskOptions, askerOf, askOf, type ImageReader } from '../../src/protocols/predict/ask.js';
import type { Tensor, TensorInfo, Tensors } from '../../src/support/tensor.js';
import { computedModel } from '../helpers/computed-model.js';
import { imageOf } from '../helpers/kinds.js';

const info = (name: string, ...shape: number[]): TensorInfo => ({ name, type: 'float32', shape: [null, ...shape] });
const doubled = ({ x }: Tensors) => ({
  y: { ...x!, data: (x!.data as Float32Array).map((value) => 2 * value) } as Tensor,
});
const tensor = { kind: 'tensor', spec: null };
const columns = [{ name: 'a' }, { name: 'b' }, { name: 'c' }];
const classes = { kind: 'classes', spec: { labels: ['a', 'b', 'c'], count: 3, logits: false } };
const signature = { inputs: [info('x', 3)], outputs: [info('y', 3)] };
const table: Partial<ServedModel> = {
  ...signature,
  kinds: { inputs: { x: { kind: 'table', spec: { columns } } }, outputs: { y: tensor } },
};
const model = (given: Partial<ServedModel> = {}, compute: (inputs: Tensors) => Tensors = doubled) =>
  computedModel(compute, { ...signature, ...given });

const noImages: ImageReader = { decode: () => Promise.reject(new Error('no images here')) };

describe('a model in this process', () => {
  const ask = (datapoint: unknown, given: Partial<ServedModel> = {}, options?: AskOptions) =>
    askOf(model(given), noImages)(datapoint, options);

  it('answers a datapoint with a value, and a list with a list', async () => {
    assert.deepEqual(await ask({ x: [1, 2, 3] }), [2, 4, 6]);
    assert.deepEqual(await ask([[1, 2, 3]]), [[2, 4, 6]]);
    assert.deepEqual(await ask({ a: 1, b: 2, c: 3 }, table), [2, 4, 6]);
    assert.deepEqual(await ask([{ a: 1, b: 2, c: 3 }, [4, 5, 6]], table), [
      [2, 4, 6],
      [8, 10, 12],
    ]);
    await assert.rejects(ask([[1, 2]]), { code: 'instances_invalid' });
  });

  it('gives as many labels as are asked for', async () => {
    const kinds = { inputs: { x: tensor }, outputs: { y: classes } } as ServedModel['kinds'];
    const labels = async (options?: AskOptions) =>
      ((await ask({ x: [1, 3, 2] }, { kinds }, options)) as { label: string }[]).map(({ label }) => label);
    assert.deepEqual(await labels(), ['b', 'c', 'a']);
    assert.deepEqual(await labels({ topK: 2 }), ['b', 'c']);
    await assert.rejects(labels({ topK: 4 }), { code: 'query_invalid' });
    await assert.rejects(ask([[1, 2, 3]], {}, { topK: 1 }), { code: 'query_invalid' });
  });

  it('takes the bytes of an image, a text or one of a list', async () => {
    const seen: unknown[] = [];
    const reader: ImageReader & { scale: number } = {
      scale: 10,
      // It is called as a method.
      async decode(bytes, options, wait) {
        seen.push([Buffer.from(bytes).toString(), options, wait?.signal instanceof AbortSignal]);
        const data = Uint8Array.from(bytes.subarray(0, 3), (byte) => byte * this.scale);
        return { type: 'uint8', shape: [1, 3, 1], data, source: { height: 1, width: 3 } };
      },
    };
    const image = imageOf([1, 3]);
    const pictures = model(
      { inputs: [info('x', 1, 3, 1)], kinds: { inputs: { x: image }, outputs: { y: tensor } } },
      ({ x }) => ({
        y: { type: 'float32', shape: [x!.shape[0]!, 3], data: Float32Array.from(x!.data as Uint8Array) },
      }),
    );
    const ask = askOf(pictures, reader);
    const file = Buffer.from('\x01\x02\x03');
    assert.deepEqual(await ask(file), [10, 20, 30]);
    assert.deepEqual(await ask([file, { b64: file.toString('base64') }]), [
      [10, 20, 30],
      [10, 20, 30],
    ]);
    assert.deepEqual(await ask(file.toString('base64')), [10, 20, 30]);
    assert.deepEqual(seen[0], ['\x01\x02\x03', image.spec.options, true]);
  });

  it('is given up with the signal that it gets', async () => {
    const signals: unknown[] = [];
    const predict: ServedModel['predict'] = async (inputs, { signal } = {}) => {
      signals.push(signal);
      return { outputs: doubled(inputs), timings: { queue: 0, inference: 0 } };
    };
    const { signal } = new AbortController();
    await ask([[1, 2, 3]], { predict }, { signal });
    await ask([[1, 2, 3]], { predict });
    assert.equal(signals[0], signal);
    assert.ok(signals[1] instanceof AbortSignal && signals[1] !== signal);
  });

  it('tells its owner of images that are deeper than it was told', async () => {
    const deep: ImageReader = {
      decode: async () => ({
        type: 'float32',
        shape: [1, 3, 1],
        data: new Float32Array(3),
        source: { height: 1, width: 3 },
      }),
    };
    const image = imageOf([1, 3], 1, { scaling: 'unit' });
    const given = { inputs: [info('x', 1, 3, 1)], kinds: { inputs: { x: image }, outputs: { y: tensor } } };
    const warnings: string[] = [];
    await askOf(model(given), deep, (message) => warnings.push(message))(Buffer.of(1));
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /^An image of 16-bit grey/);
  });

  it('says how many datapoints there were, and has cells of CSV', async () => {
    const answers = await askerOf(model(table), noImages).ask([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    assert.equal(answers.rows, 2);
    assert.deepEqual(
      [...answers.cells()],
      [
        [2, 4, 6],
        [8, 10, 12],
      ],
    );
    assert.deepEqual(answers.values(), [
      [2, 4, 6],
      [8, 10, 12],
    ]);
  });
});

describe('rows of CSV, asked in this process', () => {
  const csvOf = (rows: number) =>
    Buffer.from(['a,b,c', ...Array.from({ length: rows }, (_, row) => `${row},0,1`), ''].join('\n'));
  const shapesOf = async (rows: number, given: Partial<ServedModel> & { batchDependent?: boolean } = {}) => {
    const shapes: number[] = [];
    const served = model({ ...table, ...given }, (inputs) => {
      shapes.push(inputs.x!.shape[0]!);
      return doubled(inputs);
    });
    const { rows: count, answers } = askerOf(served, noImages).askRows(csvOf(rows));
    const values: unknown[] = [];
    for await (const answer of answers) values.push(...(answer.values() as unknown[]));
    assert.deepEqual([count, values.length], [rows, rows]);
    assert.deepEqual(values.at(-1), [2 * (rows - 1), 0, 2]);
    return shapes;
  };

  it('are run some after the other, where rows don’t depend on each other', async () => {
    assert.deepEqual(await shapesOf(1), [1]);
    assert.deepEqual(await shapesOf(1100), [512, 512, 76]);
    assert.deepEqual(await shapesOf(1100, { batchDependent: true } as Partial<ServedModel>), [1100]);
  });

  it('are read and checked before the first is run', () => {
    const wrong = Buffer.concat([csvOf(1000), Buffer.from('x,y,z\n')]);
    const asker = askerOf(model(table), noImages);
    assert.throws(() => asker.askRows(wrong), { message: /^Line 1002: a should be a number/ });
  });
});
