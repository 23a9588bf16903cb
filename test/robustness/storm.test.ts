/** Gateways, workers and Redis die; no accepted job is lost, and none answered twice. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { storm } from '../../scripts/storm/storm.js';
import { protocolModels } from '../helpers/protocol-app.js';
import { noRedis } from '../helpers/redis.js';

describe('a storm', { skip: noRedis }, () => {
  const { folder } = protocolModels();
  after(() => rmSync(folder, { recursive: true }));

  it('loses nothing and doubles nothing', async (t) => {
    const { jobs, direct, killed, faults } = await storm({
      model: join(folder, 'served', 'half_plus_two.keras'),
      requests: Number.POSITIVE_INFINITY,
      seconds: 60,
      clients: 16,
      seed: 7,
      deaths: { worker: 2000, gateway: 10_000, redis: 25_000 },
      onProgress: (line) => t.diagnostic(line),
    });
    assert.deepEqual(faults, []);
    assert.ok(jobs > 0 && direct > 0 && killed.workers > 0 && killed.redis > 0);
  });
});
