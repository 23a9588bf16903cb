import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InstancesError } from '../../src/datapoints/json-tensor.js';
import { ReplySizeError } from '../../src/datapoints/tensor-text.js';
import { ProtocolRequestError } from '../../src/protocols/errors.js';
import { ServingError } from '../../src/serving/errors.js';
import { KnownError } from '../../src/support/errors.js';

describe('what is wrong with a request is told to the client', () => {
  const cases: [error: KnownError, code: string, message: string][] = [
    [new InstancesError('x', 'It is wrong.'), 'instances_invalid', 'It is wrong.'],
    [new ProtocolRequestError('It is wrong.'), 'body_invalid', 'It is wrong.'],
    [new ProtocolRequestError('It is wrong.', 'query_invalid'), 'query_invalid', 'It is wrong.'],
    [new ServingError('queue_full', 'It is wrong.'), 'queue_full', 'It is wrong.'],
    [
      new ReplySizeError(2 ** 20),
      'content_too_large',
      'The reply would be larger than 1 MB, the most that this server sends. Ask for less at once.',
    ],
  ];
  for (const [error, code, message] of cases)
    it(`by ${error.constructor.name}, ${code}`, () => {
      assert.ok(error instanceof KnownError);
      assert.deepEqual([error.audience, error.code, error.message], ['client', code, message]);
    });
});
