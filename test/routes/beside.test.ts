/** Models in folders as their authors left them, asked without a card: the answers are those of the authors' own steps. */
import assert from 'node:assert/strict';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '../../src/app.js';
import { sideFolders } from '../helpers/side-folders.js';
import '../helpers/checked-replies.js';

const { path, names, caseOf } = sideFolders();
// Of several models in a folder each is named by itself.
cpSync(join(path, 'several', 'pear.h5'), join(path, 'pear', 'pear.h5'));
cpSync(join(path, 'several', 'pear_scaler.pkl'), join(path, 'pear', 'pear_scaler.pkl'));
rmSync(join(path, 'several'), { recursive: true });

interface Labelled {
  label: string;
  probability: number;
}

describe('a folder as it lies', () => {
  let app: FastifyInstance;
  before(async () => {
    // A scaler for both ends is a guess, which is not acted on: this is what the log says to write.
    const transform = 'scaler.save';
    writeFileSync(
      join(path, 'forecast/serve.json'),
      JSON.stringify({ inputs: { x: { transform } }, outputs: { y: { transform } } }),
    );
    app = await buildApp({ model: path, processes: 1, noCache: true });
    await app.ready();
  });
  after(() => app.close());

  const post = (name: string, payload: unknown) =>
    app.inject({ method: 'POST', url: `/models/${name}/predict`, payload: { instances: payload } });
  const askedOf = (name: string) => caseOf(name === 'pear' ? 'several' : name);

  for (const name of [...names.filter((one) => one !== 'several'), 'pear'].filter((one) => askedOf(one).asked))
    it(`answers what the author of ${name} meant`, async () => {
      const { asked, answers } = askedOf(name);
      const reply = await post(name, asked);
      assert.equal(reply.statusCode, 200, reply.body);
      const { predictions } = reply.json();
      for (const [row, expected] of answers!.entries()) {
        const prediction = predictions[row];
        const given: number[] = Array.isArray(prediction)
          ? (prediction as Labelled[]).map(({ probability }) => probability)
          : [prediction.value];
        const wanted = Array.isArray(prediction) ? bothOf(expected).sort((one, other) => other - one) : expected;
        assert.equal(given.length, wanted.length);
        for (const [index, number] of given.sort((one, other) => other - one).entries())
          assert.ok(
            Math.abs(number - wanted[index]!) < 1e-4 * Math.max(1, Math.abs(wanted[index]!)),
            `${number} ${wanted[index]}`,
          );
      }
    });

  it('names the classes by the encoder', async () => {
    const { asked, answers } = caseOf('flowers');
    const { predictions } = (await post('flowers', asked)).json();
    const species = ['setosa', 'versicolor', 'virginica'];
    for (const [row, numbers] of answers!.entries())
      assert.equal(predictions[row][0].label, species[numbers.indexOf(Math.max(...numbers))]);
  });

  it('shows what it rests on', async () => {
    const { assumptions } = (await app.inject('/models/flowers')).json();
    assert.deepEqual(assumptions[0], {
      key: 'inputs.x.transform',
      value: 'scaler.pkl',
      basis: 'it lies beside the model and makes the 3 numbers of a row that x takes',
      certainty: 'likely',
    });
  });

  it('is refused where something is guessed and nothing may be', async () => {
    await assert.rejects(
      buildApp({ model: join(path, 'chat'), processes: 1, noCache: true, noGuess: true }).then((one) => one.ready()),
      /inputs\.x\.tokenizer \("words\.pkl"\)/,
    );
  });
});

/** The numbers of both classes where one is given, the second's. */
const bothOf = (numbers: readonly number[]): number[] =>
  numbers.length === 1 ? [1 - numbers[0]!, numbers[0]!] : [...numbers];
