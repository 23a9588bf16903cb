import type { LayerCall, LayerHandler, LayerTable } from '../context.js';
import { ShapeError, type Value } from '../graph.js';
import {
  add,
  and,
  concat,
  div,
  einsum,
  expand,
  fill,
  max,
  min,
  mul,
  normalizeAxis,
  or,
  sizesOf,
  sub,
  toFloat,
  unsqueeze,
  where,
} from '../operators/index.js';
import { unitVectors } from './normalization.js';

type Combine = (a: Value, b: Value) => Value;

/** The inputs as one type: the integers that they are, or floats. */
function sameType(inputs: readonly Value[]): Value[] {
  const [first] = inputs;
  return inputs.every(({ type }) => type === first!.type && type !== 'bool') ? [...inputs] : inputs.map(toFloat);
}

/** Gives inputs of fewer axes new ones of one element behind the batch axis. */
function sameRank(inputs: readonly Value[]): Value[] {
  const rank = Math.max(...inputs.map((x) => x.rank));
  return inputs.map((x) => {
    const missing = Array.from({ length: rank - x.rank }, (_, index) => index + 1);
    return missing.length === 0 ? x : unsqueeze(x, missing);
  });
}

/** Of steps that each have a mask: Keras 3 shows what any of them shows, Keras 1 and 2 what all of them show. */
const anyOrAll = (masks: readonly Value[], { kerasVersion }: LayerCall): Value =>
  masks.reduce(kerasVersion >= 3 ? or : and);

/** The masks of the inputs, in one. In Keras 3 there is none unless every input has one. */
function mergedMask(inputs: readonly Value[], call: LayerCall): Value | undefined {
  const masks = inputs.flatMap(({ mask }) => mask ?? []);
  const enough = call.kerasVersion >= 3 ? masks.length === inputs.length : masks.length > 0;
  return enough ? anyOrAll(masks, call) : undefined;
}

/** A layer that merges all its inputs into one, which is given what masks there are. */
const merging =
  (merge: (inputs: Value[], masks: (Value | undefined)[], call: LayerCall) => Value): LayerHandler =>
  (inputs, call) => {
    const ready = sameRank(sameType(inputs));
    const masks = inputs.map(({ mask, rank }, index) => (rank === ready[index]!.rank ? mask : undefined));
    const merged = merge(ready, masks, call);
    // A single input comes back as it is, and must not be given a mask in its place.
    if (!ready.includes(merged)) merged.mask = mergedMask(inputs, call);
    return merged;
  };

const all = (combine: Combine): LayerHandler => merging((inputs) => inputs.reduce(combine));

/** A mask of steps for all that is in a step. */
const overFeatures = (mask: Value, x: Value): Value => expand(unsqueeze(mask, [-1]), sizesOf(x));

/** Where one input is masked the other is taken as it is. So since Keras 3; before, masks did not count. */
const extreme = (combine: Combine): LayerHandler =>
  merging((inputs, masks, { kerasVersion }) => {
    if (kerasVersion < 3) return inputs.reduce(combine);
    let result = inputs[0]!;
    let shown = masks[0] && overFeatures(masks[0], result);
    inputs.slice(1).forEach((input, index) => {
      const given = masks[index + 1];
      const mask = given && overFeatures(given, input);
      const other = mask ? where(mask, input, result) : input;
      if (shown) result = where(shown, result, other);
      shown = mask && shown ? or(shown, mask) : undefined;
      result = combine(result, other);
    });
    return result;
  });

/** What is masked counts as 1; where all is masked the product is 0. So since Keras 3. */
const multiply = merging((inputs, masks, call) => {
  if (call.kerasVersion < 3) return inputs.reduce(mul);
  const factors = inputs.map((x, index) => (masks[index] ? where(overFeatures(masks[index], x), x, 1) : x));
  const product = factors.reduce(mul);
  const present = masks.flatMap((mask) => mask ?? []);
  if (present.length < inputs.length || inputs.length < 2) return product;
  return where(overFeatures(present.reduce(or), product), product, 0);
});

/** Behind one another; so are the masks, where an input without one is shown as a whole. */
const concatenate: LayerHandler = (inputs, call) => {
  const values = sameType(inputs);
  const axis = normalizeAxis(call.config.axis('axis'), values[0]!.rank);
  const joined = concat(values, axis);
  if (inputs.length === 1 || inputs.every(({ mask }) => !mask)) return joined;
  const masks = inputs.map((x) => x.mask ?? fill(x.graph, 'bool', sizesOf(x).slice(0, -1), 1));
  if (masks.some((mask) => mask.rank !== joined.rank - 1)) return joined;
  joined.mask = axis === joined.rank - 1 ? anyOrAll(masks, call) : concat(masks, axis);
  return joined;
};

/** The epsilon of Keras's `normalize`. */
const epsilon = 1e-7;

/** Sums the products along an axis of either input, sample by sample. Vectors give one number each. */
const dot: LayerHandler = (inputs, { config, unsupported }) => {
  if (inputs.length !== 2) return unsupported(`it takes two inputs, not ${inputs.length}`);
  const given = config.axes('axes');
  const axes = inputs.map((x, index) => normalizeAxis(given[index] ?? given[0]!, x.rank));
  if (axes.includes(0)) return unsupported('it sums along the batch');
  const normalized = config.boolean('normalize', false);
  const [x, y] = inputs.map((input, index) => {
    const float = toFloat(input);
    return normalized ? unitVectors(float, [axes[index]!], epsilon) : float;
  }) as [Value, Value];
  if (x.rank + y.rank > 24) throw new ShapeError('its inputs have too many axes');
  const [batch, shared, ...letters] = 'abcdefghijklmnopqrstuvwxyz';
  const left = x.shape.map((_, axis) => (axis === 0 ? batch : axis === axes[0] ? shared : letters[axis]));
  const right = y.shape.map((_, axis) => (axis === 0 ? batch : axis === axes[1] ? shared : letters[x.rank + axis]));
  const kept = [batch, ...[...left, ...right].filter((letter) => letter !== batch && letter !== shared)];
  const products = einsum(`${left.join('')},${right.join('')}->${kept.join('')}`, [x, y]);
  return products.rank === 1 ? unsqueeze(products, [1]) : products;
};

/** https://keras.io/api/layers/merging_layers/ */
export const mergingLayers: LayerTable = {
  Add: all(add),
  Subtract: all(sub),
  Multiply: multiply,
  Maximum: extreme(max),
  Minimum: extreme(min),
  Average: merging((inputs) => div(inputs.map(toFloat).reduce(add), inputs.length)),
  Concatenate: concatenate,
  // FeatureSpace's own.
  TFDConcat: concatenate,
  Dot: dot,
};
