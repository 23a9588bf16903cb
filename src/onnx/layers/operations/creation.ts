import type { TensorType } from '../../../support/tensor.js';
import type { Value } from '../../graph.js';
import {
  abs,
  add,
  cast,
  concat,
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
  normalizeAxis,
  pow,
  range,
  type Size,
  sign,
  sizeOf,
  sizesOf,
  slice,
  sub,
  toFloat,
  unsqueeze,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { choose } from './comparison.js';
import { type OperationTable, operation } from './operation.js';
import { broadcastTo, broadcastTogether } from './shape.js';
import { scalarOf, unlessTooLarge } from './sizes.js';

/** A tensor of the shape of another, filled with one number. */
const filledLike = (value: number) =>
  operation('x dtype', (a) => {
    const x = a.tensor('x');
    return filled(a, a.optionalType('dtype') ?? x.type, sizesOf(x), value);
  });

/** A tensor of this shape, all of one number. */
export const filled = (a: Arguments, type: TensorType, sizes: readonly Size[], value: number): Value =>
  broadcastTo(a.constant(type, value), sizes);

/** The most numbers that a range is written out as. */
const largestRange = 2 ** 20;

function arange(a: Arguments): Value {
  // A start alone is where it stops.
  const bounds = ['start', 'stop', 'step'].filter((name) => name === 'start' || a.has(name));
  const values = a.promoted(bounds);
  const type = a.optionalType('dtype') ?? values[0]!.type;
  const wide = isFloat(values[0]!) ? 'float32' : 'int64';
  const [start, stop, step] = a.has('stop') ? values : [undefined, values[0], values[1]];
  const given = (value: Value | undefined, otherwise: number) =>
    value ? cast(value, wide) : a.constant(wide, otherwise);
  const inputs = [given(start, 0), given(stop, 0), given(step, 1)];
  // Before they are cast: what is cast in the graph has no numbers.
  const [from, to, by] = [start, stop, step].map((value, index) => scalarOf(value ?? inputs[index]!));
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
  const [first, last, each] = inputs as [Value, Value, Value];
  const end = add(last, unlessTooLarge(div(sub(last, first), each)));
  return cast(node('Range', [first, end, each], {}, wide, [null]), type);
}

/** The `num` numbers from `start` to `stop` along a new axis, in float32: both ends as they are, and sums with the first between. */
function between(a: Arguments, start: Value, stop: Value, count: number): Value {
  const rank = Math.max(start.rank, stop.rank);
  const at = normalizeAxis(a.number('axis', 0), rank + 1);
  const [first, last] = broadcastTogether([start, stop]).map((end) => unsqueeze(end, [at]));
  if (count < 2) return slice(first!, [{ axis: at, end: count }]);
  const places = Array.from({ length: count - 2 }, (_, index) => index + 1);
  const shape = Array.from({ length: rank + 1 }, (_, axis) => (axis === at ? places.length : 1));
  const step = div(sub(last!, first!), count - 1);
  return concat([first!, add(first!, mul(step, constant(a.graph, 'float32', shape, places))), last!], at);
}

/** TensorFlow's way without the end: as many numbers up to one step before it. */
function steps(a: Arguments, start: Value, stop: Value): [values: Value, step: Value] {
  const count = a.count('num', 50);
  const endpoint = a.boolean('endpoint', true);
  const intervals = endpoint ? count - 1 : count;
  const step = intervals > 0 ? div(sub(stop, start), intervals) : a.constant('float32', Number.NaN);
  return [between(a, start, endpoint || count < 2 ? stop : sub(stop, step), count), step];
}

/** Spread numbers and their step, in the dtype that is asked for; integers are rounded down. */
function spread(a: Arguments): [values: Value, step: Value] {
  const type = a.optionalType('dtype') ?? 'float32';
  const [start, stop] = ['start', 'stop'].map((name) => toFloat(cast(a.tensor(name), type)));
  const [values, step] = steps(a, start!, stop!);
  return [type === 'float32' ? values : cast(floor(values), type), step];
}

function linspace(a: Arguments): Value | Value[] {
  const [values, step] = spread(a);
  return a.boolean('retstep') ? [values, step] : values;
}

function logspace(a: Arguments): Value {
  const [exponents] = spread(a);
  const base = a.constant('float32', a.number('base', 10));
  return cast(pow(base, toFloat(exponents)), exponents.type);
}

function geomspace(a: Arguments): Value {
  const [start, stop] = [toFloat(a.tensor('start')), toFloat(a.tensor('stop'))];
  const logarithm = (x: Value) => div(log(abs(x)), Math.LN10);
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
  return broadcastTo(value, a.sizesToMake('shape'));
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
