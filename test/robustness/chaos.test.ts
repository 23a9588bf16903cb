/** Clients that do everything wrong at once, and others that must not notice: `npm run chaos`, for a few seconds. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chaos } from '../../scripts/chaos/chaos.js';

const onLinux = process.platform === 'linux' ? {} : { skip: 'memory is read from /proc, which only Linux has' };

describe('a server among clients that leave, never read, send half or rubbish', () => {
  it('answers the others, and holds no more afterwards than before', onLinux, async (t) => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    t.diagnostic(`npm run chaos -- --seconds 15 --seed ${seed}`);
    const report = await chaos({ seconds: 15, seed, onRound: (line) => t.diagnostic(line) });
    assert.deepEqual(report.faults, []);
    assert.ok(report.answered > 0);
    const unused = Object.entries(report.attacks).filter(([, count]) => count === 0);
    assert.deepEqual(unused, []);
  });
});
