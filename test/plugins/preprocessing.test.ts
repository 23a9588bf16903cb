import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import Fastify from 'fastify';
import preprocessing from '../../plugins/preprocessing.js';
import { kerasServeOf } from '../../src/http/keras-serve.js';

const image = readFileSync(new URL('../fixtures/images/rgb.png', import.meta.url));
const options = { size: [16, 24] } as const;

describe('the preprocessing plugin', () => {
  test('decorates the instance it is registered on, for all its plugins', async () => {
    const app = Fastify();
    await app.register(preprocessing);
    app.register(async (inner) => {
      inner.get('/', async () => (await kerasServeOf(inner).preprocess(image, options)).shape);
    });
    assert.deepEqual((await app.inject('/')).json(), [16, 24, 3]);
    await app.close();
  });

  test('keeps to its limits', async () => {
    const app = Fastify();
    await app.register(preprocessing, { maxPixels: 100 });
    await assert.rejects(kerasServeOf(app).preprocess(image, options), {
      name: 'ImageError',
      code: 'image_too_many_pixels',
    });
    await app.close();
  });

  test('closes after the last image', async () => {
    const app = Fastify();
    await app.register(preprocessing, { concurrency: 1 });
    let done = 0;
    const work = Array.from({ length: 5 }, async () => {
      await kerasServeOf(app).preprocess(image, options);
      done++;
    });
    await app.close();
    assert.equal(done, 5);
    await Promise.all(work);
    await assert.rejects(kerasServeOf(app).preprocess(image, options), /closing/);
  });
});
