import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { asModelName, isModelName } from '../../src/support/model-name.js';

describe('asModelName', () => {
  it('makes a name for addresses of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const name = asModelName(text);
        assert.ok(isModelName(name), name);
        assert.equal(new URL(`http://a/${encodeURIComponent(name)}`).pathname.split('/').length, 2);
        assert.equal(asModelName(name), name);
      }),
    );
  });

  it('makes one name of both normal forms of Unicode', () => {
    assert.equal(asModelName('Ängström'.normalize('NFD')), asModelName('Ängström'.normalize('NFC')));
    assert.equal(asModelName('한국어'.normalize('NFD')), '한국어');
  });

  it('tells apart what has no letter', () => {
    assert.deepEqual(['-', '_', '✨', '🔥', ''].map(asModelName), [
      'model-2d',
      'model-5f',
      'model-2728',
      'model-1f525',
      'model',
    ]);
  });

  it('cuts between characters', () => {
    assert.equal([...asModelName('𠮷'.repeat(200))].length, 100);
  });
});
