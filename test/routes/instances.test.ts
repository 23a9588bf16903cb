import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import { writePredictions } from '../../src/protocols/predict/reply.js';
import type { Signature } from '../../src/support/tensor.js';
import { bundledModel, photo } from '../helpers/app.js';
import { as, decode, type FixtureCase, nested } from '../helpers/fixtures.js';
import { form } from '../helpers/form.js';
import { useManyModels } from '../helpers/many-models.js';

const served = useManyModels();

const predict = async (name: string, payload: unknown, query = '') => {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const headers = { 'content-type': 'application/json' };
  const url = name === '' ? `/predict${query}` : `/models/${name}/predict${query}`;
  const reply = await served().app.inject({ method: 'POST', url, headers, payload: text });
  return { status: reply.statusCode, body: reply.json(), text: reply.payload };
};

/** The message of a request that is refused with 400. */
async function refusal(name: string, payload: unknown, code = 'instances_invalid'): Promise<string> {
  const { status, body, text } = await predict(name, payload);
  assert.equal(status, 400, text);
  assert.equal(body.error.code, code, text);
  return body.error.message;
}

/** What Keras was given for a case, as JSON has it: a whole input for each name. */
function columnsOf({ inputs }: FixtureCase, model: Pick<Signature, 'inputs'>): Record<string, unknown[]> {
  return Object.fromEntries(
    model.inputs.map(({ name }, index) => {
      const recorded = inputs.find((one) => one.name === name) ?? inputs[index]!;
      return [name, nested(decode(recorded)) as unknown[]];
    }),
  );
}

/** The same row by row: what stands for a row alone where there is one input, else an object by their names. */
function rowsOf(columns: Record<string, unknown[]>): unknown[] {
  const names = Object.keys(columns);
  return columns[names[0]!]!.map((row, index) =>
    names.length === 1 ? row : Object.fromEntries(names.map((name) => [name, columns[name]![index]])),
  );
}

/** Compares replies, numbers nearly; labels that are as likely as others in any order. */
function assertClose(actual: unknown, expected: unknown, where: string): void {
  if (typeof expected === 'number') {
    const least = 1e-4 * Math.max(1, Math.abs(expected));
    assert.ok(
      typeof actual === 'number' && Math.abs(actual - expected) < least,
      `${where}: ${actual}, not ${expected}`,
    );
    return;
  }
  if (typeof expected !== 'object' || expected === null) {
    assert.equal(actual, expected, where);
    return;
  }
  const [given, wanted] = [actual, expected].map((json) =>
    isLabels(json) ? json.toSorted(byLabel) : json,
  ) as object[];
  assert.deepEqual(Object.keys(given!), Object.keys(wanted!), where);
  for (const [key, value] of Object.entries(wanted!))
    assertClose((given as Record<string, unknown>)[key], value, `${where}.${key}`);
}

const isLabels = (json: unknown): json is { label: string }[] => Array.isArray(json) && json[0]?.label !== undefined;
const byLabel = (one: { label: string }, other: { label: string }) => (one.label < other.label ? -1 : 1);

describe('POST /models/{name}/predict with instances', () => {
  it('gives what Keras gives, for every model', async () => {
    for (const [name, one] of served().cases) {
      // Numbers of JSON end where a double no longer counts exactly.
      if (name === 'every_type') continue;
      const model = kerasServeOf(served().app).catalog.find(name);
      const rows = rowsOf(columnsOf(one, model));
      const { status, body, text } = await predict(name, { instances: rows });
      assert.equal(status, 200, `${name}: ${text}`);
      // What Keras gave, as the kinds of the outputs write it.
      const { outputs: infos, kinds } = model;
      const outputs = Object.fromEntries(
        infos.map(({ name, type }, index) => [name, as(decode(one.outputs[index]!), type)]),
      );
      const texts = writePredictions({ outputs, infos, kinds: kinds.outputs, maxSize: 2 ** 30 });
      assertClose(body, JSON.parse(Buffer.concat(texts).toString()), name);
    }
  });

  it('takes whole inputs by name', async () => {
    const columns = columnsOf(served().cases.get('two_inputs')!, kerasServeOf(served().app).catalog.find('two_inputs'));
    const rows = await predict('two_inputs', { instances: rowsOf(columns) });
    assert.equal(rows.status, 200);
    assert.deepEqual((await predict('two_inputs', columns)).body, rows.body);
  });

  it('takes and gives every type', async () => {
    const row = {
      bool_in: [true, false, true],
      float32_in: [0.1, -2.5, 1e30],
      int16_in: [-32768, 32767, 0],
      int32_in: [-(2 ** 31), 2 ** 31 - 1, 0],
      int64_in: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 0],
      int8_in: [-128, 127, 0],
      uint16_in: [0, 65535, 1],
      uint32_in: [0, 2 ** 32 - 1, 1],
      uint64_in: [0, Number.MAX_SAFE_INTEGER, 1],
      uint8_in: [0, 255, 1],
    };
    const { body } = await predict('every_type', { instances: [row, row] });
    const expected = Object.fromEntries(
      Object.entries(row).map(([name, values]) => [name.replace('_in', '_out'), values]),
    );
    assert.equal(body.predictions.length, 2);
    assert.deepEqual(body.predictions[1], { ...expected, float32_out: [Math.fround(0.1), -2.5, Math.fround(1e30)] });
  });

  it('takes scalars, one by one and as the default model', async () => {
    for (const name of ['', 'half_plus_two', 'half_plus_two/versions/1'])
      assert.deepEqual((await predict(name, { instances: [1, 2, 5] })).body, {
        predictions: [2.5, 3, 4.5],
        success: true,
      });
    assert.deepEqual((await predict('', [1])).body.predictions, [2.5]);
    assert.deepEqual((await predict('', { x: [1] })).body.predictions, [2.5]);
  });

  it('gives null for NaN and infinities', async () => {
    const rows = [Array(5).fill(3e38), Array(5).fill(-3e38)];
    const infinite = (await predict('dense_exponential', { instances: rows })).body.predictions.flat();
    assert.ok(infinite.includes(null) && infinite.includes(0), JSON.stringify(infinite));
    const noNumbers = (await predict('unsure', { instances: rows })).body.predictions;
    for (const row of noNumbers)
      for (const { label, probability } of row) {
        assert.equal(typeof label, 'string');
        assert.ok(probability === null || probability >= 0);
      }
    assert.ok(noNumbers.flat().some(({ probability }: { probability: unknown }) => probability === null));
  });

  it('gives labels where the card has them, as many as are asked for', async () => {
    const instances = [
      [1, 2, 3, 4, 5, 6],
      [6, 5, 4, 3, 2, 1],
    ];
    const { body } = await predict('iris-labels', { instances });
    const raw = await predict('sequential_input_shape', { instances });
    for (const [index, row] of body.predictions.entries()) {
      const scores: number[] = raw.body.predictions[index];
      const names = ['setosa', 'versicolor', 'virginica'];
      const expected = scores
        .map((probability, label) => ({ label: names[label], probability }))
        .sort((a, b) => b.probability - a.probability);
      assert.deepEqual(row, expected);
    }
    const { body: one } = await predict('iris-labels', { instances }, '?top_k=1');
    assert.deepEqual(
      one.predictions,
      body.predictions.map(([first]: unknown[]) => [first]),
    );
    assert.equal((await predict('iris-labels', { instances }, '?top_k=4')).body.error.code, 'query_invalid');
    assert.match((await predict('', { instances: [1] }, '?top_k=1')).body.error.message, /"top_k" is for models that/);
  });

  it('gives both labels of a model with one score', async () => {
    const columns = columnsOf(
      served().cases.get('functional_siamese')!,
      kerasServeOf(served().app).catalog.find('two-labels'),
    );
    const instances = rowsOf(columns);
    const { body } = await predict('two-labels', { instances });
    for (const row of body.predictions) {
      assert.deepEqual(row.map(({ label }: { label: string }) => label).sort(), ['no', 'yes']);
      assert.ok(Math.abs(row[0].probability + row[1].probability - 1) < 1e-6);
    }
  });
});

describe('instances that are refused', () => {
  const cases: [name: string, model: string, payload: unknown, message: RegExp][] = [
    [
      'a string for a number',
      'sequential',
      { instances: [[1, 2, 'a', 4, 5, 6]] },
      /^instances\[0\]\[2\] should be a number/,
    ],
    [
      'a ragged row',
      'sequential',
      { instances: [[1, 2, 3, 4, 5, 6], [1]] },
      /^instances\[1\] should be an array of 6 numbers, but is an array of 1 element/,
    ],
    ['a null', 'sequential', { instances: [[1, 2, null, 4, 5, 6]] }, /\[2\] should be .*, but is null/],
    [
      'what Python writes for NaN',
      'sequential',
      '{"instances": [[1, 2, 3, NaN, 5, 6]]}',
      /^instances\[0\]\[3\] should be .*, but is NaN/,
    ],
    [
      'what Python writes for infinity',
      'sequential',
      '{"instances": [[1, 2, 3, -Infinity, 5, 6]]}',
      /\[3\] should be .*, but is -Infinity/,
    ],
    [
      'a number past a float32',
      'sequential',
      '{"instances": [[1, 2, 3, 1e39, 5, 6]]}',
      /\[3\] should be .*, but is 1e\+39/,
    ],
    [
      'a number past a float64',
      'sequential',
      '{"instances": [[1, 2, 3, 1e400, 5, 6]]}',
      /^instances\[0\]\[3\] should be .*, but is 1e400\.$/,
    ],
    [
      'a row too deep',
      'sequential',
      { instances: [[[1, 2, 3, 4, 5, 6]]] },
      /^instances\[0\] should be an array of 6 numbers, but is an array of 1 element/,
    ],
    ['no instances', 'sequential', { instances: [] }, /one element or more/],
    [
      'another key',
      'sequential',
      { instances: [[1, 2, 3, 4, 5, 6]], signature_name: 'a' },
      /signature_name is not known/,
    ],
    [
      'a missing input',
      'two_inputs',
      { instances: [{ age: 3 }] },
      /^instances\[0\]\.sensor is missing\. .*"age", "sensor"/,
    ],
    [
      'an unknown input',
      'two_inputs',
      {
        instances: [
          {
            age: 3,
            sensor: [
              [1, 2],
              [3, 4],
            ],
            shoe: 1,
          },
        ],
      },
      /^instances\[0\]\.shoe is no input/,
    ],
    [
      'columns of other lengths',
      'two_inputs',
      {
        age: [3, 4],
        sensor: [
          [
            [1, 2],
            [3, 4],
          ],
        ],
      },
      /^sensor should have as many rows as age/,
    ],
  ];
  for (const [name, model, payload, message] of cases)
    it(`says where: ${name}`, async () => assert.match(await refusal(model, payload), message));

  it('says what the model takes', async () => {
    assert.match(
      await refusal('sequential', {}, 'body_invalid'),
      /"instances".*\{"instances": \[\.\.\.\]\}, where each instance is an array of 6 numbers\.$/,
    );
    assert.match(
      await refusal('two_inputs', { image: 'aGk=' }, 'model_takes_no_images'),
      /an object with "age": .*; "sensor": /,
    );
    const image = await served().app.inject({
      method: 'POST',
      url: '/models/sequential/predict',
      ...form(photo('cat.jpg')),
    });
    assert.equal(image.json().error.code, 'model_takes_no_images');
    assert.match(image.json().error.message, /an array of 6 numbers/);
    const nothing = await served().app.inject({ method: 'POST', url: '/models/sequential/predict' });
    assert.match(nothing.json().error.message, /^The request is empty\. Send JSON/);
  });

  /** The example of a model with tokens, with others. */
  const withTokens = (tokens: number[]) => {
    const { example } = served().document.paths['/models/functional_several_inputs/predict']!.post.requestBody.content[
      'application/json'
    ] as { example: { instances: [object] } };
    return { instances: [{ ...example.instances[0], tokens }] };
  };

  it('says where: a fraction for an integer', async () => {
    const message = await refusal('functional_several_inputs', withTokens([1, 2, 3, 4, 0.5]));
    assert.match(message, /^instances\[0\]\.tokens\[4\] should be a whole number/);
  });

  it('says what the engine has against an index that is out of bounds', async () => {
    const far = withTokens([1, 2, 3, 4, 2 ** 31 - 1]);
    const message = await refusal('functional_several_inputs', far, 'instances_refused');
    assert.match(message, /out of/);
    assert.doesNotMatch(message, /\/|\.cc/);
  });

  it('knows which models there are', async () => {
    const answers = await Promise.all(
      ['nobody', 'sequential/versions/2', 'sequential/versions/newest'].map((name) => predict(name, {})),
    );
    assert.deepEqual(
      answers.map(({ status, body }) => [status, body.error.code]),
      [
        [404, 'model_unknown'],
        [404, 'model_version_unknown'],
        [404, 'model_version_unknown'],
      ],
    );
    const reply = await served().app.inject('/models/sequential/predict');
    assert.equal(reply.statusCode, 405);
    assert.equal(reply.headers.allow, 'POST');
  });
});

describe('images among other models', () => {
  const image = photo('cat.jpg').toString('base64');
  const name = bundledModel.split(/[\\/]/).at(-1)!;

  it('are taken several at once', async () => {
    const single = (await predict(name, { image })).body.predictions;
    const { body, text } = await predict(name, { instances: [{ b64: image }, { b64: image }] }, '?top_k=3');
    assert.equal(body.predictions.length, 2, text);
    for (const row of body.predictions)
      assert.deepEqual(
        row.map(({ label }: { label: string }) => label),
        single.slice(0, 3).map(({ label }: { label: string }) => label),
      );
  });

  it('are refused one by one', async () => {
    assert.match(await refusal(name, { instances: [{ b64: image }, { b64: 5 }] }), /^instances\[1\] should be \{"b64"/);
    assert.match(
      await refusal(name, { instances: [{ b64: image }, { b64: '!' }] }, 'base64_invalid'),
      /^instances\[1\]\.b64/,
    );
    assert.match(await refusal(name, { instances: Array(129).fill({ b64: '' }) }), /at most 128 images/);
    assert.match(
      await refusal(name, { instances: [{ b64: image }, { b64: 'aGVsbG8gdGhlcmU=' }] }, 'image_invalid'),
      /^image 2 of 2: .*JPEG/,
    );
  });

  it('are taken as the tensors that they become', async () => {
    const { size } = kerasServeOf(served().app).catalog.find(name).image!;
    const black = Array.from({ length: size[0] }, () => Array.from({ length: size[1] }, () => [-1, -1, -1]));
    const { body } = await predict(name, { instances: [black] });
    assert.equal(body.predictions.length, 1);
    assert.equal(body.predictions[0].length, 5);
  });
});
