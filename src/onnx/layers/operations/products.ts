import type { Value } from '../../graph.js';
import {
  cast,
  concat,
  einsum,
  matmul,
  mul,
  normalizeAxis,
  reshape,
  sizeProduct,
  sizesOf,
  split,
  sub,
  unsqueeze,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { computed } from './dtypes.js';
import { type OperationTable, operation } from './operation.js';
import { flatten, moveAxes, swapAxes } from './shape.js';

const letters = 'abcdefghijklmnopqrstuvwxyz';

const pair = ['x1', 'x2'] as const;

/** The sum over axes of two tensors: those of each that are given vanish, the rest follow one another. */
function contract(x1: Value, x2: Value, axes1: readonly number[], axes2: readonly number[]): Value {
  const left = [...letters.slice(0, x1.rank)];
  const right = [...letters.slice(x1.rank, x1.rank + x2.rank)];
  axes1.forEach((axis, index) => {
    right[axes2[index]!] = left[axis]!;
  });
  const result = [
    ...left.filter((_, axis) => !axes1.includes(axis)),
    ...right.filter((_, axis) => !axes2.includes(axis)),
  ];
  return computed([x1, x2], (a, b) => einsum(`${left.join('')},${right.join('')}->${result.join('')}`, [a, b]));
}

function matmulOperation(a: Arguments): Value {
  const [x1, x2] = a.promoted(pair);
  const swap = (value: Value, name: string) =>
    a.boolean(`transpose_${name}`) || a.boolean(`adjoint_${name}`) || a.boolean(`adj_${name}`)
      ? swapAxes(value, value.rank - 1, value.rank - 2)
      : value;
  const product = (left: Value, right: Value) => matmul(swap(left, 'a'), swap(right, 'b'));
  // Of two of int8 alone; a vector's, and that of int8 and bools, stays int8.
  const bytes = pair.every((name) => a.tensor(name).type === 'int8' && a.tensor(name).rank !== 1);
  if (bytes) return product(cast(x1!, 'int32'), cast(x2!, 'int32'));
  return computed([x1!, x2!], product);
}

function dot(x1: Value, x2: Value): Value {
  if (x1.rank === 0 || x2.rank === 0) return computed([x1, x2], mul);
  return contract(x1, x2, [x1.rank - 1], [Math.max(0, x2.rank - 2)]);
}

function tensordot(a: Arguments): Value {
  const [x1, x2] = a.promoted(pair);
  const axes = a.raw('axes') ?? 2;
  if (typeof axes === 'number') {
    if (a.count('axes', 2) > Math.min(x1!.rank, x2!.rank)) return a.unsupported(`it sums over ${axes} axes`);
    const last = Array.from({ length: axes }, (_, index) => x1!.rank - axes + index);
    return contract(
      x1!,
      x2!,
      last,
      Array.from({ length: axes }, (_, index) => index),
    );
  }
  const flat = a.numbers('axes');
  const half = flat.length / 2;
  if (!Number.isInteger(half)) return a.unsupported('its axes are not as many of one tensor as of the other');
  const at = (from: readonly number[], rank: number) => from.map((axis) => normalizeAxis(axis, rank));
  return contract(x1!, x2!, at(flat.slice(0, half), x1!.rank), at(flat.slice(half), x2!.rank));
}

/** An equation with its letters called anew, in the order in which they come. */
function inOrder(equation: string): string {
  const letters = [...new Set(equation.match(/[a-zA-Z]/g))];
  return equation.replace(
    /[a-zA-Z]/g,
    (letter) => 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'[letters.indexOf(letter)]!,
  );
}

function einsumOperation(a: Arguments): Value {
  const given = a.string('subscripts');
  // The letters of a result that the equation doesn't name are in alphabetical order: Keras first calls them a, b, … as they come.
  const equation = a.call.layer.className.startsWith('ops.') ? inOrder(given) : given;
  if (!/^[\sa-zA-Z.,]+(->[\sa-zA-Z.]*)?$/.test(equation)) return a.unsupported('its equation is not one of letters');
  const operands = a.tensors('operands');
  // Of int8 alone; beside bools it stays int8.
  const bytes = a.list('operands').every((_, index) => a.item('operands', index).type === 'int8');
  const values = bytes ? operands.map((value) => cast(value, 'int32')) : operands;
  return computed(values, (...wide) => einsum(equation, wide));
}

function outer(a: Arguments): Value {
  const [x1, x2] = a.promoted(pair);
  return computed([reshape(x1!, [-1, 1]), reshape(x2!, [1, -1])], mul);
}

function kron(a: Arguments): Value {
  const values = a.promoted(pair);
  const rank = Math.max(...values.map((value) => value.rank));
  const [x1, x2] = values.map((value) =>
    value.rank === rank
      ? value
      : unsqueeze(
          value,
          Array.from({ length: rank - value.rank }, (_, axis) => axis),
        ),
  );
  const apart = (x: Value, first: boolean) =>
    unsqueeze(
      x,
      x.shape.map((_, axis) => 2 * axis + (first ? 1 : 0)),
    );
  const product = computed([apart(x1!, true), apart(x2!, false)], mul);
  const [sizes1, sizes2] = [sizesOf(x1!), sizesOf(x2!)];
  return reshape(
    product,
    sizes1.map((size, axis) => sizeProduct([size, sizes2[axis]!])),
  );
}

/** The vector product along axes of 3, or of 2 where the third element is 0. */
function cross(a: Arguments): Value {
  const values = a.promoted(pair);
  const axis = a.optionalNumber('axis');
  const last = (x: Value, name: string) => {
    const at = axis ?? a.number(name, -1);
    return moveAxes(x, [at < 0 ? at + x.rank : at], [x.rank - 1]);
  };
  const vectors = [last(values[0]!, 'axisa'), last(values[1]!, 'axisb')];
  const sizes = vectors.map((x) => x.shape.at(-1) ?? a.unsupported('its vectors are of unknown length'));
  if (!sizes.every((size) => size === 2 || size === 3)) return a.unsupported('its vectors are not of 2 or 3 elements');
  const [p, q] = vectors.map((x, index) => split(x, Array<number>(sizes[index]!).fill(1), x.rank - 1));
  const element = (one: Value[], index: number) => one[index] ?? mul(one[0]!, 0);
  const component = (i: number, j: number) =>
    sub(mul(element(p!, i), element(q!, j)), mul(element(p!, j), element(q!, i)));
  const plane = component(0, 1);
  if (sizes[0] === 2 && sizes[1] === 2) return reshape(plane, sizesOf(plane).slice(0, -1));
  const product = concat([component(1, 2), component(2, 0), plane], plane.rank - 1);
  const target = axis ?? a.number('axisc', -1);
  return moveAxes(product, [product.rank - 1], [target < 0 ? target + product.rank : target]);
}

/** Products of tensors. https://keras.io/api/ops/numpy/ */
export const productOperations: OperationTable = {
  Matmul: operation('x1 x2', matmulOperation),
  Dot: operation('x1 x2', (a) => {
    const [x1, x2] = a.promoted(pair);
    return dot(x1!, x2!);
  }),
  Vdot: operation('x1 x2', (a) => {
    const [x1, x2] = a.promoted(pair);
    return dot(flatten(x1!), flatten(x2!));
  }),
  Inner: operation('x1 x2', (a) => {
    const [x1, x2] = a.promoted(pair);
    return x1!.rank * x2!.rank === 0 ? dot(x1!, x2!) : contract(x1!, x2!, [x1!.rank - 1], [x2!.rank - 1]);
  }),
  Outer: operation('x1 x2', outer),
  Tensordot: operation('x1 x2 axes', tensordot),
  Einsum: operation('*operands', einsumOperation),
  Kron: operation('x1 x2', kron),
  Cross: operation('x1 x2', cross, 'axisa axisb axisc'),
};
