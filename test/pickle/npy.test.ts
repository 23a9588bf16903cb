/** What NumPy saves. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cellsOf } from '../../src/pickle/cells.js';
import { PickleError } from '../../src/pickle/error.js';
import { readNpy } from '../../src/pickle/npy.js';
import { savedFile, savedNames } from '../helpers/saved-files.js';

const arrays = savedNames.filter((name) => name.endsWith('.npy'));

describe('arrays that NumPy saved', () => {
  it('of texts are read, however they are kept', () => {
    for (const name of ['unicode', 'big-endian', 'bytes', 'objects', 'encoder'])
      assert.deepEqual(cellsOf(readNpy(savedFile(`${name}.npy`))), ['setosa', 'versicolor', 'virginica'], name);
    assert.deepEqual(cellsOf(readNpy(savedFile('none.npy'))), []);
  });

  it('of numbers are read row by row', () => {
    for (const name of ['numbers', 'columns-first']) {
      const { shape, values } = readNpy(savedFile(`${name}.npy`)) as unknown as { shape: number[]; values: number[] };
      assert.deepEqual(
        [shape, values],
        [
          [2, 3],
          [0, 1, 2, 3, 4, 5],
        ],
        name,
      );
    }
  });

  it('are what they were made of where that was no array', () => {
    assert.deepEqual(
      readNpy(savedFile('dict.npy')),
      new Map([
        ['setosa', 0],
        ['versicolor', 1],
        ['virginica', 2],
      ]),
    );
  });

  it('are refused where they are something else', () => {
    assert.throws(() => readNpy(savedFile('records.npy')), /has a header that isn't understood/);
    assert.throws(() => readNpy(savedFile('genders.pkl')), /is no array of NumPy/);
    assert.throws(() => readNpy(savedFile('unicode.npy').subarray(0, -1)), /damaged array/);
    const huge = Buffer.from(savedFile('unicode.npy'));
    huge.write('(3999999999,)', huge.indexOf('(3,), }'), 'latin1');
    assert.throws(() => readNpy(huge), PickleError);
  });

  it('throw nothing but what says why, whatever is damaged of them', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...arrays),
        fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 6 }),
        fc.nat(400),
        (name, changes, cut) => {
          const bytes = Buffer.from(savedFile(name));
          for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
          try {
            readNpy(cut % 3 === 0 ? bytes.subarray(0, cut) : bytes);
          } catch (error) {
            assert.ok(error instanceof PickleError, String(error));
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
