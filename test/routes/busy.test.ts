import assert from 'node:assert/strict';
import { it } from 'node:test';
import pino from 'pino';
import { buildApp } from '../../src/app.js';
import { loopingModel } from '../helpers/onnx-models.js';

it('a full queue is a warning in the log, without a stack', async (t) => {
  const lines: { level: number; msg: string; code?: string; reason?: string }[] = [];
  const logger = pino({ level: 'warn' }, { write: (line) => lines.push(JSON.parse(line)) });
  const app = await buildApp({ model: loopingModel(), logger, noCache: true, processes: 1, maxQueue: 1 });
  t.after(() => app.close());
  await app.ready();
  const ask = (times: number) => app.inject({ method: 'POST', url: '/predict', payload: { instances: [[times]] } });
  const replies = await Promise.all(Array.from({ length: 8 }, () => ask(20_000)));
  const busy = replies.filter(({ statusCode }) => statusCode === 503);
  assert.ok(busy.length > 0, replies.map(({ statusCode }) => statusCode).join());
  assert.ok(busy.every(({ headers }) => headers['retry-after'] === '1'));
  const warnings = lines.filter(({ code }) => code === 'queue_full');
  assert.equal(warnings.length, busy.length);
  for (const line of lines) {
    assert.equal(line.level, 40, JSON.stringify(line));
    assert.doesNotMatch(JSON.stringify(line), /stack|\bat \w+/);
  }
  assert.match(warnings[0]!.reason!, /^Too many requests wait/);
});
