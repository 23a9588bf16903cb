/** Requests that are CSV: a row for each datapoint, read and checked as a whole and run in batches. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '../../src/app.js';
import { encodeOnnx } from '../../src/onnx/encode.js';
import { GraphBuilder } from '../../src/onnx/graph.js';
import { metadataNames } from '../../src/onnx/metadata.js';
import { constant, matmul } from '../../src/onnx/operators/index.js';
import { temporaryFolder } from '../helpers/folder.js';
import { formOf } from '../helpers/form.js';
import { formModels } from '../helpers/form-models.js';
import { run } from '../helpers/run.js';
import { runs } from '../helpers/runs.js';

const words = Array.from({ length: 4000 }, (_, index) => `w${index}`);

/** A model that gives the place of a word among so many. */
function wideModel(): string {
  const graph = new GraphBuilder();
  const places = constant(graph, 'float32', [words.length, 1], [...words.keys()]);
  graph.output('y', matmul(graph.input('x', 'float32', [null, words.length]), places));
  const folder = temporaryFolder('wide');
  writeFileSync(join(folder, 'wide.onnx'), encodeOnnx(graph, { [metadataNames.batchDependent]: 'false' }).toBuffer());
  const column = { name: 'word', categories: words, encoding: 'one-hot' };
  writeFileSync(join(folder, 'serve.json'), JSON.stringify({ inputs: { x: { columns: [column] } } }));
  return join(folder, 'wide.onnx');
}

let app: FastifyInstance;
before(async () => {
  const model = [...formModels(), wideModel()];
  // Fewer rows than the CSV has: it is run in batches of so many.
  app = await buildApp({ model, processes: 1, noCache: true, maxRows: 50, maxJsonSize: 2 ** 20 });
  await app.ready();
});
after(() => app?.close());

const send = async (model: string, payload: string | Buffer, headers = { 'content-type': 'text/csv' }) => {
  const reply = await app.inject({ method: 'POST', url: `/models/${model}/predict`, payload, headers });
  return { status: reply.statusCode, ...reply.json() };
};

const header = 'income,age,größe in cm';
const csv = `${header}\r\n3000,50,1\r\n-1e3, 30 ,TRUE\r\n`;
const expected = [
  [2, 6, 2],
  [-2, -2, 2],
];

describe('a body of CSV', () => {
  it('has a row for each datapoint, in columns of any order', async () => {
    const { predictions, success } = await send('table', csv);
    assert.deepEqual([predictions, success], [expected, true]);
    assert.deepEqual((await send('table', `${header}\n3000,50,1`)).predictions, [expected[0]]);
  });

  const taken: Record<string, string> = {
    'a byte order mark': `\ufeff${csv}`,
    'line feeds alone': csv.replaceAll('\r', ''),
    'carriage returns alone': csv.replaceAll('\n', ''),
    'lines of both ends': csv.replace('\r', ''),
    'quotes around everything': csv.replace(/[^,\r\n]+/g, '"$&"'),
    'empty lines': `\n${csv.replaceAll('\r\n', '\n\n')}\n\n`,
    'spaces around names': csv.replace('age', ' age '),
    'a line break in quotes': csv.replace('3000', '"3000\r\n"'),
  };
  for (const [name, text] of Object.entries(taken))
    it(`may have ${name}`, async () => {
      assert.deepEqual((await send('table', text)).predictions, expected);
    });

  it('has JSON in cells of what is no table', async () => {
    const { predictions } = await send('named', 'week,age\n"[1, 2, 3]",4\n"[5,6,7]",8\n');
    assert.deepEqual(predictions, [
      { a: [4], w: [1, 2, 3] },
      { a: [8], w: [5, 6, 7] },
    ]);
  });

  it('may have more rows than a request of JSON, which are run in batches', async () => {
    const rows = Array.from({ length: 120 }, (_, index) => index);
    const { predictions } = await send('table', [header, ...rows.map((row) => `${row}000,40,${row}`), ''].join('\n'));
    assert.deepEqual(
      predictions,
      rows.map((row) => [0, 2 * row, 2 * row]),
    );
    const instances = rows.map(() => [1, 2, 3]);
    const inJson = await send('table', JSON.stringify({ instances }), { 'content-type': 'application/json' });
    assert.equal(inJson.error.code, 'content_too_large');
  });

  it('is run at once by a model that mixes rows, within the limit of rows', async () => {
    const rows = (count: number) => `a,b,c\n${'1,2,3\n'.repeat(count)}`;
    assert.deepEqual((await send('mixing', rows(50))).predictions, [[50, 100, 150]]);
    const { status, error } = await send('mixing', rows(51));
    assert.equal(status, 413);
    assert.match(error.message, /^There are more than 50 rows, the most that one request can have\.$/);
  });

  it('may be more tensors than are held at once', async () => {
    const rows = Array.from({ length: 4500 }, (_, row) => (row * 7) % words.length);
    const { predictions } = await send('wide', ['word', ...rows.map((row) => words[row]), ''].join('\n'));
    assert.deepEqual(
      predictions,
      rows.map((row) => [row]),
    );
  });

  it('may be a file in a form: by its type or name, in the field "file" or that of the table', async () => {
    for (const [field, name] of [
      ['file', 'rows'],
      ['x', 'rows'],
      ['whatever', 'rows.CSV'],
    ] as const) {
      const { headers, payload } = await formOf([field, Buffer.from(csv), name]);
      assert.deepEqual((await send('table', payload, headers as never)).predictions, expected, field);
    }
    const { headers, payload } = await formOf(['file', Buffer.from(csv), 'rows.csv'], ['age', '3']);
    const { error } = await send('table', payload, headers as never);
    assert.match(
      error.message,
      /^The field "age" is beside a file of CSV, which has all columns\. Send the file alone\.$/,
    );
  });

  it('comes from curl', async () => {
    await app.listen({ port: 0, host: '127.0.0.1' });
    const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/models/named/predict`;
    const curl = async (...words: string[]) => (await run('curl', ['-s', '--max-time', '30', url, ...words])).stdout;
    const text = 'age,week\n1,"[1,2,3]"\n';
    const reply = '{"predictions":[{"a":[1],"w":[1,2,3]}],"success":true}';
    assert.equal(await curl('-H', 'content-type: text/csv', '--data-binary', text), reply);
    assert.equal(await curl('-F', 'file=age,"week"\n1,"[1,2,3]";type=text/csv'), reply);
    assert.match(await curl('--data-binary', text), /CSV needs -H \\"content-type: text\/csv\\"/);
  });

  const refused: Record<string, [model: string, text: string | Buffer, message: string | RegExp, code?: string]> = {
    'an unknown column': [
      'table',
      `${header},agee\n1,2,3,4\n`,
      'Line 1: "agee" is no known column. Did you mean "age"?',
    ],
    'no header': [
      'table',
      '50,3000,1.8\n40,2000,1.7\n',
      'Line 1: that should be the names of the columns, and "50" is none. There are "age", "income", "größe in cm", "x".',
    ],
    'no header, and a value that lacks': ['table', '50,,1.8\n', /^Line 1: that should be the names of the columns/],
    'a column twice': ['table', `${header},age\n1,2,3,4\n`, 'Line 1: there are two columns "age".'],
    'a column without a name': ['table', `,${header}\n0,1,2,3\n`, /^Line 1: a column has no name\. .*index=False/],
    semicolons: [
      'table',
      csv.replaceAll(',', ';'),
      'Line 1: the columns are separated by ";". Separate them by commas.',
    ],
    tabs: ['table', csv.replaceAll(',', '\t'), 'Line 1: the columns are separated by "\\t". Separate them by commas.'],
    'no column of an input': ['named', 'age\n1\n', 'Line 1: there is no column "week". There are "age", "week".'],
    'a table as a whole and by a column': [
      'table',
      'x,age\n1,2\n',
      'Line 1: "x" is given as a whole and by its columns.',
    ],
    'a value that lacks': ['table', `${header}\n1,2,3\n1,,3\n`, 'Line 3: age is missing.'],
    'a column that lacks': ['table', 'age,income\n1,2\n', 'Line 2: ["größe in cm"] is missing.'],
    'a text for a number': [
      'table',
      `${header}\n"1\n",2,3\n1,2,3\n1,x,3\n`,
      'Line 5: age should be a number, but is "x".',
    ],
    'a decimal comma': ['table', `${header}\n1,"2,5",3\n`, 'Line 2: age should be a number, but is "2,5".'],
    'wrong JSON in a cell': ['named', 'age,week\n1,"[1,2"\n', /^Line 2: week is not valid JSON: .* at byte 4/],
    'a list of another length': [
      'named',
      'age,week\n1,"[1,2]"\n',
      /^Line 2: week should be an array of 3 numbers, but is/,
    ],
    'too few values': [
      'table',
      `${header}\n1,2\n`,
      /^Line 2: there should be 3 values, .* but there are 2\.$/,
      'body_invalid',
    ],
    'one value': ['table', `${header}\n1\n`, /but there is 1\.$/, 'body_invalid'],
    'too many values': ['table', `${header}\n1,2,3\n\n1,2,3,4\n`, /^Line 4: .* but there are 4\.$/, 'body_invalid'],
    'a quote without another': [
      'table',
      `${header}\n1,2,3\n1,"2,3\n1,2,3\n`,
      'Line 3: a value begins with a quote and has no other at its end.',
      'body_invalid',
    ],
    'a quote in quotes': [
      'table',
      `${header}\n1,"2"5",3\n`,
      'Line 2: a quote within a value should be doubled.',
      'body_invalid',
    ],
    'what is no UTF-8': [
      'table',
      Buffer.from(`${header}\n1,2,3\n1,2,é\n`, 'latin1'),
      'Line 1: this isn’t UTF-8. Save the CSV as UTF-8.',
      'body_invalid',
    ],
    'a character that is cut off': [
      'table',
      Buffer.concat([Buffer.from(`${header}\n1,2,3\n1,2,`), Buffer.of(0xc3)]),
      'Line 3: this isn’t UTF-8. Save the CSV as UTF-8.',
      'body_invalid',
    ],
    'no rows': ['table', `${header}\r\n`, 'The CSV has no rows, only a header.', 'body_invalid'],
    nothing: [
      'table',
      '\ufeff',
      'The CSV is empty. Its first line has the names of the columns: "age", "income", "größe in cm", "x".',
      'body_invalid',
    ],
    'a model of images': [
      'mixed',
      'age,photo\n1,2\n',
      'CSV can’t hold images, and "photo" is one. Send a form, or JSON.',
      'body_invalid',
    ],
  };
  for (const [name, [model, text, message, code = 'instances_invalid']] of Object.entries(refused))
    it(`is refused for ${name}`, async () => {
      const { status, error } = await send(model, text);
      if (typeof message === 'string') assert.equal(error?.message, message);
      else assert.match(error?.message, message);
      assert.deepEqual([status, error.code], [400, code]);
    });

  it('is checked as a whole before the first row is run', async () => {
    const before = (await app.inject('/metrics')).payload;
    const runsOf = (text: string) => /keras_serve_batch\w*_count\{model="table"[^}]*\} (\d+)/.exec(text)?.[1];
    assert.ok(Number(runsOf(before)) > 0);
    const { error } = await send('table', `${header}\n${'1,2,3\n'.repeat(150)}1,2,x\n`);
    assert.match(error.message, /^Line 152: \["größe in cm"\] should be a number/);
    assert.equal(runsOf((await app.inject('/metrics')).payload), runsOf(before));
  });

  it('is refused where it is larger than it may be', async () => {
    const { status, error } = await send('table', `${header}\n${'1,2,3\n'.repeat(200_000)}`);
    assert.equal(status, 413);
    assert.equal(error.message, 'The CSV is larger than 1 MB, the most that this server takes.');
  });
});

describe('any table', () => {
  const number = fc.oneof(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.boolean());
  /** A cell as programs write it: bare, or in quotes. */
  const cell = (value: number | boolean, style: number) =>
    [`${value}`, `"${value}"`, ` ${value} `, `"${value}\n"`][style % 4]!;

  it('gives the same predictions as CSV as it does as instances', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(number, number, number), { minLength: 1, maxLength: 120, size: 'max' }),
        fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
        fc.infiniteStream(fc.nat(3)),
        fc.constantFrom('\n', '\r\n'),
        async (rows, order, styles, end) => {
          const names = ['age', 'income', 'größe in cm'];
          const lines = [
            order.map((column) => names[column]!),
            ...rows.map((row) => order.map((column) => cell(row[column]!, styles.next().value!))),
          ];
          const { predictions } = await send('table', lines.map((line) => line.join(',') + end).join(''));
          const all: unknown[] = [];
          for (let from = 0; from < rows.length; from += 50) {
            const instances = rows
              .slice(from, from + 50)
              .map((row) => Object.fromEntries(names.map((name, column) => [name, row[column]])));
            const reply = await send('table', JSON.stringify({ instances }), { 'content-type': 'application/json' });
            all.push(...reply.predictions);
          }
          assert.deepEqual(predictions, all);
        },
      ),
      runs(0.4),
    );
  });
});
