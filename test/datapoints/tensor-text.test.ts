import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rowOf } from '../../src/datapoints/tensor-rows.js';
import {
  encodeTexts,
  flatTexts,
  type NamedTensors,
  type NonFinite,
  namedTexts,
  ReplySizeError,
  rowOfEach,
  tensorTexts,
} from '../../src/datapoints/tensor-text.js';
import type { Tensor } from '../../src/support/tensor.js';

const float = (shape: number[], ...data: number[]): Tensor => ({
  type: 'float32',
  shape,
  data: Float32Array.from(data),
});
const scalar = float([], 0.5);
const matrix = float([2, 2], 1, Number.NaN, Number.NEGATIVE_INFINITY, 4);
const flags: Tensor = { type: 'bool', shape: [3], data: Uint8Array.of(0, 1, 2) };
const long: Tensor = { type: 'int64', shape: [2], data: BigInt64Array.of(2n ** 63n - 1n, -1n) };
const textOf = (texts: Iterable<string>) => [...texts].join('');

describe('a tensor as JSON', () => {
  const cases: Record<string, [tensor: Tensor, text: string, words?: string, flat?: string]> = {
    'a number': [scalar, '0.5', '0.5', '[0.5]'],
    'no number': [float([], Number.NaN), 'null', 'NaN', '[null]'],
    'a matrix': [matrix, '[[1,null],[null,4]]', '[[1,NaN],[-Infinity,4]]', '[1,null,null,4]'],
    'an array of three axes': [float([1, 2, 1], 3, 4), '[[[3],[4]]]', '[[[3],[4]]]', '[3,4]'],
    booleans: [flags, '[false,true,true]', '[false,true,true]', '[false,true,true]'],
    'integers of 64 bits': [long, '[9223372036854775807,-1]', '[9223372036854775807,-1]', '[9223372036854775807,-1]'],
    'an empty list': [float([0]), '[]', '[]', '[]'],
    'no rows': [float([0, 2]), '[]', '[]', '[]'],
    'empty rows': [float([2, 0]), '[[],[]]', '[[],[]]', '[]'],
  };
  for (const [name, [tensor, text, words, flat]] of Object.entries(cases))
    it(`is ${name}`, () => {
      assert.equal(textOf(tensorTexts(tensor, 'null')), text);
      assert.equal(textOf(tensorTexts(tensor, 'words')), words);
      assert.equal(textOf(flatTexts(tensor, 'null')), flat);
    });

  it('in one array is written a piece at a time', () => {
    const data = Float32Array.from({ length: 2 ** 17 + 1 }, (_, index) => index % 3);
    const pieces = [...flatTexts({ type: 'float32', shape: [data.length], data }, 'null')];
    assert.deepEqual(
      pieces.map((piece) => piece.split(',').length),
      [2 ** 16, 2 ** 16 + 1, 2, 1],
    );
    assert.deepEqual(JSON.parse(pieces.join('')), [...data]);
  });

  it('has rows that share its memory', () => {
    const row = rowOf(matrix, 1);
    assert.deepEqual([row.shape, [...row.data]], [[2], [Number.NEGATIVE_INFINITY, 4]]);
    assert.equal(row.data.buffer, matrix.data.buffer);
    assert.deepEqual(rowOf(flags, 1), { type: 'bool', shape: [], data: Uint8Array.of(1) });
  });

  it('of one name is written alone, of several as an object', () => {
    const tensors: NamedTensors = [
      ['"a"', matrix],
      ['"b"', { ...long, shape: [2, 1] }],
    ];
    const cases: [tensors: NamedTensors, nonFinite: NonFinite, text: string][] = [
      [tensors, 'null', '{"a":[[1,null],[null,4]],"b":[[9223372036854775807],[-1]]}'],
      [tensors, 'words', '{"a":[[1,NaN],[-Infinity,4]],"b":[[9223372036854775807],[-1]]}'],
      [tensors.slice(0, 1), 'words', '[[1,NaN],[-Infinity,4]]'],
      [rowOfEach(tensors, 1), 'null', '{"a":[null,4],"b":[-1]}'],
    ];
    for (const [given, nonFinite, text] of cases) assert.equal(textOf(namedTexts(given, nonFinite)), text);
  });
});

describe('texts in UTF-8', () => {
  it('come in chunks of some size', () => {
    const [chunk, half] = [2 ** 18, 2 ** 17];
    const sizes = (texts: string[]) => encodeTexts(texts, 2 ** 30).map(({ length }) => length);
    assert.deepEqual(sizes(['a'.repeat(half - 1), 'b'.repeat(half), 'c'.repeat(half)]), [3 * half - 1, 0]);
    assert.deepEqual(sizes(['a'.repeat(half), 'b'.repeat(half), 'c']), [chunk, 1]);
    assert.deepEqual(sizes(['a', 'b']), [2]);
    assert.equal(Buffer.concat(encodeTexts(['ß', '☃', 'a'], 6)).toString(), 'ß☃a');
  });

  it('end where they would have more bytes than they may', () => {
    const limit = 3 * 2 ** 20;
    function* endless() {
      for (;;) yield 'a'.repeat(2 ** 17);
    }
    assert.throws(
      () => encodeTexts(endless(), limit),
      (error: unknown) => {
        assert.ok(error instanceof ReplySizeError);
        assert.deepEqual([error.audience, error.code], ['client', 'content_too_large']);
        assert.match(error.message, /larger than 3 MB, the most that this server sends\. Ask for less at once\.$/);
        return true;
      },
    );
    assert.throws(() => encodeTexts(['☃'], 2), ReplySizeError);
    assert.equal(encodeTexts(['☃'], 3).length, 1);
  });
});
