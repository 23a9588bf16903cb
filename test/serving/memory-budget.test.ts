import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MemoryBudget } from '../../src/serving/memory-budget.js';

describe('MemoryBudget', () => {
  it('refuses what would be more than all may take, until others give theirs back', () => {
    const budget = new MemoryBudget(100);
    const [one, other] = [budget.reservation(), budget.reservation()];
    one.grow(60);
    assert.throws(() => other.grow(41), { code: 'queue_full' });
    other.grow(40);
    assert.equal(budget.reserved, 100);
    one.release();
    one.release();
    assert.equal(budget.reserved, 40);
    other.grow(60);
    assert.equal(budget.reserved, 100);
  });

  it('tells who wants more than all may take that it is too much, whoever else is there', () => {
    const budget = new MemoryBudget(3 * 2 ** 20);
    const one = budget.reservation();
    one.grow(2 ** 20);
    assert.throws(() => one.grow(3 * 2 ** 20), {
      code: 'content_too_large',
      message: /about 4 MB of memory, .* 3 MB/,
    });
    assert.equal(budget.reserved, 2 ** 20);
  });

  it('refuses what is released', () => {
    const budget = new MemoryBudget(100);
    const gone = budget.reservation();
    gone.release();
    assert.throws(() => gone.grow(1), { code: 'request_aborted' });
    assert.equal(budget.reserved, 0);
  });

  it('is back at nothing when all is released, and never past its limit', () => {
    const step = fc.record({ who: fc.nat(4), bytes: fc.nat(50), release: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const budget = new MemoryBudget(100);
        const all = Array.from({ length: 5 }, () => budget.reservation());
        for (const { who, bytes, release } of steps) {
          if (release) all[who]!.release();
          else
            try {
              all[who]!.grow(bytes);
            } catch {}
          assert.ok(budget.reserved >= 0 && budget.reserved <= 100);
        }
        for (const one of all) one.release();
        assert.equal(budget.reserved, 0);
      }),
    );
  });
});
