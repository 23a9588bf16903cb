/** Rows of CSV as tensors: those that the same rows are as JSON, in batches that are held within bounds. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import Papa from 'papaparse';
import { readDatapoints } from '../../src/datapoints/read-datapoints.js';
import type { TableColumn } from '../../src/datapoints/tables/columns.js';
import { type CsvToRead, readCsv, workOf } from '../../src/protocols/predict/csv.js';
import { type ModelInput, tensorsOf } from '../../src/serving/model-input.js';
import { runs } from '../helpers/runs.js';

const modelOf = (columns: readonly TableColumn[], width: number): Pick<CsvToRead, 'signature' | 'kinds'> => ({
  signature: {
    inputs: [{ name: 'x', type: 'float32', shape: [null, width] }],
    outputs: [{ name: 'y', type: 'float32', shape: [null, 1] }],
  },
  kinds: { x: { kind: 'table', spec: { columns, ignored: ['id'] } } },
});

const columns: readonly TableColumn[] = [
  { name: 'age', offset: 40, scale: 10 },
  { name: 'city', categories: ['Bern, BE', '"Chur"', 'Zürich', '1'], encoding: 'one-hot' },
  { name: 'income', transform: 'log1p', missing: 1000 },
  { name: 'smokes', categories: [false, true], missing: false },
];
const mixed = modelOf(columns, 7);

const dataOf = (input: ModelInput | Uint8Array) => [...tensorsOf(input as ModelInput).x!.data];

describe('rows of CSV', () => {
  it('are the tensors that the same rows are as JSON', () => {
    const row = fc.record({
      id: fc.string(),
      age: fc.oneof(fc.integer(), fc.double({ noNaN: true, min: -1e30, max: 1e30 }), fc.boolean()),
      city: fc.constantFrom('Bern, BE', '"Chur"', 'Zürich', '1', 1),
      income: fc.option(fc.double({ noNaN: true, min: 0, max: 1e30 })),
      smokes: fc.option(fc.boolean()),
    });
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 20 }),
        fc.shuffledSubarray(['id', 'age', 'city', 'income', 'smokes'], { minLength: 5 }),
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom('\n', '\r\n'),
        (rows, order, batchRows, newline) => {
          const text = Papa.unparse(rows, { columns: order, newline });
          const { batches, rows: count } = readCsv({ ...mixed, body: [Buffer.from(text)], batchRows, maxRows: 1e6 });
          const json = readDatapoints(rows, mixed.signature, mixed.kinds);
          assert.equal(count, rows.length);
          assert.equal(batches.length, Math.ceil(rows.length / batchRows));
          assert.deepEqual(batches.flatMap(dataOf), dataOf(json.columns));
        },
      ),
      runs(3),
    );
  });

  it('may lack columns that something counts for, and name their line where they are wrong', () => {
    const read = (text: string) =>
      readCsv({ ...mixed, body: [Buffer.from(text)], batchRows: 100, maxRows: 1e6 }).batches.flatMap(dataOf);
    assert.deepEqual(read('age,city\n40,Zürich\n50,1\n'), [
      ...[0, 0, 0, 1, 0, Math.fround(Math.log1p(1000)), 0],
      ...[1, 0, 0, 0, 1, Math.fround(Math.log1p(1000)), 0],
    ]);
    assert.throws(() => read('age,city\n40,Zürich\n50,Zurich\n'), {
      message: /^Line 3: city should be one of .*, but is "Zurich"\. Did you mean "Zürich"\?$/,
    });
    assert.throws(() => read('city,income,age\n1,,\n'), { message: 'Line 2: age is missing.' });
    assert.throws(() => read('city,income,age\n1,-2,1\n'), { message: /^Line 2: income should be a number over -1/ });
  });

  const names = Array.from({ length: 4000 }, (_, index) => `c${index}`);
  const wide = modelOf([{ name: 'word', categories: names, encoding: 'one-hot' }], names.length);
  const words = Array.from({ length: 9000 }, (_, row) => names[(row * 7) % names.length]!);
  const body = [Buffer.from(['\ufeffword', ...words, ''].join('\r\n'))];

  it('are no more tensors at once than can be held: the rest is CSV until it is run', () => {
    const limits = { batchRows: 2 ** 14, maxRows: Number.POSITIVE_INFINITY };
    const { batches, rows } = readCsv({ ...wide, body, ...limits });
    assert.equal(rows, words.length);
    const bytes = (batch: ModelInput | Uint8Array) =>
      batch instanceof Uint8Array ? batch.length : tensorsOf(batch).x!.data.byteLength;
    assert.ok(batches.reduce((sum, batch) => sum + bytes(batch), 0) < 70 * 2 ** 20);
    assert.ok(Math.max(...batches.map(bytes)) <= 2 ** 24);
    let row = 0;
    for (const batch of batches) {
      const again = batch instanceof Uint8Array ? readCsv({ ...wide, body: [batch], ...limits }).batches : [batch];
      assert.equal(again.length, 1);
      const { data, shape } = tensorsOf(again[0] as ModelInput).x!;
      for (let index = 0; index < shape[0]!; index++, row++) {
        const one = data.subarray(index * 4000, (index + 1) * 4000) as Float32Array;
        assert.equal(one.indexOf(1), (row * 7) % names.length);
      }
    }
    assert.equal(row, words.length);
  });

  it('are as much work as the model gets numbers for them', () => {
    assert.equal(workOf(100, mixed.signature, mixed.kinds), 175);
    assert.equal(workOf(100, wide.signature, wide.kinds), 400_000);
    const tensor = { x: { kind: 'tensor', spec: null } };
    assert.equal(workOf(100, wide.signature, tensor), 100);
  });

  it('are checked to the last, also where they are not held', () => {
    const wrong = Buffer.concat([...body, Buffer.from('c4000\r\n')]);
    assert.throws(() => readCsv({ ...wide, body: [wrong], batchRows: 2 ** 14, maxRows: 1e6 }), {
      message: /^Line 9002: word should be one of/,
    });
  });
});
