import type { TensorType } from '../../../tensor.js';
import type { Value } from '../../graph.js';
import {
  abs,
  add,
  cast,
  constant,
  div,
  floor,
  isFloat,
  lessOrEqual,
  log,
  max,
  min,
  mul,
  node,
  pow,
  range,
  reshape,
  type Size,
  sign,
  sizeOf,
  sizesOf,
  sub,
  toFloat,
  unsqueeze,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { choose } from './comparison.js';
import { type OperationTable, operation } from './operation.js';
import { broadcastTo } from './shape.js';
import { scalarOf } from './sizes.js';

/** A tensor of the shape of another, filled with one number. */
const filledLike = (value: number) =>
  operation('x dtype', (a) => {
    const x = a.tensor('x');
    return filled(a, a.optionalType('dtype') ?? x.type, sizesOf(x), value);
  });

/** A tensor of this shape, all of one number. */
export const filled = (a: Arguments, type: TensorType, sizes: readonly Size[], value: number): Value =>
  broadcastTo(a.constant(type, value), sizes);

/** A number that may be a tensor: the bounds of ranges. */
const _sizeArgument = (a: Arguments, name: string): Size | undefined => {
  if (!a.has(name)) return undefined;
  const value = a.tensor(name);
  return scalarOf(value) ?? value;
};

/** The most numbers that a range is written out as. */
const largestRange = 2 ** 20;

function arange(a: Arguments): Value {
  const bounds = (a.has('stop') ? ['start', 'stop', 'step'] : ['start', 'step']).filter((name) => a.has(name));
  const values = a.promoted(bounds);
  const type = a.optionalType('dtype') ?? values[0]!.type;
  const wide = isFloat(values[0]!) ? 'float32' : 'int64';
  const [start, stop, step] = a.has('stop') ? values : [undefined, values[0], values[1]];
  const given = (value: Value | undefined, otherwise: number) =>
    value ? cast(value, wide) : a.constant(wide, otherwise);
  const inputs = [given(start, 0), given(stop, 0), given(step, 1)];
  const [from, to, by] = inputs.map(scalarOf);
  if (from !== undefined && to !== undefined && by !== undefined) {
    const length = Math.max(0, Math.ceil((to - from) / by));
    if (!(length <= largestRange)) return a.unsupported(`it counts more than ${largestRange} numbers`);
    return constant(
      a.graph,
      type,
      [length],
      Array.from({ length }, (_, index) => from + index * by),
    );
  }
  return cast(node('Range', inputs, {}, wide, [null]), type);
}

/** `num` steps from `start` to `stop` along a new axis, in float32. */
function steps(a: Arguments, start: Value, stop: Value): [values: Value, step: Value] {
  const count = a.number('num', 50);
  const intervals = a.boolean('endpoint', true) ? count - 1 : count;
  const step = div(sub(stop, start), Math.max(1, intervals));
  const axis = a.number('axis', 0);
  const rank = Math.max(start.rank, stop.rank);
  const at = axis < 0 ? axis + rank + 1 : axis;
  const indices = reshape(
    toFloat(range(a.graph, count)),
    Array.from({ length: rank + 1 }, (_, index) => (index === at ? count : 1)),
  );
  const spread = (value: Value) => (rank === 0 ? value : unsqueeze(broadcastLike(value, rank), [at]));
  return [add(mul(indices, spread(step)), spread(start)), step];
}

/** Axes of size 1 before a tensor's own, up to this rank. */
const broadcastLike = (x: Value, rank: number): Value =>
  x.rank === rank
    ? x
    : unsqueeze(
        x,
        Array.from({ length: rank - x.rank }, (_, axis) => axis),
      );

/** Spread numbers in the dtype that is asked for; integers are rounded down. */
function inType(a: Arguments, values: Value): Value {
  const type = a.optionalType('dtype') ?? 'float32';
  return type === 'float32' ? values : cast(floor(values), type);
}

function linspace(a: Arguments): Value | Value[] {
  const [values, step] = steps(a, toFloat(a.tensor('start')), toFloat(a.tensor('stop')));
  return a.boolean('retstep') ? [inType(a, values), step] : inType(a, values);
}

function logspace(a: Arguments): Value {
  const exponents = inType(a, steps(a, toFloat(a.tensor('start')), toFloat(a.tensor('stop')))[0]);
  const base = a.constant('float32', a.number('base', 10));
  return cast(pow(base, toFloat(exponents)), exponents.type);
}

function geomspace(a: Arguments): Value {
  const [start, stop] = [toFloat(a.tensor('start')), toFloat(a.tensor('stop'))];
  const logarithm = (x: Value) => mul(log(abs(x)), Math.LOG10E);
  const powers = pow(a.constant('float32', 10), steps(a, logarithm(start), logarithm(stop))[0]);
  return mul(powers, sign(start));
}

/** Row and column numbers of the last two axes, which broadcast against each other. */
export function rowsAndColumns(x: Value): [rows: Value, columns: Value] {
  return [unsqueeze(range(x.graph, sizeOf(x, -2)), [-1]), range(x.graph, sizeOf(x, -1))];
}

/** What is on and below (`lower`) or above the k-th diagonal; 0 elsewhere. */
const triangle = (lower: boolean) =>
  operation('x k', (a) => {
    const given = a.tensor('x');
    // NumPy spreads a vector over the rows of a square.
    const size = sizeOf(given, -1);
    const x = given.rank === 1 ? broadcastTo(given, [size, size]) : given;
    const [rows, columns] = rowsAndColumns(x);
    const k = a.number('k', 0);
    const inside = lower ? lessOrEqual(columns, add(rows, k)) : lessOrEqual(add(rows, k), columns);
    return choose(inside, x, a.constant(x.type, 0));
  });

function full(a: Arguments): Value {
  const value = a.tensor('fill_value', a.optionalType('dtype') ?? 'float32');
  return broadcastTo(value, a.sizes('shape'));
}

function fullLike(a: Arguments): Value {
  const x = a.tensor('x');
  return broadcastTo(a.tensor('fill_value', a.optionalType('dtype') ?? x.type), sizesOf(x));
}

/** `x` in another dtype; a float that becomes an integer loses its fraction, NaN and what is too large are as in C. */
function castOperation(a: Arguments): Value {
  const x = a.tensor('x');
  const type = a.optionalType('dtype');
  return type ? cast(x, type) : x;
}

const ranges: Partial<Record<TensorType, readonly [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
};

/** Like a cast, but what does not fit becomes the nearest number that does. */
export function saturated(x: Value, type: TensorType): Value {
  const bounds = ranges[type];
  if (!bounds || x.type === 'bool') return cast(x, type);
  const wide = isFloat(x) ? x : cast(x, 'int64');
  // The greatest int32 that float32 holds exactly.
  const top = isFloat(x) && bounds[1] > 2 ** 24 ? bounds[1] - 127 : bounds[1];
  return cast(min(max(wide, bounds[0]), top), type);
}

const conversion = operation('x dtype', castOperation);
const ones = filledLike(1);
const zeros = filledLike(0);

/** Operations that make tensors, and tensors of other dtypes. https://keras.io/api/ops/core/ */
export const creationOperations: OperationTable = {
  ZerosLike: zeros,
  EmptyLike: zeros,
  OnesLike: ones,
  FullLike: operation('x fill_value dtype', fullLike),
  Full: operation('fill_value', full),
  Arange: operation('start stop step dtype', arange),
  Linspace: operation('start stop', linspace),
  Logspace: operation('start stop', logspace),
  Geomspace: operation('start stop', geomspace),
  Tril: triangle(true),
  Triu: triangle(false),
  Cast: conversion,
  Array: conversion,
  ConvertToTensor: conversion,
  SaturateCast: operation('x', (a) => {
    const x = a.tensor('x');
    return saturated(x, a.optionalType('dtype') ?? x.type);
  }),
};
