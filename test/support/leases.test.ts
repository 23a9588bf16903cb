import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Leases } from '../../src/support/leases.js';

it('a thing is unused once the last of its leases is released, each of them once', async () => {
  const leases = new Leases<object>();
  const [thing, other] = [{}, {}];
  const releases = [leases.take(thing), leases.take(thing), leases.take(other)];
  let unused = false;
  void leases.unused(thing).then(() => {
    unused = true;
  });
  releases[0]!();
  releases[0]!();
  await turn();
  assert.equal(unused, false);
  releases[1]!();
  await turn();
  assert.equal(unused, true);
  await leases.unused(thing);
  await leases.unused({});
});
