/** What files beside a model plainly say of its answers: units and names. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ModelCard } from '../../schemas/card.js';
import { contentOfMlflow } from '../../src/cards/beside/mlflow.js';
import { contentOfJson } from '../../src/cards/beside/side-content.js';
import { loadModel } from '../../src/index.js';
import { assumed, copyOf, inferred, warnings } from '../helpers/side-cards.js';

/** The form of MLflow's file: a schema is JSON in a text, which YAML breaks into lines. */
const mlmodel = (inputs: string, outputs: string) => `artifact_path: model
flavors:
  keras:
    data: data
    keras_version: 3.5.0
mlflow_version: 2.16.0
signature:
  inputs: '${inputs}'
  outputs: '${outputs}'
  params: null
utc_time_created: '2026-01-15 10:00:00.000000'
`;
const named = mlmodel(
  '[{"type": "double", "name": "area", "required": true}, {"type": "long",\n    "name": "rooms", "required": true}, {"type": "long", "name":\n    "year", "required": true}]',
  '[{"type": "double", "name": "price", "required": true}]',
);
const tensors = mlmodel(
  '[{"name": "x", "type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3]}}]',
  '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 1]}}]',
);

const metadata = (said: object) => ({ 'metadata.json': JSON.stringify(said) });

describe('what is said of a number', () => {
  it('is its unit and its name, which replies have', async () => {
    const path = copyOf('houses', metadata({ target: 'price', unit: 'EUR', accuracy: 0.9 }));
    const card = await inferred(path);
    assert.deepEqual(assumed(card)['outputs.y.unit'], ['EUR', 'likely']);
    assert.deepEqual(assumed(card)['outputs.y.name'], ['price', 'likely']);
    assert.deepEqual(assumed(card)['outputs.y.transform'], ['y_scaler.joblib', 'likely']);
    assert.deepEqual(warnings(card), []);
    const model = await loadModel(path, { cacheFolder: null, processes: 1 });
    try {
      assert.deepEqual(
        ((await model.ask([[80, 3, 1990]])) as { unit: string }[]).map(({ unit }) => unit),
        ['EUR'],
      );
    } finally {
      await model.close();
    }
  });

  it('is nothing where two files differ, and what the card says wins', async () => {
    const two = { ...metadata({ unit: 'EUR' }), 'info.json': '{"unit": "USD"}' };
    const card = await inferred(copyOf('houses', two));
    assert.equal(assumed(card)['outputs.y.unit'], undefined);
    const said = await inferred(copyOf('houses', metadata({ unit: 'EUR', target: 'price' })), {
      outputs: { y: { unit: 'dollars' } },
    } as unknown as ModelCard);
    assert.equal(assumed(said)['outputs.y.unit'], undefined);
    assert.deepEqual(assumed(said)['outputs.y.name'], ['price', 'likely']);
  });

  it('is nothing that isn’t said plainly', async () => {
    for (const said of [
      { unit: 5 },
      { units: 'metric' },
      { unit: '' },
      { unit: 'thousands of US dollars of the year 1990' },
      { description: 'gives the price in EUR' },
      { target_names: ['price', 'rent'] },
      { target_names: ['price', 5] },
    ]) {
      const { 'outputs.y.unit': unit, 'outputs.y.name': name } = assumed(
        await inferred(copyOf('houses', metadata(said))),
      );
      assert.deepEqual([unit, name], [undefined, undefined], JSON.stringify(said));
    }
  });

  it('is nothing of classes, whose labels are called so, too', async () => {
    const card = await inferred(copyOf('flowers', metadata({ target_names: ['a', 'b', 'c'], unit: 'cm' })));
    assert.deepEqual(
      Object.keys(assumed(card)).filter((key) => /unit|names?$/.test(key)),
      [],
    );
  });
});

describe('what MLflow says of a model', () => {
  it('are the names of its columns and answers, where its signature has them', async () => {
    const card = await inferred(copyOf('houses', { 'x_scaler.pkl': null, MLmodel: named }));
    assert.deepEqual(assumed(card)['inputs.x.columns'], [['area', 'rooms', 'year'], 'likely']);
    assert.deepEqual(assumed(card)['outputs.y.name'], ['price', 'likely']);
    assert.deepEqual(warnings(card), []);
  });

  it('is nothing where it is of tensors, or is something else', () => {
    assert.equal(contentOfMlflow(tensors), undefined);
    for (const text of ['', '5', 'signature: 5', 'signature:\n  inputs: "["', "signature:\n  inputs: '[5]'"])
      assert.equal(contentOfMlflow(text), undefined, text);
    assert.deepEqual(contentOfMlflow('a: [b'), { what: "isn't YAML" });
  });

  it('is looked at within bounds', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefgh'].map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[index]}`)}]`).join('\n')}`;
    assert.deepEqual(contentOfMlflow(bomb), { what: "isn't YAML" });
  });
});

it('a file of JSON that says nothing of a model is about something else', () => {
  assert.equal(contentOfJson('{"targets": [], "unit": " ", "outputs": [{"name": "y"}]}'), undefined);
  assert.deepEqual(contentOfJson('{"outputs": ["low", "high"], "target_unit": "°C"}'), {
    what: 'holds what is said of a model',
    unit: '°C',
    targets: ['low', 'high'],
  });
});
