/** What Python works out in a Lambda's function before a tensor has a part in it: the answers are Python's. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LayerCall } from '../../src/onnx/context.js';
import { callFunction } from '../../src/onnx/layers/lambda/calls.js';
import { binaryOperation, unaryOperation } from '../../src/onnx/layers/lambda/operators.js';
import { type PythonValue, Reference, Sequence } from '../../src/onnx/layers/lambda/values.js';
import type { BinaryOperator, UnaryOperator } from '../../src/python/expression.js';

const noTensor = () => assert.fail('there is no tensor');
const binary = (operator: string, left: PythonValue, right: PythonValue) =>
  binaryOperation(operator as BinaryOperator, left, right, noTensor);
const unary = (operator: string, operand: PythonValue) => unaryOperation(operator as UnaryOperator, operand, noTensor);
const call = (path: string, ...args: PythonValue[]) => callFunction({} as LayerCall, new Reference(path), args, {});

describe('numbers in a Lambda', () => {
  const answers: [left: bigint | number, operator: string, right: bigint | number, answer: bigint | number][] = [
    [7n, '+', 2n, 9n],
    [7n, '-', 9n, -2n],
    [7n, '*', -3n, -21n],
    [7n, '/', 2n, 3.5],
    [8n, '/', 2n, 4],
    [7n, '//', 2n, 3n],
    [-7n, '//', 2n, -4n],
    [7n, '//', -2n, -4n],
    [7n, '%', 4n, 3n],
    [-7n, '%', 4n, 1n],
    [7n, '%', -4n, -1n],
    [2n, '**', 10n, 1024n],
    [2n, '**', 64n, 2n ** 64n],
    [2n, '**', 0n, 1n],
    [0n, '**', 0n, 1n],
    [0n, '**', 3n, 0n],
    [2n, '**', -2n, 0.25],
    [2n ** 53n, '+', 0n, 2n ** 53n],
    [-(2n ** 53n), '+', 0n, -(2n ** 53n)],
    [0n, '/', 5n, 0],
    [0.5, '+', 2n, 2.5],
    [2n, '-', 0.5, 1.5],
    [1.5, '*', 3n, 4.5],
    [3n, '/', 1.5, 2],
    [0, '/', 1.5, 0],
    [4, '**', 0.5, 2],
    [0.5, '-', 0, 0.5],
    [0.5, '*', 0, 0],
    [-0.5, '+', 0, -0.5],
  ];
  for (const [left, operator, right, answer] of answers)
    it(`${left} ${operator} ${right} is ${answer}`, () => assert.equal(binary(operator, left, right), answer));

  const refusals: [left: PythonValue, operator: string, right: PythonValue][] = [
    [7n, '/', 0n],
    [7n, '//', 0n],
    [7n, '%', 0n],
    [0n, '**', -1n],
    [2n, '**', 65n],
    [2n ** 53n + 1n, '+', 1n],
    [1n, '+', -(2n ** 53n) - 1n],
    [7n, '@', 2n],
    [7n, '&', 2n],
    [1.5, '/', 0],
    [0, '**', 0.5],
    [-1.5, '**', 2n],
    [1.5, '//', 1n],
    [1.5, '%', 1n],
    ['a', '+', 1n],
    [1n, '+', 'a'],
    [null, '*', 2n],
    [new Sequence([1n]), '*', 2n],
    [new Sequence([1n]), '-', new Sequence([1n])],
    [new Sequence([1n]), '+', 1n],
    [1n, '+', new Sequence([1n])],
  ];
  for (const [index, [left, operator, right]] of refusals.entries())
    it(`refuses "${operator}" of what it can't work out (${index})`, () => {
      const message = `its "${operator}" of what is no tensor is not supported`;
      assert.throws(() => binary(operator, left, right), { message });
    });

  it('joins lists', () => {
    assert.deepEqual(binary('+', new Sequence([1n, 2n]), new Sequence([3n])), new Sequence([1n, 2n, 3n]));
  });

  it('knows signs', () => {
    assert.deepEqual([unary('-', 3n), unary('-', -2.5), unary('+', 3n), unary('+', -2.5)], [-3n, 2.5, 3n, -2.5]);
    for (const [operator, operand] of [
      ['~', 3n],
      ['-', 'a'],
      ['+', null],
    ] as const)
      assert.throws(() => unary(operator, operand), { message: `its "${operator}" is not supported` });
  });

  it('knows functions', () => {
    const list = new Sequence([1n, 2n, 3n]);
    const known: [path: string, argument: PythonValue, answer: bigint | number][] = [
      ['builtins.abs', -3n, 3n],
      ['builtins.abs', 0n, 0n],
      ['builtins.abs', 3n, 3n],
      ['builtins.abs', -2.5, 2.5],
      ['builtins.abs', 2.5, 2.5],
      ['builtins.len', list, 3n],
      ['builtins.float', 2n, 2],
      ['builtins.float', 2.5, 2.5],
      ['builtins.int', 3.7, 3n],
      ['builtins.int', -3.7, -3n],
      ['builtins.int', 5n, 5n],
      ['np.sqrt', 2.25, 1.5],
      ['math.sqrt', 4n, 2],
      ['np.exp', 0n, 1],
      ['math.log', 1n, 0],
    ];
    for (const [path, argument, answer] of known) assert.equal(call(path, argument), answer, `${path} ${argument}`);
    assert.equal(call('backend.epsilon'), 1e-7);
    assert.equal(call('backend.floatx'), 'float32');
  });

  it('are refused where a function has no answer', () => {
    const refused: [path: string, args: PythonValue[], message: string][] = [
      ['builtins.abs', ['a'], 'it calls abs with what is no number'],
      ['builtins.abs', [1n, 2n], 'it calls abs with 2 arguments'],
      ['builtins.abs', [], 'it calls abs with 0 arguments'],
      ['builtins.len', [3n], 'it calls len with what is no list'],
      ['builtins.float', ['2'], 'it calls float with what is no number'],
      ['builtins.int', [Number.POSITIVE_INFINITY], 'its int is no number'],
      ['builtins.int', ['2'], 'it calls int with what is no number'],
      ['backend.int_shape', [3n], 'it calls int_shape with what is no tensor'],
      ['backend.ndim', [3n], 'it calls ndim with what is no tensor'],
      ['np.sqrt', [-1n], 'its np.sqrt is no number'],
      ['math.log', [0n], 'its math.log is no number'],
      ['math.log', [1n, 2n], 'it calls math.log with 2 arguments'],
      ['np.exp', [1000n], 'its np.exp is no number'],
    ];
    for (const [path, args, message] of refused) assert.throws(() => call(path, ...args), { message }, path);
    const named = () => callFunction({} as LayerCall, new Reference('builtins.abs'), [1n], { x: 2n });
    assert.throws(named, { message: 'it calls builtins.abs with x, which is not known' });
  });
});
