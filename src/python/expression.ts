import { FunctionError } from './error.js';
import { type PythonConstant, Tuple } from './values.js';

export type UnaryOperator = '-' | '+' | '~';
export type BinaryOperator = (typeof binaryOperators)[number] | (typeof comparisons)[number];

/** Python's operators in the order of BINARY_OP's numbers. */
export const binaryOperators = ['+', '&', '//', '<<', '@', '*', '%', '|', '**', '>>', '-', '/', '^'] as const;

/** Python's comparisons in the order of COMPARE_OP's numbers. */
export const comparisons = ['<', '<=', '==', '!=', '>', '>='] as const;

/** What a function works out, as data. Parts that are used twice are the same object. */
export type Expression = { size: number } & (
  | { kind: 'constant'; value: PythonConstant }
  | { kind: 'parameter'; name: string }
  | { kind: 'closure'; name: string }
  | { kind: 'global'; name: string }
  | { kind: 'attribute'; of: Expression; name: string }
  | { kind: 'unary'; operator: UnaryOperator; operand: Expression }
  /** In its place, as of `+=`: the same but where its left can change, as lists do. */
  | { kind: 'binary'; operator: BinaryOperator; left: Expression; right: Expression; inPlace?: true }
  | { kind: 'item'; of: Expression; key: Expression }
  /** One of so many that a sequence holds: `a, b = x`. */
  | { kind: 'unpacked'; of: Expression; index: number; count: number }
  | { kind: 'slice'; bounds: readonly Expression[] }
  | { kind: 'tuple'; items: readonly Expression[] }
  | { kind: 'list'; items: readonly Expression[] }
  | { kind: 'call'; callee: Expression; args: readonly Expression[]; named: readonly (readonly [string, Expression])[] }
);

type Bare<T> = T extends unknown ? Omit<T, 'size'> : never;

/** Parts that an expression may have, written out. */
export const largestExpression = 1000;

/** The parts that an expression is made of. */
export function partsOf(expression: Bare<Expression>): readonly Expression[] {
  switch (expression.kind) {
    case 'attribute':
    case 'unpacked':
      return [expression.of];
    case 'unary':
      return [expression.operand];
    case 'binary':
      return [expression.left, expression.right];
    case 'item':
      return [expression.of, expression.key];
    case 'slice':
      return expression.bounds;
    case 'tuple':
    case 'list':
      return expression.items;
    case 'call':
      return [expression.callee, ...expression.args, ...expression.named.map(([, value]) => value)];
    default:
      return [];
  }
}

/** @throws FunctionError when it is too large */
export function expression(bare: Bare<Expression>): Expression {
  const own = bare.kind === 'constant' && bare.value instanceof Tuple ? bare.value.size : 1;
  const size = partsOf(bare).reduce((sum, part) => sum + part.size, own);
  if (size > largestExpression) throw new FunctionError('it is too long');
  return { ...bare, size } as Expression;
}
