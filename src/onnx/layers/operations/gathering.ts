import type { Value } from '../../graph.js';
import {
  broadcast,
  cast,
  concat,
  constant,
  equal,
  gather,
  isFloat,
  isNan,
  mod,
  node,
  range,
  reduceMax,
  reshape,
  type Size,
  sizesOf,
  sizeVector,
  unsqueeze,
  where,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { floorDivide } from './arithmetic.js';
import { computed } from './dtypes.js';
import { fromSizes } from './indexing.js';
import { type OperationTable, operation } from './operation.js';
import { broadcastTo, flatten, moveAxes } from './shape.js';
import { scalarOf } from './sizes.js';

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
  if (indices.rank !== x.rank) return a.unsupported(`its indices are of rank ${indices.rank}, not of ${x.rank}`);
  const at = axis ?? 0;
  const [from, by] = [spreadBeside(x, indices, at), spreadBeside(indices, x, at)];
  return node('GatherElements', [from, by], { axis: at }, from.type, by.shape);
}

/** A tensor with the other's sizes where its own are 1, or may be when the model runs, on all axes but one. */
function spreadBeside(x: Value, other: Value, axis: number): Value {
  const fits = (size: number | null, index: number) =>
    index === axis || size === 1 || (size !== null && size === x.shape[index]);
  if (other.shape.every(fits)) return x;
  const sizes = sizesOf(other).with(axis, 1);
  const shape = broadcast(x.shape, other.shape.with(axis, 1));
  return node('Expand', [x, sizeVector(x.graph, sizes)], {}, x.type, shape);
}

const scatterModes: Record<string, string> = { add: 'add', max: 'max', min: 'min', mul: 'mul' };

/** What an extreme of anything and this is that anything. */
const outdone: Record<string, number> = { max: Number.NEGATIVE_INFINITY, min: Number.POSITIVE_INFINITY };

/**
 * The same values, of which ONNX Runtime does not think that they are as many as an input's: all inputs' first axes have one name,
 * and buffers of axes of one name are shared.
 */
function ofOwnLength(values: Value): Value {
  const [length, ...rest] = values.shape;
  if (length !== null || rest.includes(null)) return values;
  return concat([values, constant(values.graph, values.type, [0, ...(rest as number[])], [])], 0);
}

function scatterInto(a: Arguments, x: Value, updates: Value, reduction: string | undefined): Value {
  const indices = cast(a.tensor('indices'), 'int64');
  const scattered = (into: Value, values: Value) =>
    node('ScatterND', [into, indices, values], { reduction }, into.type, x.shape);
  const never = reduction === undefined ? undefined : outdone[reduction];
  return computed([x, updates], (into, values) => {
    if (never === undefined || into.type !== 'float32') return scattered(into, values);
    // In TensorFlow's extremes what is no number stays where it is, and does nothing as an update.
    const apart = ofOwnLength(values);
    return where(isNan(into), into, scattered(into, where(isNan(apart), never, apart)));
  });
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
  const zeros = broadcastTo(constant(a.graph, values.type, [], [0]), a.sizesToMake('shape'));
  return scatterInto(a, zeros, values, 'add');
}

/** `depth` classes along a new axis; an index out of range gives no class. */
export function oneHot(indices: Value, depth: Size, axis: number, type: Value['type']): Value {
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

/** The places of what is not 0, a row of int64 for each axis. */
export const placesOf = (x: Value): Value => node('NonZero', [cast(x, 'bool')], {}, 'int64', [x.rank, null]);

/** The places of what is not 0, an int32 vector for each axis, as many as there are. */
export function nonzero(a: Arguments, x: Value): Value[] {
  const places = placesOf(x);
  return x.shape.map((_, axis) => cast(gather(places, a.constant('int64', axis), 0), 'int32'));
}

/**
 * The index along each axis of a tensor of this shape that an index of all its elements is. Keras takes the shape from its end for
 * a vector of indices, and from its start for any other tensor.
 */
function unravelIndex(a: Arguments): Value[] {
  const indices = a.tensor('indices');
  const shape = a.numbers('shape');
  if (!shape.every((size) => Number.isInteger(size) && size > 0))
    return a.unsupported('its shape is not of whole numbers');
  let rest = cast(indices, isFloat(indices) ? 'float32' : 'int64');
  const found = (indices.rank === 1 ? shape.toReversed() : shape).map((one) => {
    const size = a.constant(rest.type, one);
    const index = cast(mod(rest, size), indices.type);
    rest = floorDivide(rest, size);
    return index;
  });
  return found.reverse();
}

/** Taking elements by index and putting them back. https://keras.io/api/ops/numpy/ */
export const gatheringOperations: OperationTable = {
  Take: operation('x indices', take),
  TakeAlongAxis: operation('x indices', takeAlongAxis),
  Scatter: operation('indices values shape', scatter),
  ScatterUpdate: operation('inputs indices updates', scatterUpdate),
  Nonzero: operation('x', (a) => nonzero(a, a.tensor('x'))),
  UnravelIndex: operation('indices', unravelIndex),
  OneHot: operation('x', oneHotOperation),
  MultiHot: operation('inputs', multiHot),
};

/** What TensorFlow has and Keras 3 has not. */
export const tensorflowGathering: OperationTable = {
  Gather: operation('x indices', gatherBatched),
  GatherNd: operation('x indices', gatherNd),
  ScatterAdd: scatterBy('add'),
  ScatterMax: scatterBy('max'),
  ScatterMin: scatterBy('min'),
};
