import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { StringPlan } from '../../src/strings/plan.js';
import { readPlan, writePlan } from '../../src/strings/plan-file.js';
import { Vocabulary } from '../../src/strings/vocabulary.js';
import { stringAt, stringsOf, tensorOfTexts } from '../../src/support/strings.js';
import { temporaryFolder } from '../helpers/folder.js';

const stringsIn = (texts: readonly string[]) => stringsOf(tensorOfTexts(texts));
const words = fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 12 }), { maxLength: 60 });

describe('a vocabulary', () => {
  it('has every word at its place, and no other', () => {
    fc.assert(
      fc.property(words, words, (known, others) => {
        const vocabulary = new Vocabulary(stringsIn(known));
        assert.equal(vocabulary.length, known.length);
        for (const text of [...known, ...others]) {
          const bytes = Buffer.from(text);
          assert.equal(vocabulary.indexOf(bytes), known.indexOf(text));
          const within = Buffer.concat([Buffer.from('ab'), bytes, Buffer.from('c')]);
          assert.equal(vocabulary.indexOf(within, 2, 2 + bytes.length), known.indexOf(text));
        }
        known.forEach((text, index) => {
          assert.equal(Buffer.from(vocabulary.at(index)).toString(), text);
        });
      }),
    );
  });

  it('whose words were chosen so that all are in one place is refused', () => {
    // Words of four bytes whose hashes lead to the first slots of the table: one in some thousands does.
    const count = 3000;
    const slots = Math.ceil(count * 1.25) + 1;
    const found: string[] = [];
    for (let number = 0; found.length < count; number++) {
      const text = number.toString(36);
      let hash = 0x811c9dc5;
      for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
      if (((hash ^ (hash >>> 15)) >>> 0) % slots < 8) found.push(text);
    }
    assert.throws(() => new Vocabulary(stringsIn(found)), /too much alike/);
  });

  it('has no word twice', () => {
    assert.throws(() => new Vocabulary(stringsIn(['a', 'b', 'a'])), /the word 2 of the vocabulary is in it twice/);
  });
});

describe('the file of a plan', () => {
  it('is read as it was written', async () => {
    const path = join(temporaryFolder(), 'plan');
    await fc.assert(
      fc.asyncProperty(words, words, fc.string(), async (first, second, name) => {
        const plan: StringPlan = {
          inputs: [{ name, type: 'string', shape: [null, 1] }],
          outputs: [],
          results: [name],
          before: [{ op: 'split', from: name, to: 'words', at: 'whitespace' }],
          after: [],
          vocabularies: [stringsIn(first), stringsIn(second)],
          words: stringsIn([name]),
        };
        await writePlan(path, plan);
        const { vocabularies, words: named, ...rest } = await readPlan(path);
        const { vocabularies: _, words: __, ...expected } = plan;
        assert.deepEqual(rest, expected);
        const texts = [...vocabularies, named].map((strings) =>
          Array.from(strings.ends, (_end, index) => Buffer.from(stringAt(strings, index)).toString()),
        );
        assert.deepEqual(
          texts,
          [first, second, [name]].map((all) => all.map((text) => Buffer.from(text).toString())),
        );
      }),
      { numRuns: 30 },
    );
  });
});
