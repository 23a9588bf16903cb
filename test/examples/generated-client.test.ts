/** A TypeScript client that is generated of the document of models of all kinds: it compiles, calls each, and reads the right answer. */
import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { clientTypes } from '../../scripts/client-types.js';
import { buildApp } from '../../src/app.js';
import { packageRoot } from '../../src/support/package.js';
import { temporaryFolder } from '../helpers/folder.js';
import { folderOf, kindModels } from '../helpers/kind-models.js';
import { pngOf } from '../helpers/pictures.js';
import { run } from '../helpers/run.js';

const head = `
import { readFileSync } from 'node:fs';
import createClient from 'openapi-fetch';
import type { paths } from './types.js';

const client = createClient<paths>({ baseUrl: process.argv[2]! });
const photo = readFileSync(process.argv[3]!);
const b64 = photo.toString('base64');

/** The answer to one datapoint. */
function one<Value extends object>(predictions: Value | Value[]): Value {
  if (Array.isArray(predictions)) throw new Error('a list');
  return predictions;
}
/** A reply that came, in JSON. */
function replyOf<Data extends object>({ data, error }: { data?: Data | string; error?: unknown }): Data {
  if (!data || typeof data === 'string') throw new Error(JSON.stringify(error));
  return data;
}
/** A form with a file. */
const formOf = (fields: Record<string, string | number>) => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, String(value));
  form.append('photo', new Blob([photo]), 'photo.png');
  return form;
};
const answers: Record<string, unknown> = {};
type BodyOf<Path extends keyof paths> = paths[Path] extends {
  post: { requestBody: { content: { 'application/json': infer Body } } };
}
  ? Body
  : never;
`;

/** What somebody writes who has the types, and what comes of it. */
const calls: Record<string, [code: string, answer: unknown]> = {
  'a table by its columns, for a number': [
    `const { predictions } = replyOf(await client.POST('/models/houses/predict', { body: { area: 120, rooms: 4 } }));
    const { value, unit } = one(predictions);
    const priced: 'thousand dollars' = unit;
    const number: number | null = value;
    answer([number, priced]);`,
    [460, 'thousand dollars'],
  ],
  'several datapoints': [
    `const body = { instances: [{ area: 100, rooms: 2 }, [10, 3] as [number, number]] };
    const { predictions } = replyOf(await client.POST('/models/houses/predict', { body }));
    answer(Array.isArray(predictions) && predictions.map(({ value }) => value));`,
    [300, 80],
  ],
  'categories and a sequence': [
    `const body = { vehicle: 'van' as const, 'driver age': null, months: [1, 2, 4] };
    const { predictions } = replyOf(await client.POST('/models/contracts/predict', { body }));
    answer(one(predictions).value);`,
    16,
  ],
  'a table, for many labels, several numbers, classes and a tensor': [
    `const reply = await client.POST('/models/films/predict', {
      body: { laughs: 2, tears: -1, shots: 0.5 },
      params: { query: { top_k: 1 } },
    });
    const { genres, minutes, stars, rest } = one(replyOf(reply).predictions);
    const [genre] = genres;
    answer([genre!.label, genre!.predicted, minutes.values.Tuesday, minutes.unit, stars.length, stars[0]!.label, rest]);`,
    ['comedy', true, -10, 'minutes', 1, 'one', [3, 0, 1.5]],
  ],
  'an image and columns in JSON, for one of two labels': [
    `const body = { photo: { b64 }, age: 20, pulse: 70 };
    const { predictions } = replyOf(await client.POST('/models/clinic/predict', { body }));
    const [first] = predictions;
    answer(first && !Array.isArray(first) && first.label);`,
    'healthy',
  ],
  'an image and columns in a form': [
    `const body = { photo: '', age: 90, pulse: 70 };
    const bodySerializer = () => formOf({ age: 90, pulse: 70 });
    const { predictions } = replyOf(await client.POST('/models/clinic/predict', { body, bodySerializer }));
    const [first] = predictions;
    answer(first && !Array.isArray(first) && first.label);`,
    'ill',
  ],
  'an image, for masks and an image': [
    `const { predictions } = replyOf(await client.POST('/models/colours/predict', { body: { image: b64 } }));
    const { most, bright, negative } = one(predictions);
    answer([most.areas.map(({ label }) => label).sort(), bright.areas[0]!.fraction, negative.width, negative.png.length > 0]);`,
    [['blue', 'red'], 1, 16, true],
  ],
  'an image, for a PNG file': [
    `const { data, response } = await client.POST('/models/colours/predict', {
      body: { image: b64 },
      params: { query: { output: 'most', size: 'input' } },
      headers: { accept: 'image/png' },
      parseAs: 'arrayBuffer',
    });
    answer([response.headers.get('content-type'), Buffer.from(data!).subarray(1, 4).toString()]);`,
    ['image/png', 'PNG'],
  ],
  'a text': [
    `const { predictions } = replyOf(await client.POST('/models/reviews/predict', { body: { text: 'A good film' } }));
    const [first] = predictions;
    answer(first && !Array.isArray(first) && first.label);`,
    'positive',
  ],
  'a text alone': [
    `const { data } = await client.POST('/models/reviews/predict', {
      body: 'bad, bad',
      bodySerializer: (text) => String(text),
      headers: { 'content-type': 'text/plain' },
    });
    const [first] = replyOf({ data }).predictions;
    answer(first && !Array.isArray(first) && first.label);`,
    'negative',
  ],
  'a tensor, for a tensor': [
    `const matrix = [[1, 2, 3], [4, 5, 6]];
    const { predictions } = replyOf(await client.POST('/models/matrix/predict', { body: { instances: [matrix] } }));
    answer(predictions);`,
    [
      [
        [1, 4],
        [2, 5],
        [3, 6],
      ],
    ],
  ],
  'an error': [
    `const { error } = await client.POST('/models/houses/predict', { body: { instances: [] } });
    const code: string | undefined = error?.error.code;
    answer(code);`,
    'instances_invalid',
  ],
};

/** What the types forbid. */
const mistakes = {
  'an unknown column': `{ area: 1, roooms: 2 } satisfies BodyOf<'/models/houses/predict'>`,
  'a text for a number': `client.POST('/models/houses/predict', { body: { area: 'much', rooms: 2 } })`,
  'an unknown category': `client.POST('/models/contracts/predict', { body: { vehicle: 'bus', 'driver age': 1, months: [1] } })`,
  'an unknown output': `client.POST('/models/colours/predict', { body: { image: b64 }, params: { query: { output: 'least' } } })`,
  'labels of a model that has none': `client.POST('/models/houses/predict', { body: { area: 1, rooms: 2 }, params: { query: { top_k: 1 } } })`,
  'a number as an image': `client.POST('/models/colours/predict', { body: { image: 5 } })`,
  'a tensor of fewer axes': `client.POST('/models/matrix/predict', { body: { instances: [[1, 2, 3]] } })`,
};

const program = [
  head,
  ...Object.entries(calls).map(
    ([name, [code]]) =>
      `{\n    const answer = (value: unknown) => { answers[${JSON.stringify(name)}] = value; };\n    ${code}\n}`,
  ),
  'export const mistakes = () => [',
  ...Object.values(mistakes).map((code) => `// @ts-expect-error\n${code},`),
  '];',
  'console.log(JSON.stringify(answers));',
].join('\n');

const options = {
  compilerOptions: {
    target: 'es2022',
    module: 'nodenext',
    strict: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    types: ['node'],
  },
  files: ['program.ts'],
};

describe('a TypeScript client that is generated', () => {
  const folder = temporaryFolder('generated-client');
  let app: FastifyInstance;
  before(async () => {
    app = await buildApp({ model: folderOf(kindModels), processes: 1, noCache: true });
    await app.listen({ port: 0, host: '127.0.0.1' });
    symlinkSync(join(packageRoot, 'node_modules'), join(folder, 'node_modules'));
    const write = (name: string, content: string | Buffer) => writeFileSync(join(folder, name), content);
    write('package.json', '{"type": "module"}');
    write('tsconfig.json', JSON.stringify(options));
    write('types.ts', await clientTypes((await app.inject('/openapi.json')).body));
    write('program.ts', program);
    // Red on the left, blue on the right.
    const data = Array.from({ length: 16 * 16 * 3 }, (_, at) => (at % 3 === (at % 48 < 24 ? 0 : 2) ? 255 : 0));
    write('photo.png', await pngOf({ height: 16, width: 16, channels: 3, data }));
  });
  after(() => app?.close());

  it('compiles, and what the types forbid doesn’t', async () => {
    const compiler = join(packageRoot, 'node_modules', 'typescript', 'bin', 'tsc');
    const { code, stdout } = await run(process.execPath, [compiler, '-p', folder]);
    assert.equal(code, 0, stdout);
  });

  it('calls a model of each kind, and reads what it answers', async () => {
    const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
    const { code, stdout, stderr } = await run(process.execPath, [
      join(folder, 'program.js'),
      url,
      join(folder, 'photo.png'),
    ]);
    assert.equal(code, 0, stderr);
    const expected = Object.fromEntries(Object.entries(calls).map(([name, [, answer]]) => [name, answer]));
    assert.deepEqual(JSON.parse(stdout), expected);
  });
});
