import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { inputKinds, outputKinds } from '../../src/datapoints/kinds.js';
import { largestFloat32 } from '../../src/datapoints/number-types.js';
import { inputWords, outputWords } from '../../src/http/model-texts.js';
import { packageRoot } from '../../src/support/package.js';
import { formOf } from '../helpers/form.js';
import { columns, labelled, useManyModels } from '../helpers/many-models.js';
import { validatorOf } from '../helpers/openapi.js';

const served = useManyModels();

describe('the OpenAPI document of many models', () => {
  const models = () =>
    Object.entries(served().document.paths).filter(([path]) => /^\/models\/[^{]+\/predict$/.test(path));

  it('has an operation for each model and version, each of its own name', () => {
    const names = [...served().cases.keys(), ...Object.keys(labelled), 'efficientnet-lite0', 'people'].sort();
    const newest = models().filter(([path]) => !path.includes('/versions/'));
    assert.deepEqual(newest.map(([path]) => path.split('/')[2]).sort(), names);
    const ids = Object.values(served().document.paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    );
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(
      ids.every((id) => /^[A-Za-z]\w*$/.test(id)),
      ids.join(),
    );
  });

  it('has examples that work, by schemas that they and the replies keep to', async () => {
    for (const [path, { post }] of [...models(), ['/predict', served().document.paths['/predict']!] as const]) {
      const { schema, example } = post.requestBody.content['application/json']!;
      const request = validatorOf(served().document, schema);
      assert.ok(request.Check(example), `${path}: ${JSON.stringify(request.Errors(example)[0])}`);
      const reply = await served().app.inject({ method: 'POST', url: path, payload: example as object });
      assert.equal(reply.statusCode, 200, `${path}: ${reply.payload}`);
      const replies = validatorOf(served().document, post.responses['200']!.content['application/json']!.schema);
      assert.ok(replies.Check(reply.json()), `${path}: ${JSON.stringify(replies.Errors(reply.json())[0])}`);
    }
  });

  it('says the shapes, types and names of a model', () => {
    const { TwoInputsDatapoint, TwoInputsRequest } = served().document.components.schemas;
    assert.deepEqual((TwoInputsRequest as { required: string[] }).required, ['instances']);
    assert.deepEqual((TwoInputsDatapoint as { required: string[] }).required, ['age', 'sensor']);
    const { FunctionalDictsValue, SequentialValue } = served().document.components.schemas;
    assert.equal(FunctionalDictsValue, undefined, 'it has several inputs');
    assert.deepEqual(SequentialValue, {
      description: '`float32`, shape (any, 6)',
      type: 'array',
      items: { type: 'number', format: 'float', minimum: -largestFloat32, maximum: largestFloat32 },
      minItems: 6,
      maxItems: 6,
    });
    assert.deepEqual(served().document.paths['/models/iris-labels/predict']!.post.parameters[0]!.schema.maximum, 3);
    // It has softmax, and this one nothing that tells of labels.
    assert.deepEqual(served().document.paths['/models/sequential/predict']!.post.parameters[0]!.schema.maximum, 3);
    // Those of the query are for kinds that this model has not.
    const { parameters } = served().document.paths['/models/half_plus_two/predict']!.post;
    assert.deepEqual(
      parameters.map(({ name }) => name),
      ['Prefer', 'Idempotency-Key'],
    );
  });

  it('says what a model does, from the kinds of what it takes and gives', () => {
    const summaries: Record<string, string> = {
      half_plus_two: 'Run the model on numbers',
      'iris-labels': 'Classify numbers',
      'two-labels': 'Choose between two labels for 2 images',
      functional_several_inputs: 'Run the model on an image, numbers and a sequence',
      'efficientnet-lite0': 'Classify an image',
      people: 'Classify named values',
    };
    const found = Object.keys(summaries).map((name) => [
      name,
      served().document.paths[`/models/${name}/predict`]!.post.summary,
    ]);
    assert.deepEqual(Object.fromEntries(found), summaries);
    for (const { name } of inputKinds) assert.ok(inputWords[name], name);
    for (const { name } of outputKinds) assert.ok(outputWords[name], name);
  });

  it('lists every guess', () => {
    const { description } = served().document.paths['/models/two-labels/predict']!.post;
    assert.match(description, /are guesses, which may be wrong: `serve\.json` can say/);
    assert.match(description, /^- `inputs\.left\.scaling`: .+, for the batch normalization behind "conv2d" has seen/m);
    assert.doesNotMatch(description, /^- `outputs/m);
    assert.doesNotMatch(served().document.paths['/predict']!.post.description, /guess/);
  });

  it('has named columns, forms and CSV of a table, all of which work', async () => {
    const { content } = served().document.paths['/models/people/predict']!.post.requestBody;
    assert.deepEqual(Object.keys(content), ['application/json', 'multipart/form-data', 'text/csv']);
    const form = content['multipart/form-data']!.schema as { required: string[]; properties: object };
    assert.deepEqual([form.required, Object.keys(form.properties)], [columns, columns]);
    assert.match(JSON.stringify(content['text/csv']), /columns `age`, `income`/);
    const { app } = served();
    const url = '/models/people/predict';
    const fields = columns.map((name) => [name, '1'] as const);
    const [one, several] = await Promise.all([
      app.inject({ method: 'POST', url, ...(await formOf(...fields)) }),
      app.inject({
        method: 'POST',
        url,
        payload: `${columns.join()}\n${columns.map(() => 1).join()}\n`,
        headers: { 'content-type': 'text/csv' },
      }),
    ]);
    assert.deepEqual([one.statusCode, several.statusCode], [200, 200], one.payload + several.payload);
    assert.deepEqual(several.json().predictions, [one.json().predictions]);
  });

  it('has a file for each image in a form', async () => {
    const url = '/models/two-labels/predict';
    const { content } = served().document.paths[url]!.post.requestBody;
    const form = content['multipart/form-data']!.schema as { properties: Record<string, { format?: string }> };
    assert.deepEqual(
      Object.entries(form.properties).map(([name, { format }]) => [name, format]),
      [
        ['left', 'binary'],
        ['right', 'binary'],
      ],
    );
  });

  it('passes a linter', () => {
    const file = join(served().folder, 'openapi.json');
    writeFileSync(file, JSON.stringify(served().document));
    const linter = join(packageRoot, 'node_modules', '.bin', 'redocly');
    const { stdout, stderr } = spawnSync(linter, ['lint', file, '--format', 'json'], {
      cwd: packageRoot,
      encoding: 'utf8',
      env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
    });
    const report = JSON.parse(stdout.slice(stdout.indexOf('{')));
    assert.deepEqual(report.totals, { errors: 0, warnings: 0, ignored: 0 }, stdout.slice(0, 2000) + stderr);
  });
});
