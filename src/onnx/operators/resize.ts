import { type GraphBuilder, Value } from '../graph.js';
import {
  abs,
  add,
  and,
  cast,
  ceil,
  constant,
  div,
  equal,
  exp,
  floor,
  greater,
  greaterOrEqual,
  isInf,
  largestFloat,
  less,
  lessOrEqual,
  max,
  min,
  mul,
  node,
  not,
  type Operand,
  or,
  round,
  sign,
  sin,
  square,
  sub,
  toFloat,
  where,
} from './elementwise.js';
import { matmul } from './matrix.js';
import { reduceSum } from './reduce.js';
import { range, type Size, sizeOf, transpose, unsqueeze } from './shape.js';
import { gather } from './slicing.js';

/** How the pixels of a resized image come from those of the original, in TensorFlow's words. */
export const interpolations = [
  'nearest',
  'bilinear',
  'bicubic',
  'area',
  'lanczos3',
  'lanczos5',
  'gaussian',
  'mitchellcubic',
] as const;

export type Interpolation = (typeof interpolations)[number];

/**
 * Enlarges axes by whole factors, one for each axis. By `linear` interpolation ONNX Runtime makes other neighbours of what is no
 * number or infinite than TensorFlow does.
 */
export function enlarge(x: Value, factors: readonly number[], mode: 'nearest' | 'linear'): Value {
  const shape = x.shape.map((size, axis) => (size === null ? null : size * factors[axis]!));
  const scales = constant(x.graph, 'float32', [x.rank], factors);
  const attributes =
    mode === 'nearest'
      ? { mode, coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
      : { mode, coordinate_transformation_mode: 'half_pixel' };
  return node('Resize', [x, undefined, scales], attributes, x.type, shape);
}

/** Whether all elements are finite. */
export const allFinite = (x: Value): Value => equal(reduceSum(mul(x, 0), undefined), 0);

/** A size as a float32 scalar. */
const asFloat = (graph: GraphBuilder, size: Size): Value =>
  typeof size === 'number' ? constant(graph, 'float32', [], [size]) : toFloat(size);

/** An axis that is resized: the places of the new elements among the old, counted in steps of the old ones' middles. */
interface ResizedAxis {
  from: Size;
  to: Size;
  /** Old elements for each new one. */
  scale: Value;
  centers: Value;
}

function resizedAxis(graph: GraphBuilder, from: Size, to: Size): ResizedAxis {
  const scale = div(asFloat(graph, from), asFloat(graph, to));
  const centers = sub(mul(add(toFloat(range(graph, to)), 0.5), scale), 0.5);
  return { from, to, scale, centers };
}

/** A weight by its distance from the middle of a kernel, 0 from `radius` on, or beyond it. */
interface Kernel {
  radius: number;
  inclusive?: boolean;
  weight: (distance: Value) => Value;
}

/** `a·x³ + b·x² + c·x + d`. */
type Cubic = readonly [a: number, b: number, c: number, d: number];

const polynomial = (x: Value, [a, b, c, d]: Cubic): Value => add(mul(add(mul(add(mul(x, a), b), x), c), x), d);

const cubic = (near: Cubic, far: Cubic): Kernel => ({
  radius: 2,
  weight: (x) => where(less(x, 1), polynomial(x, near), polynomial(x, far)),
});

const lanczos = (radius: number): Kernel => ({
  radius,
  inclusive: true,
  weight: (x) => {
    const angle = mul(x, Math.PI);
    const wave = mul(mul(sin(angle), sin(div(angle, radius))), radius);
    return where(lessOrEqual(x, 1e-3), 1, div(wave, square(angle)));
  },
});

/** Those of TensorFlow's `scale_and_translate`. */
const kernels = {
  bilinear: { radius: 1, weight: (x) => sub(1, x) },
  bicubic: cubic([1.5, -2.5, 0, 1], [-0.5, 2.5, -4, 2]),
  mitchellcubic: cubic([7 / 6, -2, 0, 8 / 9], [-7 / 18, 2, -10 / 3, 16 / 9]),
  gaussian: { radius: 1.5, weight: (x) => exp(mul(square(x), -2)) },
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
} satisfies Partial<Record<Interpolation, Kernel>>;

/** What new elements are made of, each (new, old). */
interface Blend {
  /** How much of each old element a new one takes. */
  weights: Value;
  /** Which of them it looks at: what is no number there makes it none, even by a weight of 0. */
  reach: Value;
  /** Which of those it looks at by a weight of 0 as well. */
  again?: Value;
}

/** The old elements, side by side. */
const oldElements = ({ centers, from }: ResizedAxis): Value => unsqueeze(toFloat(range(centers.graph, from)), [0]);

function kernelWeights(axis: ResizedAxis, { radius, weight, inclusive }: Kernel, spread: Operand): Value {
  const distance = div(abs(sub(oldElements(axis), unsqueeze(axis.centers, [1]))), spread);
  const inside = (inclusive ? lessOrEqual : less)(distance, radius);
  const weights = where(inside, weight(distance), 0);
  return div(weights, reduceSum(weights, [1], true));
}

/** As many elements as TensorFlow's `scale_and_translate` takes from the first that has a weight on. */
function kernelReach(axis: ResizedAxis, { radius }: Kernel, spread: Operand): Value {
  const width =
    spread instanceof Value ? mul(spread, radius) : constant(axis.centers.graph, 'float32', [], [radius * spread]);
  const last = sub(asFloat(axis.centers.graph, axis.from), 1);
  const first = unsqueeze(max(min(ceil(sub(axis.centers, width)), last), 0), [1]);
  const old = oldElements(axis);
  return and(greaterOrEqual(old, first), less(old, add(first, add(mul(ceil(width), 2), 1))));
}

const kernelBlend = (axis: ResizedAxis, kernel: Kernel, spread: Operand): Blend => ({
  weights: kernelWeights(axis, kernel, spread),
  reach: kernelReach(axis, kernel, spread),
});

/** The weight of an old element is the part of the new one's span that lies in it. */
function areaBlend(axis: ResizedAxis): Blend {
  const { to, scale } = axis;
  const starts = mul(unsqueeze(toFloat(range(scale.graph, to)), [1]), scale);
  const old = oldElements(axis);
  const overlap = sub(min(add(old, 1), add(starts, scale)), max(old, starts));
  return { weights: div(max(overlap, 0), scale), reach: greater(overlap, 0) };
}

/**
 * TensorFlow's bicubic takes its weights out of a table of 1024 steps between two pixels. It looks at four elements; in the place of
 * those beyond an edge, at the edge's.
 */
function bicubicBlend(axis: ResizedAxis): Blend {
  const whole = floor(axis.centers);
  const centers = add(whole, div(round(mul(sub(axis.centers, whole), 1024)), 1024));
  const old = oldElements(axis);
  const last = sub(asFloat(axis.centers.graph, axis.from), 1);
  const [first, end] = [-1, 2].map((step) => add(unsqueeze(whole, [1]), step)) as [Value, Value];
  return {
    weights: kernelWeights({ ...axis, centers }, kernels.bicubic, 1),
    reach: and(greaterOrEqual(old, first), lessOrEqual(old, end)),
    again: or(and(equal(old, 0), less(first, 0)), and(equal(old, last), greater(end, last))),
  };
}

function blendOf(axis: ResizedAxis, interpolation: Interpolation, antialias: boolean): Blend {
  if (interpolation === 'area') return areaBlend(axis);
  if (interpolation === 'bicubic' && !antialias) return bicubicBlend(axis);
  return kernelBlend(axis, kernels[interpolation as keyof typeof kernels], antialias ? max(axis.scale, 1) : 1);
}

/**
 * The sums of old elements by their weights. Infinities and what is no number are kept apart, since a product with all the
 * weights would spread them over elements that are out of their reach.
 * @param times the product of elements with a matrix (new, old)
 */
function blended(x: Value, { weights, reach, again }: Blend, times: (x: Value, matrix: Value) => Value): Value {
  const finite = lessOrEqual(abs(x), largestFloat);
  const strange = times(where(finite, constant(x.graph, 'float32', [], [0]), 1), toFloat(reach));
  const once = again ? and(reach, not(again)) : reach;
  const direction = times(where(isInf(x), sign(x), 0), where(once, sign(weights), 0));
  const infinite = where(equal(abs(direction), strange), mul(direction, Number.POSITIVE_INFINITY), Number.NaN);
  return where(greater(strange, 0), infinite, times(where(finite, x, 0), weights));
}

/**
 * Resizes (batch, channels, height, width) images to `size` as `tf.image.resize` does, half pixels being the middles. Weights
 * are worked out in the graph, so that unknown sizes are as good as known ones; ONNX Runtime folds those of known sizes.
 * @param x float32; any type for `nearest`
 */
export function resizeImages(
  x: Value,
  size: readonly [Size, Size],
  interpolation: Interpolation,
  antialias: boolean,
): Value {
  const [rows, columns] = size.map((to, index) => resizedAxis(x.graph, sizeOf(x, index + 2), to));
  if (interpolation === 'nearest') return nearest(nearest(x, 2, rows!), 3, columns!);
  if (interpolation === 'bilinear' && !antialias) {
    // Here alone TensorFlow gives images of this size as they are, whatever is in them.
    const isThatSize = size.every((to, index) => to === x.shape[index + 2]);
    return isThatSize ? x : bilinear(x, rows!, columns!);
  }
  const widened = blended(x, blendOf(columns!, interpolation, antialias), (old, matrix) =>
    matmul(old, transpose(matrix, [1, 0])),
  );
  return blended(widened, blendOf(rows!, interpolation, antialias), (old, matrix) => matmul(matrix, old));
}

/** In TensorFlow's order of operations: what is rounded afterwards must be the same to the last bit. */
const bilinear = (x: Value, rows: ResizedAxis, columns: ResizedAxis): Value => linear(linear(x, 3, columns), 2, rows);

function linear(x: Value, axis: 2 | 3, at: ResizedAxis): Value {
  const part = fraction(at.centers);
  return between(gather(x, below(at), axis), gather(x, above(at), axis), axis === 2 ? unsqueeze(part, [1]) : part);
}

const fraction = (x: Value): Value => sub(x, floor(x));
const between = (a: Value, b: Value, part: Value): Value => add(a, mul(sub(b, a), part));
const below = ({ centers }: ResizedAxis): Value => cast(max(floor(centers), 0), 'int64');
const above = ({ centers, from }: ResizedAxis): Value =>
  cast(min(ceil(centers), sub(asFloat(centers.graph, from), 1)), 'int64');

function nearest(x: Value, at: number, { from, centers }: ResizedAxis): Value {
  const last = sub(asFloat(x.graph, from), 1);
  return gather(x, cast(min(floor(add(centers, 0.5)), last), 'int64'), at);
}
