import type { CallArgument } from '../../context.js';
import { Value } from '../../graph.js';
import {
  add,
  cast,
  concat,
  constant,
  gather,
  int64s,
  node,
  range,
  reshape,
  type Size,
  type SliceRange,
  sizeDifference,
  sizeMax,
  sizeMin,
  sizeOf,
  sizesOf,
  sizeVector,
  slice,
  unsqueeze,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { asNumber, pythonObject } from './literals.js';
import { type OperationTable, operation } from './operation.js';
import { broadcastTo } from './shape.js';
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
export function fromSizes(x: Value, key: CallArgument): Value | undefined {
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
      if (length < 0) return slicedAtRuntime(result, axis, { start, stop: undefined, step: 1 });
      const indices = add(range(a.graph, length), cast(start, 'int64'));
      return gather(result, indices, axis);
    },
    slice(x, ranges),
  );
}

/** `inputs` with `updates` in the place that starts at `start_indices`, or as near to it as there is room. */
function sliceUpdate(a: Arguments): Value {
  const x = a.tensor('inputs');
  const updates = cast(a.tensor('updates'), x.type);
  const starts = a.sizes('start_indices');
  if (updates.rank !== x.rank || starts.length !== x.rank) return a.unsupported('it has no start for each axis');
  const sizes = sizesOf(updates);
  // The index of every element that changes, in the last axis of a tensor of the updates' shape.
  const coordinates = sizes.map((size, axis) => {
    const start = starts[axis]!;
    const room = sizeDifference(sizeOf(x, axis), size);
    const first = sizeMax(0, sizeMin(typeof start === 'number' ? start : cast(start, 'int64'), room));
    const placed = reshape(
      add(range(a.graph, size), first),
      sizes.map((_, index) => (index === axis ? size : 1)),
    );
    return unsqueeze(broadcastTo(placed, sizes), [-1]);
  });
  return node('ScatterND', [x, concat(coordinates, -1), updates], {}, x.type, x.shape);
}

/** Indexing by ranges and places. https://keras.io/api/ops/core/ */
export const indexingOperations: OperationTable = {
  GetItem: operation('x key', getItemOperation),
  Slice: operation('inputs start_indices shape', sliceFrom),
  SliceUpdate: operation('inputs start_indices updates', sliceUpdate),
};
