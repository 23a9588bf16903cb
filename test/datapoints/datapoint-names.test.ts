import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clashesOf, knownNames, namesOf } from '../../src/datapoints/datapoint-names.js';
import type { ModelKinds } from '../../src/datapoints/kinds.js';
import type { TensorInfo } from '../../src/support/tensor.js';

const inputsNamed = (...names: string[]): TensorInfo[] =>
  names.map((name) => ({ name, type: 'float32', shape: [null, 1] }));
const table = (...names: string[]) => ({ kind: 'table', spec: { columns: names.map((name) => ({ name })) } });
const tensor = { kind: 'tensor', spec: null };
const names = (kinds: ModelKinds['inputs']) => Object.fromEntries(namesOf(inputsNamed(...Object.keys(kinds)), kinds));
const clashes = (kinds: ModelKinds['inputs']) => clashesOf(inputsNamed(...Object.keys(kinds)), kinds);

describe('the names in a datapoint', () => {
  it('are those of inputs and columns', () => {
    const kinds = { x: table('age', 'income'), y: tensor };
    assert.deepEqual(names(kinds), {
      x: { input: 'x' },
      y: { input: 'y' },
      age: { input: 'x', column: 'age' },
      income: { input: 'x', column: 'income' },
    });
    assert.deepEqual(knownNames(namesOf(inputsNamed('x', 'y'), kinds)), ['age', 'income', 'x', 'y']);
    assert.deepEqual(clashes(kinds), []);
  });

  it('have the input before a column that is in two tables, or called like an input', () => {
    const kinds = { x: table('age', 'y'), y: table('age', 'rooms') };
    assert.deepEqual(Object.keys(names(kinds)), ['x', 'y', 'x.age', 'x.y', 'y.age', 'rooms']);
    assert.deepEqual(clashes(kinds), [
      { column: 'age', tables: ['x', 'y'] },
      { column: 'y', tables: ['x'] },
    ]);
  });

  it('are the inputs’ own where each is a column', () => {
    const kinds = { age: table('age'), income: table('income') };
    assert.deepEqual(names(kinds), { age: { input: 'age' }, income: { input: 'income' } });
    assert.deepEqual(clashes(kinds), []);
  });

  it('have the input before a column of several that is called like it', () => {
    assert.deepEqual(Object.keys(names({ age: table('age', 'income') })), ['age', 'age.age', 'income']);
  });

  it('are image and text for the only ones', () => {
    assert.deepEqual(names({ photo: { kind: 'image', spec: null }, x: tensor }).image, { input: 'photo' });
    assert.equal(
      names({ photo: { kind: 'image', spec: null }, other: { kind: 'image', spec: null } }).image,
      undefined,
    );
  });
});
