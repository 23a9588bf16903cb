import type { CallArgument } from '../../context.js';
import { Value } from '../../graph.js';
import {
  add,
  cast,
  concat,
  constant,
  equal,
  gather,
  int64s,
  node,
  range,
  reduceMax,
  reshape,
  type Size,
  type SliceRange,
  sizeDifference,
  sizeOf,
  sizeVector,
  slice,
  sliceFrom as sliceAxis,
  unsqueeze,
  where,
} from '../../operators/index.js';
import { type Arguments, asNumber, pythonObject } from './arguments.js';
import { computed } from './dtypes.js';
import { type OperationTable, operation } from './operation.js';
import { broadcastTo, flatten, moveAxes } from './shape.js';
import { scalarOf, sizesIn, withSizes } from './sizes.js';

/** One bound of a slice: a number, a size that the graph works out, or undefined for the axis's end. */
type Bound = Size | undefined;

interface Cut {
  start: Bound;
  stop: Bound;
  step: number;
}

const boundOf = (argument: CallArgument | undefined): Bound => {
  if (argument instanceof Value) return scalarOf(argument) ?? argument;
  return asNumber(argument);
};

/** A slice as Keras 2 (`{"start", "stop", "step"}`) or Keras 3 (`{"class_name": "__slice__"}`) writes it. */
function cutOf(argument: CallArgument): Cut | undefined {
  if (typeof argument !== 'object' || argument === null || argument instanceof Value || Array.isArray(argument))
    return undefined;
  const object = pythonObject(argument);
  const source = object?.kind === '__slice__' ? object.config : argument;
  if (!('start' in source && 'stop' in source)) return undefined;
  const step = boundOf(source.step) ?? 1;
  return typeof step === 'number' ? { start: boundOf(source.start), stop: boundOf(source.stop), step } : undefined;
}

const isEllipsis = (argument: CallArgument): boolean =>
  argument === '...' || argument === 'Ellipsis' || pythonObject(argument)?.kind === '__ellipsis__';

/** A slice whose bounds the graph works out. */
function slicedAtRuntime(x: Value, axis: number, { start, stop, step }: Cut): Value {
  const end = 2 ** 31 - 1;
  const bound = (value: Bound, otherwise: number) => sizeVector(x.graph, [value ?? otherwise]);
  const vectors = [bound(start, step > 0 ? 0 : end), bound(stop, step > 0 ? end : -end)];
  const shape = x.shape.map((size, index) => (index === axis ? null : size));
  return node('Slice', [x, ...vectors, int64s(x.graph, [axis]), int64s(x.graph, [step])], {}, x.type, shape);
}

/** The whole-number index, an axis that goes away, as a value to gather by. */
const indexValue = (x: Value, index: Size): Value =>
  typeof index === 'number' ? constant(x.graph, 'int64', [], [index]) : cast(index, 'int64');

/** An index of a vector of sizes is one of them, known now if it was. */
function fromSizes(x: Value, key: CallArgument): Value | undefined {
  const sizes = x.rank === 1 && /^int(32|64)$/.test(x.type) ? sizesIn(x) : undefined;
  if (!sizes) return undefined;
  const cut = cutOf(key);
  if (cut && cut.step === 1 && typeof cut.start !== 'object' && typeof cut.stop !== 'object') {
    const part = slice(x, [
      {
        axis: 0,
        ...(cut.start !== undefined && { start: cut.start }),
        ...(cut.stop !== undefined && { end: cut.stop }),
      },
    ]);
    return withSizes(part, sizes.slice(cut.start, cut.stop));
  }
  const index = asNumber(key);
  const size = index === undefined ? undefined : sizes.at(index);
  if (size === undefined) return undefined;
  return typeof size === 'number' ? constant(x.graph, x.type, [], [size]) : cast(size, x.type);
}

/** The keys with one for every axis: an ellipsis, or the end, stands for whole axes. */
function completeKeys(a: Arguments, rank: number, keys: readonly CallArgument[]): CallArgument[] {
  const taken = keys.filter((key) => key !== null && !isEllipsis(key)).length;
  if (taken > rank || keys.filter(isEllipsis).length > 1)
    return a.unsupported(`it takes ${taken} indices of a tensor of rank ${rank}`);
  const rest = Array<CallArgument>(rank - taken).fill({ start: null, stop: null });
  return keys.some(isEllipsis) ? keys.flatMap((key) => (isEllipsis(key) ? rest : [key])) : [...keys, ...rest];
}

/** Python's `x[key]`: whole numbers, slices, None, an ellipsis, and tensors of whole numbers. */
export function getItem(a: Arguments, x: Value, keys: readonly CallArgument[]): Value {
  const known = keys.length === 1 ? fromSizes(x, keys[0]!) : undefined;
  if (known) return known;
  const ranges: SliceRange[] = [];
  const later: ((from: Value) => Value)[] = [];
  const added: number[] = [];
  let axis = 0;
  let places = 0;
  let tensors = 0;
  for (const key of completeKeys(a, x.rank, keys)) {
    const at = axis;
    const cut = key === null ? undefined : cutOf(key);
    if (key === null) added.push(places++);
    else if (cut) {
      const { start, stop: end, step } = cut;
      if (start instanceof Value || end instanceof Value) later.push((from) => slicedAtRuntime(from, at, cut));
      else if (start !== undefined || end !== undefined || step !== 1)
        ranges.push({ axis, step, ...(start !== undefined && { start }), ...(end !== undefined && { end }) });
      axis++;
      places++;
    } else {
      const index = typeof key === 'boolean' ? undefined : (asNumber(key) ?? (key instanceof Value ? key : undefined));
      if (index === undefined || (index instanceof Value && !index.type.includes('int')))
        return a.unsupported('it is indexed by something other than whole numbers, slices and None');
      const value = indexValue(x, index);
      if (value.rank > 0 && tensors++ > 0) return a.unsupported('it is indexed by several tensors at once');
      later.push((from) => gather(from, value, at));
      axis++;
      places += value.rank;
    }
  }
  // From the last axis to the first, so that those before keep their places.
  const result = later.reduceRight((from, apply) => apply(from), slice(x, ranges));
  return added.length > 0 ? unsqueeze(result, added) : result;
}

function getItemOperation(a: Arguments): Value {
  const key = a.has('key') ? a.raw('key')! : null;
  return getItem(a, a.tensor('x'), Array.isArray(key) ? key : [key]);
}

function take(a: Arguments): Value {
  const given = a.tensor('x');
  const axis = a.optionalAxis('axis', given.rank);
  const x = axis === undefined ? flatten(given) : given;
  const indices = a.tensor('indices');
  const sizes = fromSizesByIndex(x, indices);
  return sizes ?? gather(x, cast(indices, 'int64'), axis ?? 0);
}

/** A known index of a vector of sizes. */
function fromSizesByIndex(x: Value, indices: Value): Value | undefined {
  const index = scalarOf(indices);
  return index === undefined || indices.rank > 0 || x.rank !== 1 ? undefined : fromSizes(x, index);
}

function takeAlongAxis(a: Arguments): Value {
  const given = a.tensor('x');
  const axis = a.optionalAxis('axis', given.rank);
  const x = axis === undefined ? flatten(given) : given;
  const indices = cast(a.tensor('indices'), 'int64');
  const at = axis ?? 0;
  const sizes = (value: Value, other: Value): Size[] =>
    value.shape.map((size, index) => (index === at || size !== 1 ? sizeOf(value, index) : sizeOf(other, index)));
  const same = (value: Value, other: Value) =>
    value.shape.every((size, index) => index === at || size === other.shape[index] || size === null);
  const from = same(x, indices) ? x : broadcastTo(x, sizes(x, indices));
  const by = same(indices, x) ? indices : broadcastTo(indices, sizes(indices, x));
  return node('GatherElements', [from, by], { axis: at }, from.type, by.shape);
}

/** `start` and `length` along every axis; starts may be worked out by the graph. */
function sliceFrom(a: Arguments): Value {
  const x = a.tensor('inputs');
  const starts = a
    .sizes('start_indices')
    .map((start) => (typeof start === 'number' ? start : (scalarOf(start) ?? start)));
  const lengths = a.numbers('shape');
  const ranges: SliceRange[] = [];
  const atRuntime: { axis: number; start: Value; length: number }[] = [];
  lengths.forEach((length, axis) => {
    const start = starts[axis]!;
    if (start instanceof Value) atRuntime.push({ axis, start, length });
    else ranges.push({ axis, start, ...(length >= 0 && { end: start + length }) });
  });
  return atRuntime.reduce(
    (result, { axis, start, length }) => {
      const indices = add(range(a.graph, length), cast(start, 'int64'));
      return gather(result, indices, axis);
    },
    slice(x, ranges),
  );
}

/** `inputs` with `updates` in the place that starts at `start_indices`. */
function _sliceUpdate(a: Arguments): Value {
  const x = a.tensor('inputs');
  const _updates = cast(a.tensor('updates'), x.type);
  const known = (size: Size): Size => (typeof size === 'number' ? size : (scalarOf(size) ?? cast(size, 'int64')));
  const starts = a.sizes('start_indices').map(known);
  const lengths = a.sizes('shape').map(known);
  if (starts.length !== x.rank || lengths.length !== x.rank)
    return a.unsupported('it does not have a start and a length for each axis');
  return lengths.reduce<Value>((result, length, axis) => {
    const start = starts[axis]!;
    // A length of -1 is all that is left.
    const rest = length === -1 ? sizeDifference(sizeOf(x, axis), start) : length;
    return sliceAxis(result, axis, start, rest);
  }, x);
}

/** `inputs` with `updates` in the place that starts at `start_indices`. */
function sliceUpdate(a: Arguments): Value {
  const x = a.tensor('inputs');
  const updates = cast(a.tensor('updates'), x.type);
  const starts = a.sizes('start_indices');
  const sizes = updates.shape.filter((size) => size !== null);
  if (sizes.length !== x.rank || starts.length !== x.rank)
    return a.unsupported('its updates are not of known sizes, with a start for each axis');
  // The index of every element that changes, in the last axis of a tensor of the updates' shape.
  const coordinates = sizes.map((size, axis) => {
    const start = starts[axis]!;
    const along = add(range(a.graph, size), typeof start === 'number' ? start : cast(start, 'int64'));
    const placed = reshape(
      along,
      sizes.map((_, index) => (index === axis ? size : 1)),
    );
    return unsqueeze(broadcastTo(placed, sizes), [-1]);
  });
  return node('ScatterND', [x, concat(coordinates, -1), updates], {}, x.type, x.shape);
}

const scatterModes: Record<string, string> = { add: 'add', max: 'max', min: 'min', mul: 'mul' };

function scatterInto(a: Arguments, x: Value, updates: Value, reduction: string | undefined): Value {
  const indices = cast(a.tensor('indices'), 'int64');
  return computed([x, updates], (into, values) =>
    node('ScatterND', [into, indices, values], { reduction }, into.type, x.shape),
  );
}

function scatterUpdate(a: Arguments): Value {
  const [x, updates] = a.promoted(['inputs', 'updates']);
  const given = a.has('reduction') ? a.string('reduction') : undefined;
  const reduction =
    given === undefined ? undefined : (scatterModes[given] ?? a.unsupported(`its reduction is ${given}`));
  return scatterInto(a, x!, updates!, reduction);
}

/** TensorFlow has a function for each reduction. */
const scatterBy = (reduction: string) =>
  operation('inputs indices updates', (a) => {
    const [x, updates] = a.promoted(['inputs', 'updates']);
    return scatterInto(a, x!, updates!, reduction);
  });

function scatter(a: Arguments): Value {
  const values = a.tensor('values');
  const zeros = broadcastTo(constant(a.graph, values.type, [], [0]), a.sizes('shape'));
  return scatterInto(a, zeros, values, 'add');
}

/** `depth` classes along a new axis; an index out of range gives no class. */
export function oneHot(indices: Value, depth: number, axis: number, type: Value['type']): Value {
  const at = axis < 0 ? axis + indices.rank + 1 : axis;
  const classes = reshape(
    range(indices.graph, depth),
    Array.from({ length: indices.rank + 1 }, (_, index) => (index === at ? depth : 1)),
  );
  return cast(equal(unsqueeze(cast(indices, 'int64'), [at]), classes), type);
}

/** Which classes are among an example's indices, those of its second axis (or of the only one). */
function multiHot(a: Arguments): Value {
  const x = a.tensor('inputs');
  const classes = a.number('num_classes', a.optionalNumber('num_tokens'));
  const hot = oneHot(x, classes, a.number('axis', -1), 'int32');
  return cast(reduceMax(hot, [x.rank > 1 ? 1 : 0]), a.optionalType('dtype') ?? 'float32');
}

/** TensorFlow's one_hot, with values other than 1 and 0. */
function oneHotOperation(a: Arguments): Value {
  const type = a.optionalType('dtype') ?? 'float32';
  const x = a.tensor('x');
  const hot = oneHot(x, a.number('num_classes'), a.number('axis', -1), 'bool');
  if (!a.has('on_value') && !a.has('off_value')) return cast(hot, type);
  const value = (name: string, otherwise: number) => constant(a.graph, type, [], [a.number(name, otherwise)]);
  return where(hot, value('on_value', 1), value('off_value', 0));
}

/** How many axes are those of the batch, both of the tensor and of its indices. */
function batchAxes(a: Arguments, indices: Value): number {
  const given = a.number('batch_dims', 0);
  const batch = given < 0 ? given + indices.rank : given;
  return Number.isInteger(batch) && batch >= 0 && batch <= indices.rank
    ? batch
    : a.unsupported(`its batch_dims is ${given}`);
}

/** TensorFlow's `gather` with `batch_dims`: the axes before are those of both. */
function gatherBatched(a: Arguments): Value {
  const x = a.tensor('x');
  const indices = cast(a.tensor('indices'), 'int64');
  const batch = batchAxes(a, indices);
  const axis = a.axis('axis', x.rank, batch);
  if (batch === 0) return fromSizesByIndex(x, indices) ?? gather(x, indices, axis);
  // GatherND takes an index vector for each element and gathers along the axes after the batch.
  const moved = moveAxes(x, [axis], [batch]);
  const found = node('GatherND', [moved, unsqueeze(indices, [-1])], { batch_dims: batch }, x.type, [
    ...indices.shape,
    ...moved.shape.slice(batch + 1),
  ]);
  const between = Array.from({ length: axis - batch }, (_, index) => index);
  if (between.length === 0) return found;
  return moveAxes(
    found,
    between.map((index) => indices.rank + index),
    between.map((index) => batch + index),
  );
}

function gatherNd(a: Arguments): Value {
  const x = a.tensor('x');
  const indices = cast(a.tensor('indices'), 'int64');
  const batch = batchAxes(a, indices);
  const depth = indices.shape.at(-1) ?? a.unsupported('its indices have a last axis of unknown size');
  return node('GatherND', [x, indices], { batch_dims: batch }, x.type, [
    ...indices.shape.slice(0, -1),
    ...x.shape.slice(batch + depth),
  ]);
}

/** Indexing, gathering and scattering. https://keras.io/api/ops/core/ */
export const indexingOperations: OperationTable = {
  GetItem: operation('x key', getItemOperation),
  Take: operation('x indices', take),
  TakeAlongAxis: operation('x indices', takeAlongAxis),
  Slice: operation('inputs start_indices', sliceFrom),
  SliceUpdate: operation('inputs start_indices updates', sliceUpdate),
  Scatter: operation('indices values', scatter),
  ScatterUpdate: operation('inputs indices updates', scatterUpdate),
  ScatterAdd: scatterBy('add'),
  ScatterMax: scatterBy('max'),
  ScatterMin: scatterBy('min'),
  OneHot: operation('x', oneHotOperation),
  MultiHot: operation('inputs', multiHot),
  Gather: operation('x indices', gatherBatched),
  GatherNd: operation('x indices', gatherNd),
};
