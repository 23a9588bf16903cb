/** A hundred of the files that `npm run fuzz` makes: each is loaded, or refused with a reason. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { fuzz } from '../../scripts/fuzz/fuzz.js';

it('mutated model files are loaded or refused', async () => {
  const { counts, failures } = await fuzz({ seed: 2026, first: 0, count: 100, jobs: 1, keep: false });
  // How long a file takes is for `npm run fuzz`, on a machine with nothing else to do.
  assert.deepEqual(
    failures.filter(({ ending }) => ending !== 'too slow'),
    [],
  );
  assert.ok(counts.get('loaded')! > 10, 'some files are still models');
});
