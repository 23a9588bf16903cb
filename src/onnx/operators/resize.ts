import type { GraphBuilder, Value } from '../graph.js';
import {
  abs,
  add,
  cast,
  ceil,
  constant,
  div,
  exp,
  floor,
  less,
  lessOrEqual,
  max,
  min,
  mul,
  node,
  type Operand,
  round,
  sin,
  square,
  sub,
  toFloat,
  where,
} from './elementwise.js';
import { matmul } from './matrix.js';
import { reduceSum } from './reduce.js';
import { gather, range, type Size, sizeOf, transpose, unsqueeze } from './shape.js';

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

/** Enlarges the spatial axes of a (batch, channels, …spatial) tensor by whole factors. */
export function enlarge(x: Value, factors: readonly number[], mode: 'nearest' | 'linear'): Value {
  const shape = x.shape.map((size, axis) => (size === null || axis < 2 ? size : size * factors[axis - 2]!));
  const scales = constant(x.graph, 'float32', [x.rank], [1, 1, ...factors]);
  const attributes =
    mode === 'nearest'
      ? { mode, coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
      : { mode, coordinate_transformation_mode: 'half_pixel' };
  return node('Resize', [x, undefined, scales], attributes, x.type, shape);
}

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

/** A weight by its distance from the middle of a kernel, 0 from `radius` on. */
interface Kernel {
  radius: number;
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
  weight: (x) => {
    const angle = mul(x, Math.PI);
    const wave = mul(mul(sin(angle), sin(div(angle, radius))), radius);
    return where(lessOrEqual(x, 1e-3), 1, div(wave, square(angle)));
  },
});

/** Those of TensorFlow's `scale_and_translate`. */
const kernels = {
  triangle: { radius: 1, weight: (x) => sub(1, x) },
  keyscubic: cubic([1.5, -2.5, 0, 1], [-0.5, 2.5, -4, 2]),
  mitchellcubic: cubic([7 / 6, -2, 0, 8 / 9], [-7 / 18, 2, -10 / 3, 16 / 9]),
  gaussian: { radius: 1.5, weight: (x) => exp(mul(square(x), -2)) },
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
} satisfies Record<string, Kernel>;

/** (new, old): how much of each old element a new one takes. */
function kernelWeights(axis: ResizedAxis, { radius, weight }: Kernel, spread: Operand): Value {
  const old = toFloat(range(axis.centers.graph, axis.from));
  const distance = div(abs(sub(unsqueeze(old, [0]), unsqueeze(axis.centers, [1]))), spread);
  const weights = where(less(distance, radius), weight(distance), 0);
  return div(weights, reduceSum(weights, [1], true));
}

/** (new, old): the part of the new element's span that lies in the old one's. */
function areaWeights({ from, to, scale }: ResizedAxis): Value {
  const starts = mul(unsqueeze(toFloat(range(scale.graph, to)), [1]), scale);
  const old = unsqueeze(toFloat(range(scale.graph, from)), [0]);
  const overlap = sub(min(add(old, 1), add(starts, scale)), max(old, starts));
  return div(max(overlap, 0), scale);
}

/** TensorFlow's bicubic takes its weights out of a table of 1024 steps between two pixels. */
function tabulated(axis: ResizedAxis): ResizedAxis {
  const whole = floor(axis.centers);
  return { ...axis, centers: add(whole, div(round(mul(sub(axis.centers, whole), 1024)), 1024)) };
}

function weightsOf(axis: ResizedAxis, interpolation: Interpolation, antialias: boolean): Value {
  if (interpolation === 'area') return areaWeights(axis);
  const spread = antialias ? max(axis.scale, 1) : 1;
  if (interpolation === 'bilinear') return kernelWeights(axis, kernels.triangle, spread);
  if (interpolation === 'bicubic') return kernelWeights(antialias ? axis : tabulated(axis), kernels.keyscubic, spread);
  return kernelWeights(axis, kernels[interpolation as keyof typeof kernels], spread);
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
  if (interpolation === 'bilinear' && !antialias) return bilinear(x, rows!, columns!);
  const widened = matmul(x, transpose(weightsOf(columns!, interpolation, antialias), [1, 0]));
  return matmul(weightsOf(rows!, interpolation, antialias), widened);
}

/** In TensorFlow's order of operations: what is rounded afterwards must be the same to the last bit. */
function bilinear(x: Value, rows: ResizedAxis, columns: ResizedAxis): Value {
  const alongRows = (at: Value) => {
    const row = gather(x, at, 2);
    return between(gather(row, below(columns), 3), gather(row, above(columns), 3), fraction(columns.centers));
  };
  return between(alongRows(below(rows)), alongRows(above(rows)), unsqueeze(fraction(rows.centers), [1]));
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
