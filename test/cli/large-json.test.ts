import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startServer } from '../helpers/server.js';

it('reads and writes large JSON as built', async (t) => {
  const { url } = await startServer(t, ['--processes', '1']);
  const row = Array.from({ length: 224 }, () => [0.123456789, -0.987654321, 0.555555555]);
  const body = JSON.stringify({ instances: [Array.from({ length: 224 }, () => row)] });
  const headers = { 'content-type': 'application/json' };
  for (let time = 0; time < 2; time++) {
    const reply = await fetch(`${url}/predict?top_k=2`, { method: 'POST', headers, body });
    const { predictions } = (await reply.json()) as { predictions: unknown[][] };
    assert.equal(reply.status, 200);
    assert.equal(predictions[0]!.length, 2);
  }
});
