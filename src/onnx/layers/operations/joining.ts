import { Value } from '../../graph.js';
import {
  cast,
  concat,
  equal,
  knownSize,
  not,
  pad,
  reshape,
  type Size,
  sizeOf,
  sizePlus,
  sizeQuotient,
  sizeVector,
  slice,
  split,
  squeeze,
  sub,
  unsqueeze,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { computed } from './dtypes.js';
import { type OperationTable, operation } from './operation.js';
import { broadcastTogether, flatten, flip, swapAxes } from './shape.js';
import { sizesIn, withSizes } from './sizes.js';

/** Remembers what is known of a vector of whole numbers that is put together from sizes. */
function knowing(result: Value, parts: readonly Value[]): Value {
  if (result.rank !== 1 || !result.type.startsWith('int') || result.shape[0] === null || result.shape[0]! > 32)
    return result;
  const sizes = parts.map(sizesIn);
  return sizes.includes(undefined) ? result : withSizes(result, sizes.flat() as Size[]);
}

function joined(values: Value[], axis: number): Value {
  const at = axis < 0 ? axis + values[0]!.rank : axis;
  return knowing(concat(values, at), values);
}

function stack(a: Arguments): Value {
  const values = a.tensors('x');
  const axis = a.axis('axis', values[0]!.rank + 1, 0);
  return knowing(
    concat(
      values.map((value) => unsqueeze(value, [axis])),
      axis,
    ),
    values,
  );
}

/** At least as many axes as `rank`, new ones where the function that stacks puts them. */
const withAxes = (value: Value, places: readonly number[]): Value =>
  places.length > 0 ? unsqueeze(value, places) : value;

/** Parts of sizes that the graph may work out. It fails, as Keras does, where they are not all of the axis. */
function splitInto(x: Value, sizes: readonly Size[], axis: number): Value[] {
  if (sizes.every((size) => typeof size === 'number')) return split(x, sizes as number[], axis);
  const results = sizes.map((size) => ({ type: x.type, shape: x.shape.with(axis, knownSize(size)) }));
  return x.graph.node('Split', [x, sizeVector(x.graph, sizes)], { axis }, results);
}

function equalParts(a: Arguments, x: Value, name: string, axis: number): Value[] {
  const count = a.count(name);
  if (count === 0) return a.unsupported('it splits an axis into no parts');
  const size = sizeOf(x, axis);
  if (typeof size === 'number' && size % count !== 0) return a.unsupported(`its parts are not equal`);
  return splitInto(x, Array<Size>(count).fill(sizeQuotient(size, count)), axis);
}

/** Keras's `split`: into equal parts, or at indices. */
function splitAt(a: Arguments, x: Value, axis: number): Value[] {
  const given = a.raw('indices_or_sections');
  if (typeof given === 'number') return equalParts(a, x, 'indices_or_sections', axis);
  const size = sizeOf(x, axis);
  const indices = a.numbers('indices_or_sections');
  if (size instanceof Value) {
    if (indices.some((bound, index) => bound < (indices[index - 1] ?? 0)))
      return a.unsupported(`it splits axis ${axis}, whose size is unknown, at indices that do not rise`);
    const parts = indices.map((bound, index) => bound - (indices[index - 1] ?? 0));
    return splitInto(x, [...parts, sizePlus(size, -(indices.at(-1) ?? 0))], axis);
  }
  const bounds = indices.map((bound) => (bound < 0 ? bound + size : Math.min(bound, size)));
  return split(
    x,
    [...bounds, size].map((bound, index) => Math.max(0, bound - (bounds[index - 1] ?? 0))),
    axis,
  );
}

/** Parts as equal as can be, the longer ones first. */
function arraySplit(a: Arguments): Value[] {
  const x = a.tensor('x');
  const axis = a.axis('axis', x.rank, 0);
  const size = sizeOf(x, axis);
  const count = a.count('indices_or_sections');
  const sizes = Array.from({ length: count }, (_, index) => sizeQuotient(sizePlus(size, count - 1 - index), count));
  return splitInto(x, sizes, axis);
}

/** TensorFlow's `split`: into equal parts, or parts of given sizes, one of which may be -1. */
function splitSizes(a: Arguments): Value[] {
  const x = a.tensor('value');
  const axis = a.axis('axis', x.rank, 0);
  const given = a.numbers('num_or_size_splits');
  if (!Array.isArray(a.raw('num_or_size_splits')) && given.length === 1)
    return equalParts(a, x, 'num_or_size_splits', axis);
  const known = given.filter((one) => one >= 0).reduce((sum, one) => sum + one, 0);
  return splitInto(
    x,
    given.map((one) => (one < 0 ? sizePlus(sizeOf(x, axis), -known) : one)),
    axis,
  );
}

/** The most tensors that one is taken apart into. */
const largestStack = 2 ** 12;

function unstack(a: Arguments): Value[] {
  const x = a.tensor('x');
  const axis = a.axis('axis', x.rank, 0);
  const known = x.rank === 1 && x.type.startsWith('int') ? sizesIn(x) : undefined;
  if (known) return known.map((part) => (part instanceof Value ? cast(part, x.type) : a.constant(x.type, part)));
  // A number that is given has to be that of the axis, which is split into so many.
  const size = x.shape[axis] ?? (a.has('num') ? a.count('num') : undefined);
  if (size === undefined) return a.unsupported(`it takes apart axis ${axis}, whose size is unknown, into no given num`);
  if (size > largestStack) return a.unsupported(`it takes apart an axis of ${size}`);
  return split(x, Array<number>(size).fill(1), axis).map((part) => squeeze(part, [axis]));
}

function meshgrid(a: Arguments): Value[] {
  const given = a.list('x').map((_, index) => flatten(a.item('x', index)));
  const swapped = a.choice('indexing', ['xy', 'ij'], 'xy') === 'xy' && given.length > 1;
  const placed = given.map((value, index) => {
    const shape = given.map((_, axis) => (axis === index ? -1 : 1));
    return reshape(value, shape);
  });
  const grids = broadcastTogether(placed);
  return swapped ? grids.map((grid) => swapAxes(grid, 0, 1)) : grids;
}

/** Pads each axis by repeating what stands at its ends, the outermost element included. */
const symmetric = (x: Value, pads: readonly (readonly [number, number])[]): Value =>
  pads.reduce((padded, [before, after], axis) => {
    const head = flip(slice(padded, [{ axis, end: before }]), [axis]);
    const tail = flip(slice(padded, [{ axis, start: -after }]), [axis]);
    return concat([...(before > 0 ? [head] : []), padded, ...(after > 0 ? [tail] : [])], axis);
  }, x);

function padOperation(a: Arguments): Value {
  const x = a.tensor('x');
  const flat = a.numbers('pad_width');
  // One number or one pair stands for every axis.
  const pads = x.shape.map((_, axis): [number, number] => {
    if (flat.length === 1) return [flat[0]!, flat[0]!];
    return flat.length === 2 ? [flat[0]!, flat[1]!] : [flat[2 * axis]!, flat[2 * axis + 1]!];
  });
  if (![1, 2, 2 * x.rank].includes(flat.length)) return a.unsupported('its pad_width does not fit its input');
  const mode = a.choice('mode', ['constant', 'reflect', 'symmetric', 'edge'], 'constant');
  if (mode === 'symmetric') return symmetric(x, pads);
  return computed([x], (wide) => pad(wide, pads, mode, a.number('constant_values', 0)));
}

function diff(a: Arguments): Value {
  let x = a.tensor('a');
  const axis = a.axis('axis', x.rank, -1);
  for (let order = a.count('n', 1, 64); order > 0; order--) {
    const [later, earlier] = [slice(x, [{ axis, start: 1 }]), slice(x, [{ axis, end: -1 }])];
    x = x.type === 'bool' ? not(equal(later, earlier)) : computed([later, earlier], sub);
  }
  return x;
}

const splitAlong = (axisFor: (rank: number) => number) =>
  operation('x indices_or_sections', (a) => {
    const x = a.tensor('x');
    return splitAt(a, x, axisFor(x.rank));
  });

/** Operations that put tensors together and take them apart. https://keras.io/api/ops/numpy/ */
export const joiningOperations: OperationTable = {
  Concatenate: operation('xs axis', (a) => joined(a.tensors('xs'), a.number('axis', 0))),
  Append: operation('x1 x2', (a) => {
    const [x1, x2] = a.promoted(['x1', 'x2']);
    const axis = a.optionalAxis('axis', x1!.rank);
    return axis === undefined ? concat([flatten(x1!), flatten(x2!)], 0) : concat([x1!, x2!], axis);
  }),
  Stack: operation('x axis', stack),
  Hstack: operation('xs', (a) => {
    const values = a.tensors('xs');
    return concat(values, values[0]!.rank === 1 ? 0 : 1);
  }),
  Vstack: operation('xs', (a) => concat(a.tensors('xs'), 0)),
  ColumnStack: operation('xs', (a) =>
    concat(
      a.tensors('xs').map((value) => withAxes(value, value.rank === 1 ? [1] : [])),
      1,
    ),
  ),
  Dstack: operation('xs', (a) =>
    concat(
      a.tensors('xs').map((value) => withAxes(value, [[0, 1, 2], [0, 2], [2]][value.rank] ?? [])),
      2,
    ),
  ),
  Split: operation('x indices_or_sections axis', (a) => {
    const x = a.tensor('x');
    return splitAt(a, x, a.axis('axis', x.rank, 0));
  }),
  ArraySplit: operation('x indices_or_sections axis', arraySplit),
  Hsplit: splitAlong((rank) => (rank === 1 ? 0 : 1)),
  Vsplit: splitAlong(() => 0),
  Dsplit: splitAlong(() => 2),
  Unstack: operation('x num axis', unstack),
  Meshgrid: operation('*x', meshgrid),
  Pad: operation('x constant_values', padOperation),
  Diff: operation('a n axis', diff),
};

/** What TensorFlow has and Keras 3 has not. */
export const tensorflowJoining: OperationTable = {
  SplitSizes: operation('value num_or_size_splits axis', splitSizes),
};
