import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { InferenceError } from '../../src/inference/errors.js';
import { ModelFileError } from '../../src/keras/errors.js';
import { KnownError } from '../../src/support/errors.js';
import { packageRoot } from '../../src/support/package.js';

const sources = ['src', 'plugins', 'schemas'].flatMap((folder) =>
  readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(packageRoot, folder, name), 'utf8')),
);

describe('errors', () => {
  it('are all known errors or internal signals, no two of one name', () => {
    const extended = sources.flatMap((text) => [...text.matchAll(/class (\w+) extends (\w*Error|InternalSignal)\b/g)]);
    const names = extended.map(([, name]) => name!);
    assert.ok(names.length > 20);
    assert.deepEqual(
      names.filter((name, index) => names.indexOf(name) !== index),
      [],
    );
    const roots = extended.filter(([, , base]) => base === 'Error').map(([, name]) => name);
    assert.deepEqual(roots, ['KnownError', 'InternalSignal']);
  });

  it('are called after their classes, in their stacks too', () => {
    const error = new ModelFileError('model_damaged', 'It is cut off.');
    assert.equal(error.name, 'ModelFileError');
    assert.equal(String(error), 'ModelFileError: It is cut off.');
    assert.match(error.stack!, /^ModelFileError: It is cut off\./);
    assert.ok(error instanceof KnownError);
  });

  it('of an engine are for the operator, of a queue for clients', () => {
    assert.equal(new InferenceError('engine_failed', '/models/a.onnx').audience, 'operator');
    assert.equal(new InferenceError('queue_full', 'Wait.').audience, 'client');
  });
});
