import assert from 'node:assert/strict';
import { extname } from 'node:path';
import { after, describe, it } from 'node:test';
import { TaskError, Threads } from '../../src/json/threads.js';
import { KnownError } from '../../src/support/errors.js';
import type { tasks } from './threads-module.js';

const module = new URL(`threads-module${extname(import.meta.url)}`, import.meta.url);

describe('threads', () => {
  const threads = new Threads<typeof tasks>(module);
  after(() => threads.close());

  it('start with the first task, and are bounded', async () => {
    assert.equal(threads.size, 0);
    const inputs = Array.from({ length: 20 }, (_, index) => Float32Array.of(index));
    const results = await Promise.all(inputs.map((input) => threads.run('double', input)));
    assert.deepEqual(
      results.map(([value]) => value),
      inputs.map((_, index) => 2 * index),
    );
    assert.ok(threads.size >= 1 && threads.size <= 4);
  });

  it('get memory for themselves', async () => {
    const values = Float32Array.of(1, 2);
    assert.deepEqual(await threads.run('double', values, [values.buffer]), Float32Array.of(2, 4));
    assert.equal(values.length, 0);
  });

  it('tell the code and the message of an error', async () => {
    await assert.rejects(
      threads.run('refuse', 'No.'),
      (error) => error instanceof TaskError && error.code === 'json_invalid' && error.message === 'No.',
    );
    const isFault = (error: unknown) => !(error instanceof KnownError) && /It failed\./.test(String(error));
    await assert.rejects(threads.run('fail', 'odd'), isFault);
  });

  for (const task of ['end', 'exhaust'] as const)
    it(`are replaced when a task is the end of one: ${task}`, async () => {
      await assert.rejects(threads.run(task, undefined as never));
      assert.deepEqual(await threads.run('double', Float32Array.of(3)), Float32Array.of(6));
    });

  it('forget what waits when it is given up', async () => {
    const busy = Array.from({ length: 4 }, () => threads.run('wait', 300));
    const given = new AbortController();
    const waiting = threads.run('exhaust', undefined as never, [], given.signal);
    given.abort();
    await assert.rejects(waiting, { code: 'request_aborted' });
    await Promise.all(busy);
    await assert.rejects(threads.run('wait', 1, [], given.signal), { code: 'request_aborted' });
    assert.equal(await threads.run('wait', 1), 1);
  });

  it('refuse what is there when they are closed', async () => {
    const closing = new Threads<typeof tasks>(module);
    const running = Array.from({ length: 6 }, () => closing.run('wait', 60_000));
    const ends = Promise.allSettled(running);
    await closing.close();
    for (const end of await ends) assert.equal(end.status === 'rejected' && end.reason.code, 'server_closing');
  });
});
