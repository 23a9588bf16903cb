/** The table of other people's models: cards that can be read, questions that can be asked, and the comparison with Keras. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { differences } from '../../scripts/wild/compare.js';
import { absent, asked, askedPlainly, entries } from '../../scripts/wild/entries.js';
import { cellsOf } from '../../scripts/wild/table.js';
import { parseCard } from '../../src/cards/card.js';
import { encodePng } from '../../src/images/png.js';
import { packageRoot } from '../../src/support/package.js';

const all = entries();
const near = { tolerance: 0.01, steps: 1 };

describe('the table of public models', () => {
  it('has cards that can be read, of models that are named to the commit, each with an answer of Keras', () => {
    assert.ok(all.length >= 23);
    for (const { repository, commit, model, card, keras, question } of all) {
      assert.match(commit, /^[0-9a-f]{40}$/, repository);
      assert.ok(model && keras && asked(question), repository);
      assert.deepEqual(parseCard(JSON.stringify(card)), card);
    }
  });

  it('has models of many tasks and owners, none of them twice or absent as well', () => {
    assert.ok(new Set(all.map(({ task }) => task)).size >= 6);
    const names = [...all, ...absent()].map(({ repository }) => repository);
    assert.equal(new Set(names).size, names.length);
    assert.equal(new Set(names.map((name) => name.split('/')[0])).size, names.length);
  });

  it('is in docs/datapoints.md, with what could not be asked', () => {
    const document = readFileSync(join(packageRoot, 'docs/datapoints.md'), 'utf8');
    for (const entry of all) assert.ok(document.includes(`| ${cellsOf(entry).join(' | ')} |`), entry.repository);
    for (const { repository, why } of absent())
      assert.match(document, new RegExp(`^\\| ${repository}\\b.*${why}`, 'm'));
  });

  it('asks for numbers in the order of columns where there is no card', () => {
    const question = { b: 2, x: { wave: [2], mean: 1, by: 0 }, a: 1 };
    const card = parseCard('{"inputs": {"t": {"columns": [{"name": "a"}, {"name": "b"}]}}}');
    const entry = { ...all[0]!, question, card };
    assert.deepEqual(askedPlainly(entry), { t: [1, 2], x: [1, 1] });
  });
});

describe('the comparison with Keras', () => {
  const best = [{ label: 'cat', probability: 0.9 }];

  it('finds what is expected, whatever else there is', async () => {
    const reply = [
      { label: 'cat', probability: 0.905 },
      { label: 'dog', probability: 0.095 },
    ];
    assert.deepEqual(await differences(best, reply, near), []);
    assert.deepEqual(await differences({ y: { value: 300 } }, { y: { value: 302, unit: 'm' }, z: 1 }, near), []);
  });

  it('finds other numbers, names and forms', async () => {
    for (const [reply, difference] of [
      [[{ label: 'cat', probability: 0.88 }], '0.probability: 0.88, not 0.9'],
      [[{ label: 'dog', probability: 0.9 }], '0.label: "dog", not "cat"'],
      [[{ label: 'cat', probability: null }], '0.probability: null, not 0.9'],
      [[], '0: nothing, not {"label":"cat","probability":0.9}'],
      [{}, 'the reply: {}, not [{"label":"cat","probability":0.9}]'],
    ] as const)
      assert.deepEqual(await differences(best, reply, near), [difference]);
  });

  it('takes the place of a label for its name where it is told so', async () => {
    const reply = [{ label: '3', probability: 0.9 }];
    const how = { ...near, insteadOf: (text: string) => (text === 'cat' ? '3' : undefined) };
    assert.deepEqual(await differences(best, reply, how), []);
    assert.equal((await differences([{ label: 'dog', probability: 0.9 }], reply, how)).length, 1);
  });

  it('compares pictures by their mean and by pixels', async () => {
    const data = Uint8Array.of(10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120);
    const reply = { png: encodePng({ width: 2, height: 2, channels: 3, data }).toString('base64') };
    const expect = (mean: number, ...pixels: number[][]) => differences({ png: { mean, pixels } }, reply, near);
    assert.deepEqual(await expect(65.4, [0, 0, 10, 21, 30], [1, 1, 100, 110, 119]), []);
    assert.deepEqual(await expect(65, [0, 1, 40, 50, 62]), ['png: 1 of 1 pixels are others']);
    assert.deepEqual(await expect(60, [0, 1, 40, 50, 60]), ['png: 65.00 on average, not 60.00']);
  });
});
