import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { limits } from '../../src/keras/limits.js';
import { Stall } from '../../src/keras/stall.js';

describe('Stall', () => {
  let times: { clock: number; computed: number };
  let stall: Stall;
  const pass = (clock: number, computed: number) => {
    times = { clock: times.clock + clock, computed: times.computed + computed };
  };
  const { hdf5StallMilliseconds: long, hdf5SilenceMilliseconds: longest } = limits;

  beforeEach(() => {
    times = { clock: 1e6, computed: 1e5 };
    stall = new Stall(() => times);
    assert.equal(stall.at(1), false);
  });

  it('is what computes without getting on', () => {
    pass(long - 1, long - 1);
    assert.equal(stall.at(1), false);
    pass(1, 1);
    assert.equal(stall.at(1), true);
  });

  it('is what waits without end', () => {
    pass(longest - 1, 0);
    assert.equal(stall.at(1), false);
    pass(1, 0);
    assert.equal(stall.at(1), true);
  });

  it('is nothing that gets on, however long it takes', () => {
    for (let count = 2; count < 50; count++) {
      pass(long - 1, long - 1);
      assert.equal(stall.at(count), false);
    }
  });

  it('is nothing that others leave little of the processor', () => {
    pass(longest / 2, long / 2);
    assert.equal(stall.at(1), false);
  });

  it('is nothing that several threads compute for a short time', () => {
    pass(long / 2, long * 2);
    assert.equal(stall.at(1), false);
  });
});
