import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Facts } from '../../src/datapoints/kind.js';
import {
  bodyMedia,
  inputKind,
  inputKinds,
  isImage,
  type KindCards,
  kindsOf,
  labelCounts,
  outputKind,
  outputKinds,
  predictionsOf,
} from '../../src/datapoints/kinds.js';
import { haveRows } from '../../src/datapoints/rows.js';
import { CardError } from '../../src/support/card-error.js';
import type { Tensor, TensorInfo, TensorType } from '../../src/support/tensor.js';
import { imageOf } from '../helpers/kinds.js';

const info = (name: string, shape: (number | null)[], type: TensorType = 'float32'): TensorInfo => ({
  name,
  type,
  shape,
});
const numbers = info('numbers', [null, 2]);
const tensor = { kind: 'tensor', spec: null };
const facts = (inputs: TensorInfo[], outputs: TensorInfo[]): Facts => ({ signature: { inputs, outputs }, hints: {} });

describe('a card of kinds', () => {
  const scores = info('scores', [null, 3]);
  const refused: Record<string, [cards: KindCards, message: RegExp]> = {
    'an input that there isn’t': [
      { inputs: { picture: {} } },
      /inputs\.picture is none of the model's inputs: numbers\.$/,
    ],
    'an output that there isn’t': [
      { outputs: { picture: {} } },
      /outputs\.picture is none of the model's outputs: scores\.$/,
    ],
    'a kind that an input can’t be': [
      { inputs: { numbers: { kind: 'image' } } },
      /inputs\.numbers\.kind can't be "image": numbers is float32 of the shape \(any, 2\)\.$/,
    ],
    'keys of another kind': [
      { outputs: { scores: { kind: 'tensor', labels: ['a', 'b', 'c'] } } },
      /outputs\.scores\.labels can't stand beside outputs\.scores\.kind, which is tensor\.$/,
    ],
    'keys of two kinds': [{ outputs: { scores: { labels: ['a', 'b', 'c'], unit: 'm' } } }, /labels means nothing here/],
    'a label too few': [
      { outputs: { scores: { labels: ['a', 'b'] } } },
      /outputs\.scores\.labels has 2 labels where the model has 3 classes\.$/,
    ],
    'a name too few': [
      { outputs: { scores: { names: ['a', 'b'] } } },
      /outputs\.scores\.names has 2 names where the model gives 3 numbers\.$/,
    ],
    'a scale by which all is the same': [
      { outputs: { scores: { scale: 0 } } },
      /outputs\.scores\.scale must not be 0: each answer would be the offset\.$/,
    ],
    'a name and names': [
      { outputs: { scores: { name: 'a', names: ['a', 'b', 'c'] } } },
      /outputs\.scores\.name can't stand beside "names"\.$/,
    ],
  };
  for (const [name, [cards, message]] of Object.entries(refused))
    it(`is refused for ${name}`, () => {
      assert.throws(
        () => kindsOf(facts([numbers], [scores]), cards),
        (error: Error) => {
          assert.ok(error instanceof CardError);
          assert.match(error.message, message);
          return true;
        },
      );
    });

  it('of many inputs is refused with twenty of their names', () => {
    const inputs = Array.from({ length: 21 }, (_, index) => info(`i${index}`, [null]));
    const names = inputs.slice(0, 20).map(({ name }) => name);
    assert.throws(() => kindsOf(facts(inputs, [scores]), { inputs: { x: {} } }), {
      message: `serve.json: inputs.x is none of the model's inputs: ${names.join(', ')}.`,
    });
  });

  it('says what it says with words of its own place', () => {
    const place = (side: string) => (name: string) => (key: string) => `${side}/${name}/${key}`;
    assert.throws(
      () => kindsOf(facts([numbers], [scores]), { outputs: { scores: { labels: ['a'] } } }, place),
      /outputs\/scores\/labels has 1 label where/,
    );
  });
});

describe('kinds', () => {
  it('are found by their names', () => {
    for (const kind of inputKinds) assert.equal(inputKind(kind.name), kind);
    for (const kind of outputKinds) assert.equal(outputKind(kind.name), kind);
    assert.ok(bodyMedia.includes('image/*'));
    assert.ok(inputKind('image').errors.includes('image_truncated'));
  });

  it('say whether a datapoint is an image, and how many labels outputs have', () => {
    const one = imageOf([8, 9], 3);
    assert.equal(isImage({ inputs: { picture: one } }), true);
    assert.equal(isImage({ inputs: { picture: tensor } }), false);
    assert.equal(isImage({ inputs: { picture: one, numbers: tensor } }), false);
    assert.equal(isImage({ inputs: {} }), false);
    const classes = (count: number) => ({ kind: 'classes', spec: { labels: [], count, logits: false } });
    assert.deepEqual(labelCounts({ outputs: { a: classes(3), b: tensor, c: classes(2) } }), [3, 2]);
    const row: Tensor = { type: 'float32', shape: [3], data: Float32Array.of(1, 3, 2) };
    const best = [
      { label: '1', probability: 3 },
      { label: '2', probability: 2 },
    ];
    assert.deepEqual(predictionsOf(row, classes(3), 2), best);
    assert.deepEqual(predictionsOf(row, tensor, 2), best);
  });
});

describe('rows in common', () => {
  const cases: [shapes: (number | null)[][], expected: boolean][] = [
    [[], false],
    [[[]], false],
    [[[null]], true],
    [[[2, 3]], true],
    [[[null, 2], [null]], true],
    [[[null, 2], [2]], false],
    [[[null], []], false],
  ];
  for (const [shapes, expected] of cases)
    it(`are ${expected ? '' : 'not '}in ${JSON.stringify(shapes)}`, () => {
      assert.equal(haveRows(shapes.map((shape) => info('x', shape))), expected);
    });
});
