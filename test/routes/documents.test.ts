import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type ErrorCode, type ErrorReply, errors } from '../../schemas/error.js';
import { clientTypes } from '../../scripts/client-types.js';
import { packageRoot, packageVersion } from '../../src/support/package.js';
import { useApp } from '../helpers/app.js';

const app = useApp();
const read = (path: string) => readFileSync(join(packageRoot, path), 'utf8');
const command = (name: string) => join(packageRoot, 'node_modules', '.bin', name);

interface Documented {
  content: { 'application/json': { example?: ErrorReply; examples?: Record<string, { value?: ErrorReply }> } };
}

/** The failure that stands for a message in the documents. */
const withMessage = (message: string) => Object.values(errors).find(([, example]) => example === message) ?? [];

describe('the OpenAPI document', () => {
  it('is what openapi.yaml says', async () => {
    const { payload } = await app().inject('/openapi.yaml');
    assert.equal(read('openapi.yaml'), payload, 'openapi.yaml is stale: npm run openapi');
  });

  it('is what the types of the TypeScript client say', async () => {
    const types = await clientTypes(read('openapi.yaml'));
    assert.equal(read('examples/generated/keras-serve.ts'), types, 'the types are stale: npm run openapi');
  });

  it('passes a linter without a warning', () => {
    const { stdout, stderr } = spawnSync(command('redocly'), ['lint', 'openapi.yaml', '--format', 'json'], {
      cwd: packageRoot,
      encoding: 'utf8',
      env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
    });
    const report = stdout.slice(stdout.indexOf('{'));
    assert.deepEqual(JSON.parse(report).totals, { errors: 0, warnings: 0, ignored: 0 }, stdout + stderr);
  });

  it('is OpenAPI 3.1 of this version, says each operation in full, and names no machine', async () => {
    const document = (await app().inject('/openapi.json')).json();
    assert.equal(document.openapi, '3.1.0');
    assert.equal(document.info.version, packageVersion);
    const operations = Object.values<Record<string, object>>(document.paths).flatMap((path) => Object.values(path));
    const own = Object.keys(document.paths).filter((path) => !/^\/(v1|v2|models$|models\/{)/.test(path));
    assert.deepEqual(own.sort(), [
      '/health/live',
      '/health/ready',
      '/jobs/{id}',
      '/jobs/{id}/events',
      '/jobs/{id}/result',
      '/metrics',
      '/models/efficientnet-lite0/predict',
      '/models/efficientnet-lite0/versions/1/predict',
      '/predict',
    ]);
    for (const operation of operations) {
      const { operationId, summary, description, tags } = operation as Record<string, string>;
      assert.ok(operationId && summary && description && tags);
    }
    assert.deepEqual(Object.keys(document.paths['/predict'].post.requestBody.content), [
      'multipart/form-data',
      'image/*',
      'application/json',
    ]);
    assert.doesNotMatch(JSON.stringify(document), /localhost|127\.0\.0\.1|https?:/);
  });

  it('has for each failure an example that has its status', async () => {
    const document = (await app().inject('/openapi.json')).json();
    const resolve = ({ $ref, ...example }: { $ref?: string; value?: ErrorReply }) =>
      $ref ? document.components.examples[$ref.split('/').at(-1)!] : example;
    let failures = 0;
    for (const [path, operations] of Object.entries<object>(document.paths))
      for (const operation of Object.values(operations))
        for (const [status, reply] of Object.entries<Documented>(operation.responses).filter(([code]) =>
          /^[45]\d\d$/.test(code),
        )) {
          const place = `${path} ${operation.operationId} ${status}`;
          const { examples = {}, example } = reply.content['application/json'];
          const values = [example, ...Object.values(examples).map((one) => resolve(one).value)].filter(Boolean);
          assert.ok(values.length > 0, place);
          for (const { error } of values) {
            const [found] = typeof error === 'string' ? withMessage(error) : (errors[error.code as ErrorCode] ?? []);
            assert.equal(String(found), status, `${place}: ${JSON.stringify(error)}`);
          }
          failures++;
        }
    assert.ok(failures > 100, String(failures));
  });

  it('knows every status that POST /predict can answer', async () => {
    const document = (await app().inject('/openapi.json')).json();
    const documented = Object.keys(document.paths['/predict'].post.responses);
    for (const status of ['200', '400', '408', '413', '415', '500', '503', '504'])
      assert.ok(documented.includes(status));
  });
});
