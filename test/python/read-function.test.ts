/** Functions as every Python from 3.6 to 3.13 marshals them are read as the expressions that they are; all else ends with a refusal. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FunctionError } from '../../src/python/error.js';
import { marshalLimits } from '../../src/python/marshal.js';
import { readFunction } from '../../src/python/read-function.js';
import { show } from '../../src/python/show.js';
import { functionCases } from '../helpers/functions.js';
import { runs } from '../helpers/runs.js';

for (const { source, text, refused, codes } of functionCases) {
  describe(source.slice(0, 60), () => {
    for (const [version, code] of Object.entries(codes)) {
      it(`of Python ${version}`, () => {
        const bytes = Buffer.from(code, 'base64');
        if (refused !== undefined) {
          assert.throws(
            () => readFunction(bytes),
            (error: Error) => error instanceof FunctionError && error.message.includes(refused),
          );
          return;
        }
        const read = readFunction(bytes);
        assert.equal(show(read.value), text);
        assert.ok(read.versions.includes(version), `${read.versions}`);
      });
    }
  });
}

const codes = functionCases.flatMap((one) => Object.values(one.codes).map((code) => Buffer.from(code, 'base64')));

/** Reads bytes, which may be refused; any other error is a fault. @returns how long the line is that they are */
function attempt(bytes: Uint8Array): number {
  try {
    return show(readFunction(bytes).value).length;
  } catch (error) {
    if (error instanceof FunctionError) return 0;
    throw error;
  }
}

/** Longer than any line that is told, shorter than what would take memory. */
const longest = 1_000_000;

describe('bytes that no Python wrote', () => {
  it('end, with a refusal or a short line', () => {
    const random = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(random, (bytes) => attempt(bytes) < longest),
      runs(10),
    );
  });

  it('end where real ones were changed', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.constantFrom(...codes), changes, fc.nat(), (code, places, end) => {
        const bytes = Buffer.from(code);
        for (const [place, value] of places) bytes[place % bytes.length] = value;
        return attempt(bytes) < longest && attempt(bytes.subarray(0, end % bytes.length)) === 0;
      }),
      runs(30),
    );
  });

  const refused: [what: string, bytes: Buffer][] = [
    ['nothing', Buffer.alloc(0)],
    ['too much', Buffer.alloc(marshalLimits.bytes + 1, 'N')],
    ['something else', Buffer.from('N')],
    ['tuples in tuples', Buffer.from(`${')\x01'.repeat(5000)}N`, 'latin1')],
    ['a tuple of more than there is', Buffer.from('(\xff\xff\xff\x7f', 'latin1')],
    ['a list of less than nothing', Buffer.from('[\xff\xff\xff\xff', 'latin1')],
    ['a text of less than nothing', Buffer.from('u\xff\xff\xff\xff', 'latin1')],
    ['a number without end', Buffer.from('l\xff\xff\xff\x7f', 'latin1')],
    ['what holds itself', Buffer.from('\xa9\x01r\x00\x00\x00\x00', 'latin1')],
    ['a dict without end', Buffer.from('{'.repeat(1000))],
    [
      'what doubles itself',
      // A tuple of two, the second of which is the first again.
      Buffer.from(
        `${'\xa9\x02'.repeat(15)}N${Array.from({ length: 15 }, (_, depth) => `r${String.fromCharCode(14 - depth)}\0\0\0`).join('')}`,
        'latin1',
      ),
    ],
  ];
  for (const [what, bytes] of refused)
    it(`are refused: ${what}`, () => {
      assert.throws(() => readFunction(bytes), FunctionError);
    });
});
