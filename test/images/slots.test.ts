import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { DecodingError } from '../../src/images/errors.js';
import { Slots } from '../../src/images/slots.js';

const patient = { count: 1, maxWaiting: 100, deadline: 60_000 };
const failsWith = (code: string) => (error: unknown) => error instanceof DecodingError && error.code === code;

describe('slots', () => {
  test('run so many tasks at once, in order, and survive those that fail', async () => {
    const task = fc.tuple(fc.nat(3), fc.boolean());
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(task, { maxLength: 20 }), async (count, tasks) => {
        const slots = new Slots({ ...patient, count });
        const started: number[] = [];
        let running = 0;
        const results = await Promise.allSettled(
          tasks.map(([turns, fails], i) =>
            slots.run(async () => {
              started.push(i);
              assert.ok(++running <= count);
              for (let turn = 0; turn < turns; turn++) await null;
              running--;
              if (fails) throw new Error(`task ${i}`);
              return i;
            }),
          ),
        );
        assert.deepEqual(started, [...tasks.keys()]);
        results.forEach((result, i) => {
          if (result.status === 'fulfilled') assert.equal(result.value, i);
          else assert.equal(result.reason.message, `task ${i}`);
        });
        assert.equal(slots.waiting, 0);
        await slots.close();
      }),
    );
  });

  test('need to be a positive number', () => {
    for (const count of [0, -1, 1.5, Number.NaN]) assert.throws(() => new Slots({ ...patient, count }), RangeError);
  });

  test('refuse what has no room to wait, and give up what waits too long or is called off', async () => {
    const slots = new Slots({ count: 1, maxWaiting: 2, deadline: 50 });
    let finish = () => {};
    const long = slots.run(() => new Promise<void>((resolve) => (finish = resolve)));
    const controller = new AbortController();
    const late = assert.rejects(
      slots.run(async () => {}),
      failsWith('deadline_exceeded'),
    );
    const off = assert.rejects(
      slots.run(async () => {}, { signal: controller.signal }),
      failsWith('request_aborted'),
    );
    await assert.rejects(
      slots.run(async () => {}),
      failsWith('queue_full'),
    );
    controller.abort();
    await off;
    await late;
    assert.equal(slots.waiting, 0);
    finish();
    await long;
    assert.equal(await slots.run(async () => 'next'), 'next');
    await assert.rejects(
      slots.run(async () => {}, { signal: AbortSignal.abort() }),
      failsWith('request_aborted'),
    );
  });
});
