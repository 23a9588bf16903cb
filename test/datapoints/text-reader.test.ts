import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { textReaderOf } from '../../src/datapoints/text-reader.js';
import { JsonError } from '../../src/json/error.js';

const table = { kind: 'table', spec: { columns: [{ name: 'age' }, { name: 'income' }] } };

describe('the bare text of a form field or cell', () => {
  const numbers: [text: string, value: unknown][] = [
    ['3', 3],
    [' -1.5e-3 ', -0.0015],
    ['+.5', 0.5],
    ['2.', 2],
    ['007', 7],
    ['true', true],
    ['False', false],
    ['', undefined],
    ['  ', undefined],
    ...['1,5', '0x10', '1_000', 'Infinity', 'NaN', '12abc', '1 2', '.', 'e3', 'constructor'].map(
      (text): [string, unknown] => [text, text],
    ),
  ];
  for (const [text, value] of numbers)
    it(`of a column of numbers: ${JSON.stringify(text)}`, () => {
      assert.equal(textReaderOf(table, 'age')(text), value);
    });

  it('of a table of one column is that column’s, of one of several is JSON', () => {
    const one = { kind: 'table', spec: { columns: [{ name: 'age' }] } };
    assert.equal(textReaderOf(one)('.5'), 0.5);
    assert.deepEqual(textReaderOf(one)(' {"age": 0.5}'), { age: 0.5 });
    assert.equal(textReaderOf(one)('[0.5'), '[0.5');
    assert.deepEqual(textReaderOf(table)('{"age": 1}'), { age: 1 });
    const letters = { kind: 'table', spec: { columns: [{ name: 'letter', categories: ['[1]', 'b'] }] } };
    assert.equal(textReaderOf(letters)('[1]'), '[1]');
    assert.equal(textReaderOf(letters)(''), undefined);
    assert.deepEqual(textReaderOf(letters)('{"letter": "b"}'), { letter: 'b' });
    assert.equal(textReaderOf(letters, 'letter')('{"letter": "b"}'), '{"letter": "b"}');
  });

  it('of a kind that says nothing of it is JSON', () => {
    const tensor = { kind: 'tensor', spec: null };
    assert.deepEqual(textReaderOf(tensor)('"a"'), 'a');
    assert.equal(textReaderOf(tensor)(' '), undefined);
    assert.throws(() => textReaderOf(tensor)('[1, 2'), JsonError);
  });
});
