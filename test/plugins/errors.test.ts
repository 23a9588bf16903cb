import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import Fastify from 'fastify';
import errors from '../../plugins/errors.js';
import { CatalogError } from '../../src/catalog/catalog.js';
import { ImageError } from '../../src/images/errors.js';
import { InferenceError } from '../../src/inference/errors.js';
import { TaskError } from '../../src/json/threads.js';
import { ModelFileError } from '../../src/keras/errors.js';
import { ServingError } from '../../src/serving/errors.js';

const secret = 'in /home/someone/secret';
const hidden = 'Something went wrong here. The log has the details under this request’s id.';

/** What is thrown, with the status, code and message that a client gets. */
const answers: Record<string, [error: Error, status: number, code: string, message: string]> = {
  'an image': [new ImageError('image_empty', 'It is empty.'), 400, 'image_empty', 'It is empty.'],
  'a model': [new CatalogError('model_unknown', 'There is none.'), 404, 'model_unknown', 'There is none.'],
  'a queue': [new InferenceError('queue_full', 'Wait.'), 503, 'queue_full', 'Wait.'],
  'tensors that a model refuses': [
    new InferenceError('inputs_invalid', 'x is missing.'),
    400,
    'instances_invalid',
    'x is missing.',
  ],
  'too much': [new ServingError('content_too_large', 'Send less.'), 413, 'content_too_large', 'Send less.'],
  'a thread': [new TaskError('json_invalid', 'No JSON.'), 400, 'json_invalid', 'No JSON.'],
  'an engine': [new InferenceError('engine_failed', secret), 500, 'internal_error', hidden],
  'a file': [new ModelFileError('model_damaged', secret), 500, 'internal_error', hidden],
  'a code of somebody else': [
    Object.assign(new Error(secret), { code: 'image_invalid' }),
    500,
    'internal_error',
    hidden,
  ],
  'a fault': [new TypeError(secret), 500, 'internal_error', hidden],
};

describe('the errors plugin', () => {
  const app = Fastify();
  app.register(errors);
  app.register(async (inner) => {
    inner.get<{ Querystring: { which: string } }>('/', async ({ query }) => {
      throw answers[query.which]![0];
    });
  });
  after(() => app.close());

  for (const [which, [, status, code, message]] of Object.entries(answers))
    it(`answers what is the matter with ${which}, and tells nothing that is for the operator`, async () => {
      const reply = await app.inject({ url: '/', query: { which } });
      assert.equal(reply.statusCode, status);
      assert.deepEqual(reply.json(), { success: false, error: { code, message } });
    });
});
