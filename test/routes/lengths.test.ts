/** Lists of different lengths in one request, on axes of any size: each is answered as if it were alone. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '../../src/app.js';
import { encodeOnnx } from '../../src/onnx/encode.js';
import { GraphBuilder } from '../../src/onnx/graph.js';
import { metadataNames } from '../../src/onnx/metadata.js';
import { add, mul, reduceMean, reduceSum } from '../../src/onnx/operators/index.js';
import { temporaryFolder } from '../helpers/folder.js';
import { formOf } from '../helpers/form.js';
import { runs } from '../helpers/runs.js';

/** A model that adds up lists, by itself and together with a number, and doubles them; it mixes rows where it is told so. */
function modelOf(root: string, name: string, batchDependent: boolean): string {
  const graph = new GraphBuilder();
  const week = graph.input('week', 'float32', [null, null]);
  const day = graph.input('day', 'float32', [null, null, 2]);
  const age = graph.input('age', 'float32', [null, 1]);
  graph.output('sum', add(add(reduceSum(week, [1], true), reduceSum(reduceSum(day, [1]), [1], true)), age));
  graph.output('twice', mul(week, 2));
  graph.output('mean', reduceMean(day, [1]));
  const folder = join(root, name);
  mkdirSync(folder);
  const metadata = { [metadataNames.batchDependent]: String(batchDependent) };
  writeFileSync(join(folder, `${name}.onnx`), encodeOnnx(graph, metadata).toBuffer());
  const card = {
    inputs: { week: { kind: 'sequence' }, day: { columns: [{ name: 'hot' }, { name: 'cold' }] } },
    outputs: { sum: { kind: 'number' }, twice: { kind: 'tensor' }, mean: { kind: 'tensor' } },
  };
  writeFileSync(join(folder, 'serve.json'), JSON.stringify(card));
  return join(folder, `${name}.onnx`);
}

/** A model that doubles matrices of any size, of which nothing is said. */
function matrixModel(root: string): string {
  const graph = new GraphBuilder();
  graph.output('twice', mul(graph.input('matrix', 'float32', [null, null, null]), 2));
  const path = join(root, 'matrix.onnx');
  writeFileSync(path, encodeOnnx(graph, { [metadataNames.batchDependent]: 'false' }).toBuffer());
  return path;
}

interface Datapoint {
  week: number[];
  day: [hot: number, cold: number][];
  age: number;
}

const total = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0);
const expected = ({ week, day, age }: Datapoint) => ({
  sum: { value: total(week) + total(day.flat()) + age },
  twice: week.map((one) => 2 * one),
  mean: [0, 1].map((column) => Math.fround(total(day.map((step) => step[column]!)) / day.length)),
});

describe('lists of different lengths', () => {
  let app: FastifyInstance;
  before(async () => {
    const root = temporaryFolder('lengths');
    const model = [modelOf(root, 'open', false), modelOf(root, 'mixing', true), matrixModel(root)];
    app = await buildApp({ model, processes: 1, noCache: true });
    await app.ready();
  });
  after(() => app?.close());

  const send = async (payload: string | Buffer, headers: Record<string, string>, model = 'open') => {
    const reply = await app.inject({ method: 'POST', url: `/models/${model}/predict`, payload, headers });
    return { status: reply.statusCode, payload: reply.payload, ...reply.json() };
  };
  const json = { 'content-type': 'application/json' };
  const datapoints: Datapoint[] = [
    { week: [1, 2, 3], day: [[1, 2]], age: 4 },
    { week: [5], day: [[1, 2]], age: 6 },
    { week: [7, 8, 9], day: [[1, 2]], age: 10 },
    {
      week: [11],
      day: [
        [3, 5],
        [7, 8],
      ],
      age: 12,
    },
  ];

  it('are answered in the order of the request', async () => {
    const { status, predictions } = await send(JSON.stringify(datapoints), json);
    assert.equal(status, 200);
    assert.deepEqual(predictions, datapoints.map(expected));
  });

  it('get the answers that they get alone', async () => {
    const whole = fc.integer({ min: -8, max: 8 });
    const list = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: 1, maxLength: 4 });
    const datapoint = fc.record({ week: list(whole), day: list(fc.tuple(whole, whole)), age: whole });
    await fc.assert(
      fc.asyncProperty(fc.array(datapoint, { minLength: 1, maxLength: 8 }), async (instances) => {
        const together = await send(JSON.stringify({ instances }), json);
        assert.equal(together.status, 200, together.payload);
        const alone = await Promise.all(instances.map((one) => send(JSON.stringify([one]), json)));
        assert.deepEqual(
          together.predictions,
          alone.map(({ predictions }) => predictions[0]),
        );
      }),
      runs(0.3),
    );
  });

  it('may be columns of values, cells of CSV and fields of forms', async () => {
    const columns = Object.fromEntries(
      (['week', 'day', 'age'] as const).map((key) => [key, datapoints.map((one) => one[key])]),
    );
    assert.deepEqual((await send(JSON.stringify({ inputs: columns }), json)).predictions, datapoints.map(expected));
    const rows = datapoints.map(({ week, day, age }) => `${age},"${JSON.stringify(day)}","${JSON.stringify(week)}"\n`);
    const csv = await send(`age,day,week\n${rows.join('')}`, { 'content-type': 'text/csv' });
    assert.deepEqual(csv.predictions, datapoints.map(expected));
    const { headers, payload } = await formOf(['age', '4'], ['day', '[[1, 2]]'], ['week', '[1, 2, 3]']);
    assert.deepEqual((await send(payload, headers as never)).predictions, expected(datapoints[0]!));
  });

  it('are CSV where the output that is asked for has columns', async () => {
    const payload = JSON.stringify(datapoints);
    const url = '/models/open/predict?output=sum';
    const reply = await app.inject({ method: 'POST', url, payload, headers: { ...json, accept: 'text/csv' } });
    assert.equal(reply.payload, ['sum', ...datapoints.map((one) => expected(one).sum.value), ''].join('\r\n'));
  });

  it('are refused by a model whose answers depend on one another, and where there are not as many of each', async () => {
    const mixed = await send(JSON.stringify(datapoints), json, 'mixing');
    assert.deepEqual([mixed.status, mixed.error.code], [400, 'instances_invalid']);
    assert.match(mixed.error.message, /lists of different lengths.* Send lists of one length\./);
    const one = await send(JSON.stringify(datapoints.slice(0, 1)), json, 'mixing');
    assert.equal(one.status, 200);
    const inputs = { week: [[1], [2, 3]], day: [[[1, 2]]], age: [1, 2] };
    const fewer = await send(JSON.stringify({ inputs }), json);
    assert.equal(fewer.status, 400);
    assert.match(fewer.error.message, /day/);
  });

  it('are tensors, too', async () => {
    const twice = (value: unknown): unknown => (Array.isArray(value) ? value.map(twice) : 2 * (value as number));
    const one = [[1, 2]];
    const matrices = [
      one,
      [[3], [4]],
      one,
      [
        [5, 6],
        [7, 8],
      ],
    ];
    for (const instances of [matrices, [one, one], [one]]) {
      const { predictions } = await send(JSON.stringify({ instances }), json, 'matrix');
      assert.deepEqual(predictions, twice(instances));
    }
    const uneven = await send(JSON.stringify([one, [[1], [2, 3]]]), json, 'matrix');
    assert.deepEqual([uneven.status, uneven.error.code], [400, 'instances_invalid']);
    assert.match(uneven.error.message, /^\[1\]\[1\] should be an array of 1 number, .*like those before it/);
    for (const model of ['matrix', 'open']) {
      const none = await send('{"instances": []}', json, model);
      assert.equal(none.status, 400, none.payload);
    }
  });

  it('are many', async () => {
    const instances = Array.from({ length: 3000 }, (_, row) => ({
      week: Array.from({ length: 1 + (row % 50) }, (_, index) => row + index),
      day: [[row % 7, 1] as [number, number]],
      age: 1,
    }));
    const { predictions } = await send(JSON.stringify({ instances }), json);
    assert.deepEqual(predictions, instances.map(expected));
  });
});
