import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { largestFloat32 } from '../../src/catalog/json-tensor.js';
import { packageRoot } from '../../src/package.js';
import { labelled, useManyModels } from '../helpers/many-models.js';
import { validatorOf } from '../helpers/openapi.js';

const served = useManyModels();

describe('the OpenAPI document of many models', () => {
  const models = () =>
    Object.entries(served().document.paths).filter(([path]) => /^\/models\/[^{]+\/predict$/.test(path));

  it('has an operation for each model and version, each of its own name', () => {
    const names = [...served().cases.keys(), ...Object.keys(labelled), 'efficientnet-lite0'].sort();
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
    const schema = served().document.components.schemas.TwoInputsRequest as {
      properties: { instances: { items: object } };
    };
    assert.deepEqual(schema.properties.instances.items, {
      type: 'object',
      required: ['age', 'sensor'],
      properties: {
        age: {
          anyOf: [
            { type: 'number', format: 'float', minimum: -largestFloat32, maximum: largestFloat32 },
            {
              type: 'array',
              items: {
                type: 'number',
                format: 'float',
                minimum: -largestFloat32,
                maximum: largestFloat32,
              },
              minItems: 1,
              maxItems: 1,
            },
          ],
          description: '`float32`, shape (any, 1)',
        },
        sensor: {
          type: 'array',
          items: {
            type: 'array',
            items: { type: 'number', format: 'float', minimum: -largestFloat32, maximum: largestFloat32 },
            minItems: 2,
            maxItems: 2,
          },
          minItems: 2,
          maxItems: 2,
          description: '`float32`, shape (any, 2, 2)',
        },
      },
      additionalProperties: false,
    });
    assert.deepEqual(served().document.paths['/models/iris-labels/predict']!.post.parameters[0]!.schema.maximum, 3);
    assert.deepEqual(served().document.paths['/models/sequential/predict']!.post.parameters, []);
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
