/** Models of real Keras with cards, asked in JSON: the answers are Keras's on what numpy made of the same rows. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { buildApp } from '../../src/app.js';
import type { KindCard } from '../../src/datapoints/kind.js';
import { decode, unpackFamily } from '../helpers/fixtures.js';

const { folder, cases } = unpackFamily('tables');
after(() => rmSync(folder, { recursive: true }));

const people = [
  { id: 1, age: 51, income: 30000, city: 'Ulm', sex: 'male' },
  { id: 2, age: 28, income: 0, city: 'Bonn', sex: 'female' },
  { id: 3, age: 40, income: 1250.5, city: 'Köln', sex: 'female' },
];
const categories = ['Berlin', 'Bonn', 'Köln', 'Ulm'];
const age = { name: 'age', offset: 40, scale: 12.5 };
const sex = { name: 'sex', categories: ['female', 'male'] };
const weather = [
  [
    { rain: 1.5, wind: 'high' },
    { rain: 0, wind: 'low' },
    { rain: 12, wind: 'low' },
    { rain: 3.25, wind: 'high' },
  ],
  [[2, 'low'], { rain: 4, wind: 'high' }],
];
const sentences = [[4, 11, 7], [1, 2, 3, 4, 5, 6], [19]];

/** What the card says of the only input, or of inputs by name, and the datapoints that are asked about. */
const asked: Record<string, { card: KindCard | Record<string, KindCard>; instances: unknown[]; named?: true }> = {
  table_scaled_and_one_hot: {
    card: {
      columns: [
        age,
        { name: 'income', transform: 'log1p', offset: 7, scale: 2 },
        { name: 'city', categories, encoding: 'one-hot', drop_first: true },
        sex,
      ],
      ignored: ['id'],
    },
    instances: people,
  },
  table_input_each: {
    card: { age: { columns: [age] }, city: { columns: [{ name: 'city', categories }] }, sex: { columns: [sex] } },
    instances: people.map(({ id, ...person }) => person),
    named: true,
  },
  table_over_time: {
    card: {
      columns: [
        { name: 'rain', scale: 4 },
        { name: 'wind', categories: ['low', 'high'], encoding: 'one-hot' },
      ],
      padding: 'pre',
    },
    instances: weather,
  },
  sequence_padded: { card: { truncating: 'post' }, instances: sentences },
};

describe('tables and sequences of Keras', () => {
  for (const [name, { card, instances, named }] of Object.entries(asked))
    it(`${name} answers as Keras does`, async (t) => {
      const found = cases.find((one) => one.name === name)!;
      const [output] = found.outputs;
      const inputs = named ? card : { [found.inputs[0]!.name]: card };
      const outputs = { [output!.name]: { kind: 'tensor' } };
      writeFileSync(join(dirname(found.model), 'serve.json'), JSON.stringify({ inputs, outputs }));
      const app = await buildApp({ model: found.model, processes: 1, noCache: true });
      t.after(() => app.close());
      const reply = await app.inject({ method: 'POST', url: '/predict', payload: { instances } });
      assert.equal(reply.statusCode, 200, reply.body);
      const answers = (reply.json().predictions as number[][]).flat();
      const expected = Array.from(decode(output!).data, Number);
      const scale = Math.max(...expected.map(Math.abs));
      assert.equal(answers.length, expected.length);
      for (const [index, answer] of answers.entries())
        assert.ok(Math.abs(answer - expected[index]!) <= found.tolerance * scale, `${answer}, not ${expected[index]}`);
    });
});
