/** What is replied of the numbers of an output, by its kind. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCard } from '../../src/cards/card.js';
import type { KindCard } from '../../src/datapoints/kind.js';
import { kindsOf, outputKind } from '../../src/datapoints/kinds.js';

/** Rows of an output that the card says something of, as they are replied. */
function writtenBy(card: KindCard, ...rows: number[][]): unknown[] {
  const output = { name: 'y', type: 'float32' as const, shape: [null, rows[0]!.length] };
  const signature = { inputs: [], outputs: [output] };
  parseCard(JSON.stringify({ outputs: { y: card } }));
  const { kind, spec } = kindsOf({ signature, hints: {} }, { outputs: { y: card } }).kinds.outputs.y!;
  assert.equal(kind, card.kind);
  const { topK, ...spelled } = { topK: undefined, ...outputKind(kind).spell?.(spec) };
  // What is spelled out says the same.
  const again = kindsOf({ signature, hints: {} }, { outputs: { y: { kind, ...spelled } } }).kinds.outputs.y!;
  const write = (row: number[], by: unknown, topK?: number) =>
    JSON.parse(
      [
        ...outputKind(kind).write({ type: 'float32', shape: [row.length], data: Float32Array.from(row) }, by, { topK }),
      ].join(''),
    );
  return rows.map((row) => {
    const written = write(row, spec);
    assert.deepEqual(write(row, again.spec), written);
    return written;
  });
}

/** The same of one row with so many labels. */
function topOf(card: KindCard, row: number[], topK: number): { label: string }[] {
  const signature = { inputs: [], outputs: [{ name: 'y', type: 'float32' as const, shape: [null, row.length] }] };
  const { kind, spec } = kindsOf({ signature, hints: {} }, { outputs: { y: card } }).kinds.outputs.y!;
  const tensor = { type: 'float32' as const, shape: [row.length], data: Float32Array.from(row) };
  return JSON.parse([...outputKind(kind).write(tensor, spec, { topK })].join(''));
}

/** Probabilities, rounded to what float32 tells apart. */
const rounded = (predictions: unknown) =>
  (predictions as { label: string; probability: number | null; predicted?: boolean }[]).map(
    ({ label, probability, ...more }) => [
      label,
      probability === null ? null : Number(probability.toFixed(4)),
      ...Object.values(more),
    ],
  );

describe('classes', () => {
  it('are replied likeliest first, five where nothing is said', () => {
    const [written] = writtenBy({ kind: 'classes' }, [0.1, 0.2, 0.3, 0.15, 0.05, 0.2]);
    assert.deepEqual(rounded(written), [
      ['2', 0.3],
      ['1', 0.2],
      ['5', 0.2],
      ['3', 0.15],
      ['0', 0.1],
    ]);
  });

  it('have the names of the card, of pairs the second', () => {
    const [written] = writtenBy({ kind: 'classes', labels: ['a', ['n1', 'b'], 'c'] }, [0.25, 0.5, 0.25]);
    assert.deepEqual(written, [
      { label: 'b', probability: 0.5 },
      { label: 'a', probability: 0.25 },
      { label: 'c', probability: 0.25 },
    ]);
  });

  it('of logits have the probabilities of softmax', () => {
    // keras.ops.softmax([1, 3, 2]), keras.ops.softmax([1000, 1000, 0])
    const [written, large] = writtenBy({ kind: 'classes', logits: true }, [1, 3, 2], [1000, 1000, 0]);
    assert.deepEqual(rounded(written), [
      ['1', 0.6652],
      ['2', 0.2447],
      ['0', 0.09],
    ]);
    assert.deepEqual(rounded(large), [
      ['0', 0.5],
      ['1', 0.5],
      ['2', 0],
    ]);
  });

  it('that are no numbers come last, as null', () => {
    const [written] = writtenBy({ kind: 'classes' }, [Number.NaN, 0.2, -1]);
    assert.deepEqual(rounded(written), [
      ['1', 0.2],
      ['2', -1],
      ['0', null],
    ]);
  });

  it('are as many as are asked for', () => {
    assert.deepEqual(
      topOf({ kind: 'classes' }, [1, 3, 2], 2).map(({ label }) => label),
      ['1', '2'],
    );
  });
});

describe('one of two', () => {
  const labels = ['healthy', 'ill'];
  it('is the second label from a half on', () => {
    const written = writtenBy({ kind: 'binary', labels }, [0.25], [0.5], [0.75]);
    assert.deepEqual(written, [
      [
        { label: 'healthy', probability: 0.75 },
        { label: 'ill', probability: 0.25 },
      ],
      [
        { label: 'ill', probability: 0.5 },
        { label: 'healthy', probability: 0.5 },
      ],
      [
        { label: 'ill', probability: 0.75 },
        { label: 'healthy', probability: 0.25 },
      ],
    ]);
  });

  it('is the second label from the card’s threshold on, whichever is likelier', () => {
    const card = { kind: 'binary', labels, threshold: 0.25 };
    const first = writtenBy(card, [0.125], [0.25]).map((both) => (both as { label: string }[])[0]!.label);
    assert.deepEqual(first, ['healthy', 'ill']);
    const late = writtenBy({ ...card, threshold: 0.875 }, [0.75]) as { label: string }[][];
    assert.equal(late[0]![0]!.label, 'healthy');
  });

  it('is 0 or 1 without labels', () => {
    assert.deepEqual(rounded(writtenBy({ kind: 'binary' }, [0.75])[0]), [
      ['1', 0.75],
      ['0', 0.25],
    ]);
  });

  it('of a logit has the probability of sigmoid', () => {
    // keras.ops.sigmoid([0, 2, -2])
    const written = writtenBy({ kind: 'binary', labels, logits: true }, [0], [2], [-2]);
    assert.deepEqual(written.map(rounded), [
      [
        ['ill', 0.5],
        ['healthy', 0.5],
      ],
      [
        ['ill', 0.8808],
        ['healthy', 0.1192],
      ],
      [
        ['healthy', 0.8808],
        ['ill', 0.1192],
      ],
    ]);
  });

  it('of two numbers has both, of two logits those of softmax', () => {
    assert.deepEqual(rounded(writtenBy({ kind: 'binary', labels }, [0.25, 0.75])[0]), [
      ['ill', 0.75],
      ['healthy', 0.25],
    ]);
    assert.deepEqual(rounded(writtenBy({ kind: 'binary', labels, logits: true }, [2, 0])[0]), [
      ['healthy', 0.8808],
      ['ill', 0.1192],
    ]);
  });

  it('is the first label, with null, where the model gives no number', () => {
    assert.deepEqual(rounded(writtenBy({ kind: 'binary', labels }, [Number.NaN])[0]), [
      ['healthy', null],
      ['ill', null],
    ]);
  });

  it('is the answer alone where one label is asked for', () => {
    assert.deepEqual(
      topOf({ kind: 'binary', labels, threshold: 0.25 }, [0.25], 1).map(({ label }) => label),
      ['ill'],
    );
  });
});

describe('labels of which any may hold', () => {
  const labels = ['fog', 'ice', 'rain', 'snow', 'sun', 'wind'];
  it('are all replied, likeliest first, with whether they hold', () => {
    const [written] = writtenBy({ kind: 'multi-label', labels }, [0.25, 0.5, 0.75, 0, 1, 0.125]);
    assert.deepEqual(written, [
      { label: 'sun', probability: 1, predicted: true },
      { label: 'rain', probability: 0.75, predicted: true },
      { label: 'ice', probability: 0.5, predicted: true },
      { label: 'fog', probability: 0.25, predicted: false },
      { label: 'wind', probability: 0.125, predicted: false },
      { label: 'snow', probability: 0, predicted: false },
    ]);
  });

  it('hold from the card’s threshold on, and go by their numbers without names', () => {
    const [written] = writtenBy({ kind: 'multi-label', threshold: 0.75 }, [0.5, 0.75]);
    assert.deepEqual(rounded(written), [
      ['1', 0.75, true],
      ['0', 0.5, false],
    ]);
  });

  it('of logits have the probabilities of sigmoid, each its own', () => {
    const [written] = writtenBy({ kind: 'multi-label', logits: true }, [2, 2, -2]);
    assert.deepEqual(rounded(written), [
      ['0', 0.8808, true],
      ['1', 0.8808, true],
      ['2', 0.1192, false],
    ]);
  });

  it('don’t hold where the model gives no number', () => {
    assert.deepEqual(rounded(writtenBy({ kind: 'multi-label' }, [Number.NaN, 0.75])[0]), [
      ['1', 0.75, true],
      ['0', null, false],
    ]);
  });

  it('are as many as are asked for', () => {
    assert.deepEqual(
      topOf({ kind: 'multi-label', labels }, [0.25, 0.5, 0.75, 0, 1, 0.125], 2).map(({ label }) => label),
      ['sun', 'rain'],
    );
  });
});

describe('numbers', () => {
  it('are replied alone, with the unit where it is known', () => {
    assert.deepEqual(writtenBy({ kind: 'number' }, [1.5], [Number.NaN]), [{ value: 1.5 }, { value: null }]);
    assert.deepEqual(writtenBy({ kind: 'number', name: 'price', unit: 'dollars' }, [2]), [
      { value: 2, unit: 'dollars' },
    ]);
  });

  it('are a list where there are several, and an object where they have names', () => {
    assert.deepEqual(writtenBy({ kind: 'number', unit: 'm' }, [1, 2]), [{ values: [1, 2], unit: 'm' }]);
    assert.deepEqual(writtenBy({ kind: 'number', names: ['low', 'high'] }, [1, 2]), [{ values: { low: 1, high: 2 } }]);
  });

  it('are scaled back: output × scale + offset, then transformed', () => {
    const scaled = { kind: 'number', scale: 2, offset: 1 };
    const of = (card: KindCard, value: number) => (writtenBy(card, [value]) as { value: number }[])[0]!.value;
    assert.equal(of(scaled, 3), 7);
    assert.equal(of({ ...scaled, transform: 'square' }, 3), 49);
    assert.equal(of({ ...scaled, transform: 'exp' }, -0.5), 1);
    assert.equal(of({ kind: 'number', transform: 'expm1' }, 1), Math.expm1(1));
    assert.deepEqual(writtenBy({ ...scaled, names: ['a', 'b'] }, [0, 3]), [{ values: { a: 1, b: 7 } }]);
  });
});
