import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildApp } from '../../src/app.js';
import { loadServedModel } from '../../src/catalog/served-model.js';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import { bundledModel, useApp } from '../helpers/app.js';

const app = useApp();

describe('the health checks', () => {
  for (const url of ['/health/live', '/health/ready']) {
    it(`${url} answers 200 once the model is loaded`, async () => {
      const reply = await app().inject(url);
      assert.equal(reply.statusCode, 200);
      assert.deepEqual(reply.json(), { status: 'ok' });
    });
  }

  it('/health/ready answers 503 when the model can take no work, /health/live still 200', async (t) => {
    const model = await loadServedModel(bundledModel);
    const app = await buildApp({ model: async () => model });
    t.after(() => app.close());
    await app.ready();
    await model.close();
    const reply = await app.inject('/health/ready');
    assert.equal(reply.statusCode, 503);
    assert.equal(reply.json().error.code, 'model_not_ready');
    assert.equal((await app.inject('/health/live')).statusCode, 200);
  });

  it('/health/ready answers 503 when the server is about to close, /health/live still 200', async (t) => {
    const app = await buildApp({ model: bundledModel, processes: 1 });
    t.after(() => app.close());
    await app.ready();
    kerasServeOf(app).closing.announced = true;
    assert.equal((await app.inject('/health/ready')).statusCode, 503);
    assert.equal((await app.inject('/health/live')).statusCode, 200);
  });
});
