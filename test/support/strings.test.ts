import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { rowOf } from '../../src/datapoints/tensor-rows.js';
import { concatRows, sliceRows } from '../../src/inference/batch.js';
import { checkInputs } from '../../src/inference/check-inputs.js';
import {
  elementsOf,
  faultOf,
  longestString,
  ownStrings,
  shownString,
  stringsOf,
  stringTensor,
  tensorOfTexts,
  textsOf,
} from '../../src/support/strings.js';

const rows = fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string()), { minLength: 1, maxLength: 12 });

describe('tensors of strings', () => {
  it('are cut into rows and put together as those of numbers are', () => {
    fc.assert(
      fc.property(rows, fc.nat(), (texts, cut) => {
        const tensor = tensorOfTexts(texts.flat(), [texts.length, 2]);
        const at = cut % (texts.length + 1);
        const parts = [sliceRows(tensor, 0, at), sliceRows(tensor, at, texts.length)];
        assert.deepEqual(parts.map(textsOf), [texts.slice(0, at).flat(), texts.slice(at).flat()]);
        const whole = concatRows([...parts].reverse(), texts.length + 1);
        assert.deepEqual(whole.shape, [texts.length + 1, 2]);
        assert.deepEqual(textsOf(whole), [...texts.slice(at).flat(), ...texts.slice(0, at).flat(), '', '']);
        assert.deepEqual(textsOf(rowOf(tensor, 0)), texts[0]);
        assert.equal(faultOf(parts[1]!), undefined);
        const sizes = parts.map(({ bytes }) => bytes!.length);
        assert.equal(sizes[0]! + sizes[1]!, Buffer.byteLength(texts.flat().join('')));
      }),
    );
  });

  it('of their own memory have nothing but their elements in it', () => {
    fc.assert(
      fc.property(rows, (texts) => {
        const last = sliceRows(tensorOfTexts(texts.flat(), [texts.length, 2]), texts.length - 1, texts.length);
        const own = ownStrings(last);
        assert.deepEqual(textsOf(own), texts.at(-1));
        assert.equal(own.bytes!.length, Buffer.byteLength(texts.at(-1)!.join('')));
        assert.deepEqual(textsOf(stringTensor(stringsOf(last), [1, 2])), texts.at(-1));
      }),
    );
  });

  it('without bytes are empty strings', () => {
    const tensor = { type: 'string', shape: [2], data: new BigUint64Array(2) } as const;
    assert.deepEqual(textsOf({ ...tensor, shape: [2] }), ['', '']);
  });

  it('that reach beyond their bytes are refused, and such as are too long', () => {
    const signature = { inputs: [{ name: 'x', type: 'string' as const, shape: [null] }], outputs: [] };
    const beyond = { ...tensorOfTexts(['abc']), bytes: Buffer.from('ab') };
    assert.throws(() => checkInputs({ x: beyond }, signature), { code: 'inputs_invalid', message: /not in its bytes/ });
    const long = tensorOfTexts(['x'.repeat(longestString + 1)]);
    assert.throws(() => checkInputs({ x: long }, signature), { code: 'inputs_invalid', message: /more than 16777216/ });
    assert.throws(() => checkInputs({ x: { ...tensorOfTexts(['a']), shape: [2] } }, signature), /needs 2 strings/);
    checkInputs({ x: tensorOfTexts(['a', '']) }, signature);
  });

  it('that are no text are shown as base64', () => {
    const bytes = Uint8Array.of(0xff, 0);
    const tensor = { ...stringTensor({ bytes, ends: Uint32Array.of(2) }, [1]) };
    assert.throws(() => textsOf(tensor), TypeError);
    assert.deepEqual(Array.from(elementsOf(tensor), shownString), ['/wA=']);
  });
});
