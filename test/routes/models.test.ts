import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { Compile } from 'typebox/compile';
import { ModelSummary, Models, ModelVersion } from '../../schemas/models.js';
import { imageExample } from '../../schemas/predict.js';
import { byId } from '../../schemas/reference.js';
import { buildApp } from '../../src/app.js';
import { inputKinds, outputKinds } from '../../src/datapoints/kinds.js';
import { inputsOf, isAnswerOf, useModelFolders } from '../helpers/model-folder.js';

const newFolder = useModelFolders();
const labels = ['cat', 'dog', 'parrot'];
const columns = ['age', 'income', 'height', 'weight', 'debts', 'children'].map((name) => ({
  name,
  offset: 5,
  scale: 2,
}));
let app: FastifyInstance;

before(async () => {
  const folder = newFolder();
  folder.put('pets/model.keras', 'functional_residual');
  folder.write('pets/serve.json', JSON.stringify({ description: 'Three of them.', labels }));
  folder.put('houses/1/model.keras', 'sequential');
  folder.put('houses/2/model.keras', 'functional_several_outputs');
  folder.write('houses/3/model.keras', 'half a model');
  folder.put('people/model.keras', 'sequential');
  folder.write('people/serve.json', JSON.stringify({ inputs: { input_layer: { columns } } }));
  folder.write('people/labels.txt', labels.join('\n'));
  folder.write('broken.keras', '');
  app = await buildApp({ model: folder.path, processes: 1, defaultModel: 'pets' });
  await app.ready();
});
after(() => app.close());

const get = async (url: string) => {
  const reply = await app.inject(url);
  return { status: reply.statusCode, body: reply.json(), text: reply.payload };
};
const available = { state: 'AVAILABLE' };

describe('GET /models', () => {
  it('lists every model with its versions, those that can’t be loaded too', async () => {
    const { status, body, text } = await get('/models');
    assert.equal(status, 200);
    const [broken, houses, people, pets] = body.models;
    assert.deepEqual([body.success, body.models.length], [true, 4]);
    assert.equal(people.takes_images, false);
    assert.equal(broken.versions[0].error.code, 'model_format_unknown');
    assert.match(broken.versions[0].error.message, /^The file is empty/);
    assert.deepEqual(
      houses.versions.map(({ version, state, error }: ModelVersion) => [
        version,
        state,
        ...(error ? [error.code] : []),
      ]),
      [
        [3, 'END', 'model_format_unknown'],
        [2, 'AVAILABLE'],
        [1, 'AVAILABLE'],
      ],
    );
    const versions = [{ version: 1, ...available }];
    assert.deepEqual(pets, { name: 'pets', default: true, takes_images: true, versions });
    assert.deepEqual([houses.default, houses.takes_images], [false, false]);
    assert.doesNotMatch(text, /[/\\]|keras-serve/);
  });

  it('is as its schema says', async () => {
    const { body } = await get('/models');
    const validator = Compile(byId(ModelVersion, ModelSummary), Models);
    assert.deepEqual([...validator.Errors(body)], []);
  });
});

describe('GET /models/{name}', () => {
  it('says what a model of images takes and gives', async () => {
    const { body } = await get('/models/pets');
    const { routes, ...rest } = body;
    assert.deepEqual(rest, {
      name: 'pets',
      default: true,
      takes_images: true,
      versions: [{ version: 1, ...available }],
      version: 1,
      description: 'Three of them.',
      inputs: [
        {
          name: 'input_layer',
          dtype: 'float32',
          shape: [null, 8, 8, 3],
          kind: 'image',
          card: { size: [8, 8], resize: 'stretch', interpolation: 'bicubic', scaling: 'unit' },
        },
      ],
      outputs: [{ name: 'dense', dtype: 'float32', shape: [null, 3], kind: 'classes', card: { labels } }],
      assumptions: [
        ['input_layer.kind', 'image', "its shape is a picture's with channels", 'likely'],
        ['input_layer.scaling', 'unit', 'nothing in the model says otherwise', 'guess'],
        ['input_layer.resize', 'stretch', "that is Pillow's own", 'guess'],
        ['input_layer.interpolation', 'bicubic', "that is Pillow's own", 'guess'],
      ].map(([place, value, basis, certainty]) => {
        const side = place!.startsWith('input') ? 'inputs' : 'outputs';
        return { key: `${side}.${place}`, value, basis, certainty };
      }),
      anomalies: [],
      image: { height: 8, width: 8, channels: 3 },
      example: imageExample,
      label_count: 3,
      labels,
      success: true,
    });
    assert.equal(routes.predict, '/models/pets/predict');
    assert.equal(routes.tensorflow_serving, '/v1/models/pets');
    assert.equal(routes.open_inference_protocol, '/v2/models/pets');
  });

  it('has what a form can be built of: the columns of a table, and labels that were found beside the model', async () => {
    const { body } = await get('/models/people');
    const [input] = body.inputs;
    assert.deepEqual([input.kind, input.card], ['table', { columns }]);
    const [output] = body.outputs;
    assert.deepEqual([output.kind, output.card], ['classes', { labels }]);
    assert.deepEqual([body.labels, body.label_count, body.takes_images, body.image], [labels, 3, false, undefined]);
    assert.deepEqual(body.assumptions.at(-1), {
      key: 'outputs.dense_1.labels',
      value: labels,
      basis: 'it lies beside the model',
      certainty: 'likely',
    });
  });

  it('names the kinds that there are', async () => {
    const { ModelTensor } = (await get('/openapi.json')).body.components.schemas;
    for (const { name } of [...inputKinds, ...outputKinds])
      assert.match(ModelTensor.properties.kind.description, new RegExp(`\\b${name}\\b`));
  });

  it('is about the newest version that can predict, and about any by its number', async () => {
    const newest = (await get('/models/houses')).body;
    assert.deepEqual([newest.version, newest.outputs.length, newest.labels], [2, 3, undefined]);
    const first = (await get('/models/houses/versions/1')).body;
    assert.deepEqual([first.version, first.outputs.length, first.versions.length], [1, 1, 3]);
    assert.equal(first.routes.predict, '/models/houses/versions/1/predict');
    const broken = (await get('/models/houses/versions/3')).body;
    assert.deepEqual([broken.version, broken.inputs, broken.versions[0].state], [undefined, undefined, 'END']);
  });

  it('gives addresses that work', async () => {
    for (const url of ['/models/pets', '/models/houses', '/models/houses/versions/1']) {
      const { predict, ...others } = (await get(url)).body.routes;
      assert.equal((await app.inject({ method: 'POST', url: predict })).statusCode, 400);
      for (const address of Object.values<string>(others)) assert.equal((await get(address)).status, 200, address);
    }
  });

  const unknown: [url: string, status: number, code: string][] = [
    ['/models/nothing', 404, 'model_unknown'],
    ['/models/Pets', 404, 'model_unknown'],
    ['/models/..%2f', 404, 'model_unknown'],
    ['/models/..%2f..%2fetc%2fpasswd', 404, 'model_unknown'],
    ['/models/pets%00', 404, 'model_unknown'],
    ['/models/p%C3%A9ts', 404, 'model_unknown'],
    ['/models/__proto__', 404, 'model_unknown'],
    ['/models/pets%2fversions%2f1', 404, 'model_unknown'],
    ['/models/%ff', 400, 'url_invalid'],
    [`/models/${'a'.repeat(100)}`, 404, 'model_unknown'],
    [`/models/${'a'.repeat(1300)}`, 400, 'url_invalid'],
    ['/models/pets/versions/2', 404, 'model_version_unknown'],
    ['/models/nothing/versions/1', 404, 'model_unknown'],
    ['/models/pets/versions/one', 400, 'url_invalid'],
    ['/models/pets/versions/-1', 400, 'url_invalid'],
    ['/models/pets/versions/1.5', 400, 'url_invalid'],
    ['/models/pets/versions/99999999999999999999', 404, 'model_version_unknown'],
  ];
  for (const [url, status, code] of unknown) {
    it(`answers ${status} to ${url.slice(0, 60)}`, async () => {
      const reply = await get(url);
      assert.deepEqual([reply.status, reply.body.error.code], [status, code]);
      assert.doesNotMatch(reply.text, /\/etc\/passwd.*\/etc\/passwd|keras-serve-/);
    });
  }

  it('says which model was probably meant by a name that none has', async () => {
    for (const [name, meant] of [
      ['Pets', 'pets'],
      ['pet', 'pets'],
      ['huoses', 'houses'],
    ]) {
      const told = `There is no model "${name}". Did you mean "${meant}"?`;
      for (const url of [`/models/${name}`, `/models/${name}/versions/1`]) {
        assert.equal((await get(url)).body.error.message, told);
      }
      const asked = await app.inject({ method: 'POST', url: `/models/${name}/predict`, payload: {} });
      assert.equal(asked.json().error.message, told);
    }
    assert.equal((await get('/models/nothing')).body.error.message, 'There is no model "nothing".');
  });

  it('is to be asked with GET', async () => {
    const reply = await app.inject({ method: 'DELETE', url: '/models/pets' });
    assert.deepEqual([reply.statusCode, reply.headers.allow], [405, 'GET, HEAD']);
  });
});

describe('several models', () => {
  it('predict each by its name and version', async () => {
    const inputs = inputsOf('sequential').input_layer!;
    const [rows, columns] = inputs.shape as [number, number];
    const numbers = Array.from(inputs.data as Float32Array);
    const instances = Array.from({ length: rows }, (_, row) => numbers.slice(row * columns, (row + 1) * columns));
    const url = '/models/houses/versions/1/predict';
    const { predictions } = (await app.inject({ method: 'POST', url, payload: { instances } })).json();
    const numbersOf = (row: { label: string; probability: number }[]) =>
      row.sort((one, other) => Number(one.label) - Number(other.label)).map(({ probability }) => probability);
    assert.ok(isAnswerOf('sequential', predictions.flatMap(numbersOf)));
  });

  it('answer 503 where one can’t be loaded, and are ready all the same', async () => {
    const reply = await app.inject({ method: 'POST', url: '/models/broken/predict', payload: { instances: [1] } });
    assert.deepEqual([reply.statusCode, reply.json().error.code], [503, 'model_not_ready']);
    assert.match(reply.json().error.message, /GET \/models\/broken says why/);
    assert.equal((await app.inject('/health/ready')).statusCode, 200);
  });

  it('have their own figures', async () => {
    const figures = async () => {
      const lines = (await app.inject('/metrics')).payload.split('\n').map((line) => line.split(' '));
      return (series: string) => Number(lines.find(([name]) => name === series)?.[1]);
    };
    const before = await figures();
    const { headers } = await app.inject({
      method: 'POST',
      url: '/models/houses/versions/1/predict',
      payload: { instances: [[1, 2, 3, 4, 5, 6]] },
    });
    const figure = await figures();
    // Seconds here, milliseconds with one digit behind the point there.
    const sum = 'keras_serve_stage_duration_seconds_sum{model="houses",stage="inference"}';
    const milliseconds = 1000 * (figure(sum) - (before(sum) || 0));
    const [, told] = /inference;dur=([\d.]+)/.exec(String(headers['server-timing']))!;
    assert.ok(Math.abs(milliseconds - Number(told)) < 0.06, `${milliseconds} for ${told}`);
    assert.equal(figure('keras_serve_model_state{model="houses",version="2",state="AVAILABLE"}'), 1);
    assert.equal(figure('keras_serve_model_state{model="houses",version="3",state="AVAILABLE"}'), 0);
    assert.equal(figure('keras_serve_model_state{model="houses",version="3",state="END"}'), 1);
    const { assumptions } = (await app.inject('/models/houses/versions/2')).json() as {
      assumptions: { certainty: string }[];
    };
    assert.ok(assumptions.length > 0);
    for (const { certainty } of assumptions)
      assert.equal(
        figure(`keras_serve_assumptions{model="houses",version="2",certainty="${certainty}"}`),
        assumptions.filter((one) => one.certainty === certainty).length,
      );
    assert.equal(figure('keras_serve_model_load_failures_total{model="broken",version="1"}'), 1);
    assert.equal(figure('keras_serve_model_load_failures_total{model="pets",version="1"}'), 0);
    assert.equal(figure('keras_serve_queue_depth{model="pets"}'), 0);
    assert.ok(figure('keras_serve_batch_size_count{model="houses"}') > 0);
    assert.ok(figure('keras_serve_stage_duration_seconds_count{model="houses",stage="inference"}') > 0);
  });
});
