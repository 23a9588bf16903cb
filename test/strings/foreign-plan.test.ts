/** Plans beside an ONNX model, which anybody may have written. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { readKerasModel } from '../../src/keras/index.js';
import { compile } from '../../src/onnx/compile.js';
import { decodeForeignPlan } from '../../src/strings/foreign-plan.js';
import type { StringPlan, StringStep } from '../../src/strings/plan.js';
import { encodePlan, PlanError, planHash } from '../../src/strings/plan-file.js';
import { stringsOf, tensorOfTexts } from '../../src/support/strings.js';
import type { Signature } from '../../src/support/tensor.js';
import { engineSignature } from '../helpers/compiled-session.js';
import { unpackFamily } from '../helpers/fixtures.js';

const { folder, cases } = unpackFamily('strings');
after(() => rmSync(folder, { recursive: true }));

const decode = (file: Buffer, engine: Signature) => decodeForeignPlan(file, planHash(file), engine);
const words = (...texts: string[]) => stringsOf(tensorOfTexts(texts));

const text = { name: 'text', type: 'string', shape: [null, 1] } as const;
const label = { name: 'label', type: 'string', shape: [null, 1] } as const;
const numbers = { name: 'numbers', type: 'int64', shape: [null, 4] } as const;
const scores = { name: 'scores', type: 'int64', shape: [null, 1] } as const;
const engine: Signature = { inputs: [{ ...numbers, shape: [null, 4] }], outputs: [{ ...scores, shape: [null, 1] }] };

const lookUp: StringStep = {
  op: 'look-up',
  from: 'words',
  to: 'found',
  vocabulary: 0,
  first: 1,
  unknown: { index: 0 },
};
const pad: StringStep = { op: 'pad', from: 'found', to: 'numbers', length: 4 };
const before: StringStep[] = [{ op: 'split', from: 'text', to: 'words', at: 'whitespace' }, lookUp, pad];
const afterwards: StringStep[] = [{ op: 'words', from: 'scores', to: 'said', vocabulary: 1, first: 0, unknown: 0 }];
/** A classifier that takes a text and gives a word. */
const plan: StringPlan = {
  inputs: [{ ...text, shape: [null, 1] }],
  outputs: [{ ...label, shape: [null, 1] }],
  results: ['said'],
  before,
  after: afterwards,
  vocabularies: [words('good', 'bad'), words('yes', 'no')],
  words: words('?'),
};
const file = encodePlan(plan);

/** Plans that are refused, and what the message says. */
const wrong: [what: string, change: object, message: RegExp][] = [
  ['a step that is unknown', { before: [{ ...before[0], op: 'run' }] }, /is no plan that is known here/],
  ['a setting that is unknown', { before: [{ ...before[0], also: 1 }] }, /is no plan that is known here/],
  ['more numbers than a tensor has', { before: [...before.slice(0, 2), { ...pad, length: 2 ** 29 }] }, /is no plan/],
  [
    'a salt that is no number',
    { before: [{ op: 'hash', from: 'text', to: 'numbers', hashing: { bins: 2, salt: ['x', '1'] } }] },
    /is no plan/,
  ],
  ['no bins', { before: [{ op: 'hash', from: 'text', to: 'numbers', hashing: { bins: 0 } }] }, /is no plan/],
  [
    'a tensor that nothing makes',
    { before: [{ ...lookUp, from: 'nothing' }, pad] },
    /its step look-up has nothing to work on/,
  ],
  ['a step on what another makes later', { before: [before[0], pad, lookUp] }, /its step pad has nothing to work on/],
  ['texts where there are numbers', { before: [before[0], { ...pad, from: 'words' }] }, /its step pad has nothing/],
  [
    'a vocabulary that is not there',
    { before: [before[0], { ...lookUp, vocabulary: 2 }, pad] },
    /a vocabulary is missing/,
  ],
  ['a word that is not there', { after: [{ ...afterwards[0], unknown: 1 }] }, /a word is missing/],
  [
    'a mask that is not there',
    { before: [before[0], { ...lookUp, mask: { word: 1, index: 0 } }, pad] },
    /a word is missing/,
  ],
  ['no input of the engine', { before: [before[0], lookUp, { ...pad, to: 'other' }] }, /it has no input numbers/],
  ['no output', { results: ['nothing'] }, /it has no output label/],
  ['numbers for a text', { results: ['scores'] }, /it has no output label/],
  ['fewer outputs', { results: [] }, /it has other outputs/],
  [
    'a word twice',
    { vocabularies: [words('a', 'b', 'a'), words('yes')] },
    /the word 2 of the vocabulary is in it twice/,
  ],
  ['no strings', { words: [] }, /is no plan that is known here/],
  [
    'strings out of order',
    { words: { bytes: new Uint8Array(3), ends: Uint32Array.of(2, 1) } },
    /has strings that are none/,
  ],
  [
    'strings past their bytes',
    { words: { bytes: new Uint8Array(3), ends: Uint32Array.of(9) } },
    /has strings that are none/,
  ],
  [
    'strings past the file',
    { words: { $strings: true, bytes: 1e9, ends: 1, offset: 0 } },
    /names strings that are not in it/,
  ],
  [
    'strings before the file',
    { words: { $strings: true, bytes: 1, ends: 1, offset: -8 } },
    /names strings that are not in it/,
  ],
];

describe('a plan beside a model', () => {
  it('is the plan that was written', () => {
    assert.deepEqual(decode(file, engine), plan);
  });

  it('is the model’s own', () => {
    assert.throws(() => decodeForeignPlan(file, planHash(Buffer.from('other')), engine), /belongs to another model/);
  });

  for (const [what, change, message] of wrong)
    it(`is refused with ${what}`, () => {
      const other = encodePlan({ ...plan, ...change } as StringPlan);
      assert.throws(
        () => decode(other, engine),
        (error) => error instanceof PlanError && message.test(error.message),
      );
    });

  it('is refused, or a plan, whatever is in the file', () => {
    const change = fc.record({ at: fc.nat(file.length - 1), byte: fc.nat(255), end: fc.nat(file.length) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), fc.boolean(), (changes, cut) => {
        const other = Buffer.from(file);
        for (const { at, byte } of changes) other[at] = byte;
        try {
          decode(cut ? other.subarray(0, changes[0]!.end) : other, engine);
        } catch (error) {
          assert.ok(error instanceof PlanError, String(error));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('is right for all that Keras’s layers do with strings', async () => {
    const ops = new Set<string>();
    for (const { refused, model, weights } of cases) {
      if (refused) continue;
      const compiled = compile(await readKerasModel(model, { weights }));
      if (!compiled.strings) continue;
      assert.deepEqual(decode(encodePlan(compiled.strings), await engineSignature(compiled)), compiled.strings);
      for (const { op } of [...compiled.strings.before, ...compiled.strings.after]) ops.add(op);
    }
    const all = [
      'bag',
      'cross',
      'digits',
      'hash',
      'look-up',
      'ngrams',
      'pad',
      'reshape',
      'rows',
      'split',
      'standardize',
      'words',
    ];
    assert.deepEqual([...ops].sort(), all);
  });
});
