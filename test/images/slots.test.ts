import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Slots } from '../../src/images/slots.js';

describe('slots', () => {
  test('run so many tasks at once, in order, and survive those that fail', async () => {
    const task = fc.tuple(fc.nat(3), fc.boolean());
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(task, { maxLength: 20 }), async (count, tasks) => {
        const slots = new Slots(count);
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
    for (const count of [0, -1, 1.5, Number.NaN]) assert.throws(() => new Slots(count), RangeError);
  });
});
