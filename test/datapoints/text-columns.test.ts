/** Columns of texts, which a model with strings takes as they are. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InstancesError } from '../../src/datapoints/json-tensor.js';
import type { Facts, KindCard } from '../../src/datapoints/kind.js';
import { inputKind, kindsOf } from '../../src/datapoints/kinds.js';
import type { TableSpec } from '../../src/datapoints/tables/table-spec.js';
import type { InputHints } from '../../src/inference/model-hints.js';
import { CardError } from '../../src/support/card-error.js';
import { textsOf } from '../../src/support/strings.js';
import type { TensorInfo } from '../../src/support/tensor.js';

const job: TensorInfo = { name: 'job', type: 'string', shape: [null, 1] };
const age: TensorInfo = { name: 'age', type: 'float32', shape: [null, 1] };
const factsOf = (inputs: TensorInfo[], hints: InputHints[] = []): Facts => ({
  signature: { inputs, outputs: [{ name: 'y', type: 'float32', shape: [null, 1] }] },
  hints: { inputs: hints },
});
const words = { known: ['cook', 'nurse'], others: true };
const claimed = (facts: Facts, card?: KindCard) =>
  kindsOf(facts, card ? { inputs: { job: card } } : {}).kinds.inputs.job!;
const tableOf = (card: KindCard) => claimed(factsOf([job, age]), card).spec as TableSpec;

function read(spec: TableSpec, values: unknown[], input = job) {
  const reader = inputKind('table').reader(input, spec, values.length);
  reader.writeAll(values, 'rows');
  const column = reader.finish();
  assert.ok('tensor' in column);
  return [column.tensor.shape, textsOf(column.tensor)];
}

describe('an input of strings', () => {
  it('is a text where the model takes it to pieces', () => {
    const { kind, spec } = claimed(factsOf([job], [{ feeds: ['TextVectorization'] }]));
    assert.deepEqual([kind, spec], ['text', null]);
    assert.equal(claimed(factsOf([job, age], [{ feeds: ['TextVectorization'] }])).kind, 'text');
  });

  it('is a column beside others, with the words that the model knows', () => {
    const { kind, spec } = claimed(factsOf([job, age], [{ feeds: ['StringLookup'], words }]));
    assert.equal(kind, 'table');
    assert.deepEqual(spec, {
      columns: [{ name: 'job', categories: ['cook', 'nurse'], others: true }],
      texts: true,
    });
    assert.deepEqual(claimed(factsOf([job], [{ words: { known: ['cook'], others: false } }])).spec, {
      columns: [{ name: 'job', categories: ['cook'] }],
      texts: true,
    });
  });

  it('is else a text, for a guess, or strings in the model’s shape', () => {
    const { kinds, assumptions } = kindsOf(factsOf([job]));
    assert.equal(kinds.inputs.job!.kind, 'text');
    assert.deepEqual(
      assumptions.filter(({ key }) => key.startsWith('inputs')),
      [{ key: 'inputs.job.kind', value: 'text', basis: 'it is one string', certainty: 'guess' }],
    );
    assert.equal(claimed(factsOf([{ ...job, shape: [null, 3] }])).kind, 'tensor');
  });

  it('takes texts and numbers in columns, and refuses all else by its place', () => {
    const spec = tableOf({ columns: [{ name: 'job' }] });
    assert.deepEqual(read(spec, ['cook', { job: 'nurse' }, ['vet'], 7]), [
      [4, 1],
      ['cook', 'nurse', 'vet', '7'],
    ]);
    for (const [value, message] of [
      [true, 'rows[0] should be a text, but is true.'],
      [2 ** 60, 'rows[0] should be a text, but is 1152921504606847000.'],
      [null, 'rows[0] is missing.'],
      [{}, 'rows[0].job is missing.'],
      [{ jobb: 'a' }, 'rows[0].jobb is no column. Did you mean "job"?'],
      [['a', 'b'], 'rows[0] should be an object by column name, or an array of 1 text, but is an array of 2 elements.'],
    ] as const)
      assert.throws(
        () => read(spec, [value]),
        (error: Error) => error instanceof InstancesError && error.message === message,
        message,
      );
  });

  it('takes no others than its categories where they are all, and what counts for what is absent', () => {
    const spec = tableOf({ columns: [{ name: 'job', categories: ['cook', 'nurse', 3], missing: 'cook' }] });
    assert.deepEqual(read(spec, ['nurse', null, 3, { job: '3' }]), [
      [4, 1],
      ['nurse', 'cook', '3', '3'],
    ]);
    assert.throws(
      () => read(spec, ['nurs']),
      /rows\[0\] should be one of "cook", "nurse", "3", but is "nurs"\. Did you/,
    );
    const open = tableOf({ columns: [{ name: 'job', categories: ['cook'], others: true, missing: '' }] });
    assert.deepEqual(read(open, ['vet', null])[1], ['vet', '']);
  });

  it('may be several columns', () => {
    const input = { ...job, shape: [null, 2] };
    const facts = factsOf([input]);
    const { spec } = claimed(facts, { columns: [{ name: 'a' }, { name: 'b' }] });
    assert.deepEqual(read(spec as TableSpec, [{ b: 'y', a: 'x' }, ['p', 'q']], input), [
      [2, 2],
      ['x', 'y', 'p', 'q'],
    ]);
  });

  it('needs a card that can be', () => {
    const refused: [card: KindCard, message: RegExp][] = [
      [{ columns: [{ name: 'job', scale: 2 }] }, /scale of "job" means nothing where the model takes strings/],
      [{ columns: [{ name: 'job', categories: ['a'], encoding: 'one-hot' }] }, /encoding of "job" means nothing/],
      [{ columns: [{ name: 'job', others: true }] }, /others of "job" needs "categories"/],
      [{ columns: [{ name: 'job', categories: ['a', 'a'] }] }, /has the category "a" twice/],
      [
        { columns: [{ name: 'job', categories: ['a'], missing: 'b' }] },
        /missing of "job" must be one of its categories/,
      ],
      [{ columns: [{ name: 'a' }, { name: 'b' }] }, /has 2 columns where the model takes 1/],
    ];
    for (const [card, message] of refused)
      assert.throws(
        () => tableOf(card),
        (error: Error) => error instanceof CardError && message.test(error.message),
        String(message),
      );
    assert.throws(
      () => claimed(factsOf([job]), { tokenizer: { vocabulary: ['a'] } }),
      /the model takes the text itself/,
    );
    const number = { columns: [{ name: 'age', others: true }] };
    assert.throws(() => kindsOf(factsOf([age]), { inputs: { age: number } }), /others of "age" needs "categories"/);
  });

  it('is described as it is read', () => {
    const describe = (card: KindCard) => inputKind('table').describe(job, tableOf(card)).byColumn;
    const { properties } = describe({ columns: [{ name: 'job', categories: ['a', '2'], others: true }] }) as {
      properties: Record<string, unknown>;
    };
    assert.deepEqual(properties.job, { type: ['string', 'number'], examples: ['a', '2'] });
    const closed = describe({ columns: [{ name: 'job', categories: ['a', '2'] }] }) as typeof properties;
    assert.deepEqual((closed.properties as typeof properties).job, { enum: ['a', '2', 2] });
  });
});
