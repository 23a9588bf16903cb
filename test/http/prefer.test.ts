/** The header Prefer, as RFC 7240 has it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { preferencesIn } from '../../src/http/prefer.js';

describe('the header Prefer', () => {
  for (const [header, respondAsync, wait] of [
    [undefined, false, undefined],
    ['', false, undefined],
    ['respond-async', true, undefined],
    ['Respond-Async, wait=10', true, 10],
    ['wait="10" , respond-async', true, 10],
    ['respond-async; foo="a, b", wait=5', true, 5],
    ['return=minimal', false, undefined],
    ['respond-async, wait=soon', true, undefined],
    ['respond-async, wait=-1', true, undefined],
    ['wait=3, wait=9', false, 3],
    [['respond-async', 'wait=2'], true, 2],
    [`a=${' '.repeat(15_000)}"x"y`, false, undefined],
    [`${'a="; ,'.repeat(3000)}respond-async`, true, undefined],
    ['not-respond-async', false, undefined],
  ] as const)
    it(`${JSON.stringify(header)?.slice(0, 60)} asks for ${respondAsync ? 'an answer later' : 'nothing'}`, () => {
      assert.deepEqual(preferencesIn(header), { respondAsync, ...(wait !== undefined && { wait }) });
    });
});
