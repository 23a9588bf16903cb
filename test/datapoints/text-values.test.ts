/** Texts for a tokenizer beside what else a value may be, in the model's own numbers and lengths. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KindCard } from '../../src/datapoints/kind.js';
import { inputKind, kindsOf } from '../../src/datapoints/kinds.js';
import type { TensorInfo, TensorType } from '../../src/support/tensor.js';

describe('a text for a tokenizer', () => {
  const tokenizer = { word_index: { a: 1, b: 2, c: 3 } };
  const claimed = (shape: (number | null)[], type: TensorType, card: KindCard | undefined) => {
    const input: TensorInfo = { name: 'x', type, shape: [null, ...shape] };
    const { spec } = kindsOf(
      { signature: { inputs: [input], outputs: [] }, hints: {} },
      { inputs: card && { x: card } },
    ).kinds.inputs.x!;
    return { input, spec, kind: inputKind('text') };
  };

  it('is a value, a list of numbers or one of several', () => {
    const { input, spec, kind } = claimed([5], 'float32', { tokenizer, encoding: 'sequence' });
    const isOne = (value: unknown) => kind.isOne(value, input, spec);
    assert.deepEqual([isOne('a'), isOne([1, 2]), isOne(['a', 'b']), isOne([[1, 2]])], [true, true, false, false]);
  });

  it('is what a field of a form holds, as it is', () => {
    const { spec, kind } = claimed([5], 'float32', { tokenizer, encoding: 'sequence' });
    const read = kind.textReader!(spec);
    assert.deepEqual([read('a b'), read(' '), read('[1, 2]'), read('')], ['a b', ' ', '[1, 2]', undefined]);
  });

  it('is given in the model’s own whole numbers', () => {
    for (const type of ['int64', 'uint64', 'int32'] as const)
      for (const encoding of ['sequence', 'count']) {
        const { input, spec, kind } = claimed([4], type, { tokenizer, encoding });
        const reader = kind.reader(input, spec, 1);
        reader.write('b a b', 'x');
        const column = reader.finish();
        assert.ok('tensor' in column);
        const { data } = column.tensor;
        assert.equal(typeof data[0], type === 'int32' ? 'number' : 'bigint');
        assert.deepEqual(Array.from(data, Number), encoding === 'count' ? [0, 1, 2, 0] : [0, 2, 1, 2]);
      }
  });

  it('is no longer than the model takes', () => {
    const { input, spec, kind } = claimed([3], 'float32', { tokenizer, encoding: 'sequence' });
    const read = (text: string) => {
      const reader = kind.reader(input, spec, 1);
      reader.write(text, 'x');
      const column = reader.finish();
      return 'tensor' in column && Array.from(column.tensor.data, Number);
    };
    assert.deepEqual(read('a b c'), [1, 2, 3]);
    assert.throws(
      () => read('a b c a'),
      /^InstancesError: x has 4 words that the model knows, of which it takes 3: .*"truncating"/,
    );
  });
});
