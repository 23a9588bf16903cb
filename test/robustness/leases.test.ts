/** What requests keep loaded, over real sockets: a model that changes makes way once no request has it any more. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Catalog } from '../../src/catalog/catalog.js';
import { loadServedModel } from '../../src/catalog/served-model.js';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import { InferencePool } from '../../src/inference/inference-pool.js';
import { doublingModel } from '../helpers/onnx-models.js';
import { isAtRest, jsonRequest, listen, send, until } from '../helpers/raw-client.js';

const rows = { instances: [[1, 2, 3]] };
const tensors = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }] };
const requests: Record<string, unknown> = {
  '/predict': rows,
  '/models/doubling/predict': rows,
  '/v1/models/doubling:predict': rows,
  '/v2/models/doubling/infer': tensors,
};

/** A server of one model, and what loads the model anew: the one before comes back. */
async function start(t: TestContext) {
  const path = doublingModel();
  const pool = new InferencePool(1);
  const load = (name: string) => loadServedModel(path, { pool, name, cacheFolder: null });
  const catalog = new Catalog({ load, pool, ownsPool: true });
  let count = 0;
  const swap = async () => {
    const before = count === 0 ? undefined : catalog.find();
    await catalog.update([{ name: 'doubling', path, versions: [{ version: 1, path, fingerprint: `${count++}` }] }]);
    return before;
  };
  await swap();
  return { ...(await listen(t, { model: catalog })), swap };
}

describe('a model that has changed makes way', () => {
  for (const [address, body] of Object.entries(requests))
    it(`once what it was asked is answered: ${address}`, async (t) => {
      const { app, url, lines, swap } = await start(t);
      const socket = await send(url, jsonRequest(address, body));
      await until(() => lines.length === 1, 'an answer');
      assert.equal(lines[0]!.status, 200);
      // The connection stays open.
      const before = await swap();
      await until(() => !before!.ready, 'its end');
      socket.destroy();
      await until(() => isAtRest(app), 'rest');
    });

  for (const address of ['/predict', '/v2/models/doubling/infer'])
    it(`once a client has gone while it was sending: ${address}`, async (t) => {
      const { app, url, gone, swap } = await start(t);
      const socket = await send(url, jsonRequest(address, requests[address]).subarray(0, -2));
      await until(() => kerasServeOf(app).replies.size === 1, 'half a request');
      const before = await swap();
      assert.ok(before!.ready, 'the request will run on it');
      socket.destroy();
      await until(() => gone() === 1, 'one in the log');
      await until(() => !before!.ready, 'its end');
    });
});
