import type { Value } from '../../graph.js';
import {
  broadcast,
  cast,
  concat,
  constant,
  elementCount,
  expand,
  gather,
  int64s,
  max,
  mod,
  node,
  normalizeAxis,
  reshape,
  type Size,
  sizeDifference,
  sizeOf,
  sizeProduct,
  sizesOf,
  slice,
  sliceFrom,
  squeeze,
  tile,
  transpose,
  unsqueeze,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { type OperationTable, operation } from './operation.js';
import { scalarOf, withSizes } from './sizes.js';

const axesOf = (x: Value): number[] => x.shape.map((_, axis) => axis);

/** A reshape in which one axis may be -1; more than one that is unknown are those of the input in the same places. */
export function reshapeTo(x: Value, sizes: readonly Size[]): Value {
  const known = sizes.map((size) => (typeof size === 'number' ? size : (scalarOf(size) ?? size)));
  const free = known.filter((size) => size === -1).length;
  if (free <= 1) return reshape(x, known);
  return reshape(
    x,
    known.map((size, axis) => (size === -1 ? sizeOf(x, axis) : size)),
  );
}

/** All elements in one axis. */
export const flatten = (x: Value): Value => (x.rank === 1 ? x : reshape(x, [elementCount(x.shape) ?? -1]));

/** Moves axes to other places, the rest keeping their order. */
export function moveAxes(x: Value, sources: readonly number[], targets: readonly number[]): Value {
  const perm = axesOf(x).filter((axis) => !sources.includes(axis));
  const moves = sources.map((source, index) => [targets[index]!, source] as const).sort(([a], [b]) => a - b);
  for (const [target, source] of moves) perm.splice(target, 0, source);
  return transpose(x, perm);
}

export function swapAxes(x: Value, first: number, second: number): Value {
  const perm = axesOf(x);
  [perm[first], perm[second]] = [second, first];
  return transpose(x, perm);
}

/** Reverses axes. */
export const flip = (x: Value, axes: readonly number[]): Value =>
  slice(
    x,
    axes.map((axis) => ({ axis, step: -1 })),
  );

/** Broadcasts to a shape in which -1 is the input's own size. */
export function broadcastTo(x: Value, sizes: readonly Size[]): Value {
  const before = sizes.length - x.rank;
  return expand(
    x,
    sizes.map((size, axis) => (size === -1 && axis >= before ? sizeOf(x, axis - before) : size)),
  );
}

function rollAxis(x: Value, shift: number, axis: number): Value {
  const size = sizeOf(x, axis);
  const by =
    typeof size === 'number'
      ? size && ((shift % size) + size) % size
      : mod(constant(x.graph, 'int64', [], [shift]), max(size, 1));
  if (by === 0) return x;
  const stays = sizeDifference(size, by);
  return concat([sliceFrom(x, axis, stays, by), sliceFrom(x, axis, 0, stays)], axis);
}

function roll(a: Arguments): Value {
  const x = a.tensor('x');
  const axes = a.axes('axis', x.rank);
  if (!axes) return reshape(rollAxis(flatten(x), a.number('shift'), 0), sizesOf(x));
  const shifts = a.numbers('shift', axes.length);
  return axes.reduce((rolled, axis, index) => rollAxis(rolled, shifts[index]!, axis), x);
}

/**
 * Keras's half turn, with TensorFlow: between its two quarters the elements are taken for those of the shape at the end, which makes it
 * another thing where the sides are not of one length.
 */
function halfTurn(x: Value, first: number, second: number): Value {
  const ends = [x.rank - 2, x.rank - 1];
  const moved = moveAxes(x, [first, second], ends);
  const quarter = (sides: Value) =>
    reshape(swapAxes(flip(sides, [x.rank - 1]), x.rank - 2, x.rank - 1), sizesOf(moved));
  return moveAxes(quarter(quarter(moved)), ends, [first, second]);
}

function rotate(a: Arguments): Value {
  const x = a.tensor('array');
  const [first = 0, second = 1] = a.numbers('axes', 2, [0, 1]).map((axis) => normalizeAxis(axis, x.rank));
  const turns = ((a.number('k', 1) % 4) + 4) % 4;
  const [height = null, width = null] = [x.shape[first], x.shape[second]];
  if (turns === 2 && (height === null || height !== width)) return halfTurn(x, first, second);
  const half = turns >= 2 ? flip(x, [first, second]) : x;
  return turns % 2 === 1 ? flip(swapAxes(half, first, second), [first]) : half;
}

/** Keras's `tile`: as many axes as there are repeats, or the tensor has, whichever is more. */
function tileOperation(a: Arguments): Value {
  const x = a.tensor('x');
  const given = a.sizesToMake('repeats', sizesOf(x));
  const repeats = [...Array<number>(Math.max(0, x.rank - given.length)).fill(1), ...given];
  const extra = Array.from({ length: repeats.length - x.rank }, (_, axis) => axis);
  return tile(extra.length > 0 ? unsqueeze(x, extra) : x, repeats);
}

function repeat(a: Arguments): Value {
  const axis = a.optionalAxis('axis', a.tensor('x').rank);
  const x = axis === undefined ? flatten(a.tensor('x')) : a.tensor('x');
  const at = axis ?? 0;
  const repeats = a.numbers('repeats');
  if (repeats.length !== 1) {
    if (!repeats.every((times) => Number.isInteger(times) && times >= 0 && times <= 2 ** 16))
      return a.unsupported('its repeats are not whole numbers that it can take');
    const indices = repeats.flatMap((times, index) => Array<number>(times).fill(index));
    return gather(x, int64s(a.graph, indices), at);
  }
  const sizes = sizesOf(x);
  const tiled = tile(
    unsqueeze(x, [at + 1]),
    [...sizes, 1].map((_, index) => (index === at + 1 ? repeats[0]! : 1)),
  );
  return reshape(
    tiled,
    sizes.map((size, index) => (index === at ? sizeProduct([size, repeats[0]!]) : size)),
  );
}

/** Parts of an einops pattern: `b (h c)` is `[['b'], ['h', 'c']]`. */
const einopsAxes = (pattern: string): string[][] =>
  [...pattern.matchAll(/\(([^)]*)\)|(\w+)/g)].map(([, group, name]) => (group ?? name!).trim().split(/\s+/));

function rearrange(a: Arguments): Value {
  const x = a.tensor('tensor');
  const [from = '', to = ''] = a.string('pattern').split('->');
  const lengths = new Map<string, Size>();
  const groups = einopsAxes(from);
  if (groups.length !== x.rank) return a.unsupported(`its pattern is for ${groups.length} axes, not ${x.rank}`);
  groups.forEach((group, axis) => {
    const given = group.filter((name) => a.has(name));
    const open = group.filter((name) => !a.has(name));
    if (open.length > 1) a.unsupported(`the lengths of ${open.join(' and ')} are unknown`);
    for (const name of given) lengths.set(name, a.number(name));
    const whole = x.shape[axis] ?? null;
    const rest = given.reduce((product, name) => product * a.number(name), 1);
    if (open[0]) lengths.set(open[0], group.length === 1 ? sizeOf(x, axis) : whole === null ? -1 : whole / rest);
  });
  const names = groups.flat();
  const wanted = einopsAxes(to);
  const perm = wanted.flat().map((name) => names.indexOf(name));
  if (perm.includes(-1) || perm.length !== names.length)
    return a.unsupported('its pattern names other axes on the right');
  const apart = reshapeTo(
    x,
    names.map((name) => lengths.get(name)!),
  );
  const moved = transpose(apart, perm);
  const sizes = sizesOf(moved);
  const ends = wanted.map((_, index) => wanted.slice(0, index + 1).flat().length);
  return reshape(
    moved,
    wanted.map((group, index) => sizeProduct(sizes.slice(ends[index]! - group.length, ends[index]))),
  );
}

/** The sizes of a tensor as a vector, those that are known now being known to what uses it. */
export function shapeVector(a: Arguments, type: 'int32' | 'int64'): Value {
  const x = a.tensor('x');
  if (!x.shape.includes(null)) return constant(a.graph, type, [x.rank], x.shape as number[]);
  const vector = cast(node('Shape', [x], {}, 'int64', [x.rank]), type);
  return withSizes(vector, sizesOf(x));
}

function count(a: Arguments): Value {
  const size = sizeProduct(sizesOf(a.tensor('x')));
  return typeof size === 'number' ? constant(a.graph, 'int32', [], [size]) : cast(size, 'int32');
}

function squeezeOperation(a: Arguments): Value {
  const x = a.tensor('x');
  const axes = a.axes('axis', x.rank) ?? axesOf(x).filter((axis) => x.shape[axis] === 1);
  return axes.length === 0 ? x : squeeze(x, axes);
}

/** Makes the shapes of several tensors one. */
export function broadcastTogether(values: readonly Value[]): Value[] {
  const shape = values.map((value) => value.shape).reduce(broadcast);
  const sizes = shape.map((known, axis): Size => {
    if (known !== null) return known;
    const widest = values.find((value) => value.shape[axis - shape.length + value.rank] === null)!;
    return sizeOf(widest, axis - shape.length + widest.rank);
  });
  return values.map((value) =>
    value.shape.join() === shape.join() && !shape.includes(null) ? value : expand(value, sizes),
  );
}

/** Operations that move, add and take away axes. https://keras.io/api/ops/numpy/ */
export const shapeOperations: OperationTable = {
  Reshape: operation('x newshape', (a) => reshapeTo(a.tensor('x'), a.sizes('newshape'))),
  Ravel: operation('x', (a) => flatten(a.tensor('x'))),
  Transpose: operation('x axes', (a) => {
    const x = a.tensor('x');
    return transpose(x, a.axes('axes', x.rank) ?? axesOf(x).reverse());
  }),
  Moveaxis: operation('x source destination', (a) => {
    const x = a.tensor('x');
    return moveAxes(x, a.axes('source', x.rank) ?? [], a.axes('destination', x.rank) ?? []);
  }),
  Swapaxes: operation('x axis1 axis2', (a) => {
    const x = a.tensor('x');
    return swapAxes(x, a.axis('axis1', x.rank, 0), a.axis('axis2', x.rank, 1));
  }),
  ExpandDims: operation('x axis', (a) => unsqueeze(a.tensor('x'), a.numbers('axis'))),
  Squeeze: operation('x axis', squeezeOperation),
  BroadcastTo: operation('x shape', (a) => broadcastTo(a.tensor('x'), a.sizesToMake('shape'))),
  Tile: operation('x repeats', tileOperation),
  Repeat: operation('x repeats axis', repeat),
  Flip: operation('x axis', (a) => {
    const x = a.tensor('x');
    return flip(x, a.axes('axis', x.rank) ?? axesOf(x));
  }),
  Fliplr: operation('x', (a) => flip(a.tensor('x'), [1])),
  Flipud: operation('x', (a) => flip(a.tensor('x'), [0])),
  Roll: operation('x shift axis', roll),
  Rot90: operation('array k axes', rotate),
  Rearrange: operation('tensor pattern', rearrange),
  Size: operation('x', count),
  Ndim: operation('x', (a) => constant(a.graph, 'int32', [], [a.tensor('x').rank])),
};
