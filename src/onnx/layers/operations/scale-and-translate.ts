import type { Value } from '../../graph.js';
import {
  abs,
  add,
  and,
  cast,
  div,
  equal,
  greater,
  greaterOrEqual,
  isFloat,
  lessOrEqual,
  matmul,
  max,
  mul,
  normalizeAxis,
  range,
  reciprocal,
  reduceSum,
  reshape,
  type Size,
  sin,
  sizeOf,
  sub,
  take,
  toFloat,
  transpose,
  where,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { type OperationTable, operation } from './operation.js';

/** How much a pixel counts by its distance in pixels. */
type Kernel = (distance: Value) => Value;

const triangle: Kernel = (x) => max(sub(1, x), 0);

/** R. Keys, "Cubic convolution interpolation for digital image processing", with a = -0.5. */
const cubic: Kernel = (x) => {
  const near = add(mul(mul(sub(mul(x, 1.5), 2.5), x), x), 1);
  const far = add(mul(sub(mul(add(mul(x, -0.5), 2.5), x), 4), x), 2);
  return where(greaterOrEqual(x, 2), 0, where(greaterOrEqual(x, 1), far, near));
};

const lanczos =
  (radius: number): Kernel =>
  (x) => {
    const angle = mul(x, Math.PI);
    const waves = mul(mul(sin(angle), radius), sin(div(angle, radius)));
    const squared = where(equal(x, 0), 1, mul(mul(x, x), Math.PI ** 2));
    return where(greater(x, radius), 0, where(greater(x, 1e-3), div(waves, squared), 1));
  };

const kernels: Record<string, Kernel> = {
  linear: triangle,
  bilinear: triangle,
  trilinear: triangle,
  cubic,
  bicubic: cubic,
  tricubic: cubic,
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
};

/** Sums of weights below this are those of no pixel. */
const leastWeight = 1000 * 2 ** -23;

/** (input, output): how much each pixel of an axis counts in each place of the result. */
function weightsOf(from: Value, input: Size, output: Size, scale: Value, shift: Value, kernel: Kernel): Value {
  const inverse = reciprocal(scale);
  const places = toFloat(range(from.graph, output));
  const at = sub(sub(mul(add(places, 0.5), inverse), mul(shift, inverse)), 0.5);
  const pixels = reshape(toFloat(range(from.graph, input)), [-1, 1]);
  const weights = kernel(div(abs(sub(reshape(at, [1, -1]), pixels)), from));
  const sum = reduceSum(weights, [0], true);
  const normal = where(greater(abs(sum), leastWeight), div(weights, where(equal(sum, 0), 1, sum)), 0);
  const last = typeof input === 'number' ? input - 0.5 : sub(toFloat(input), 0.5);
  const inside = and(greaterOrEqual(at, -0.5), lessOrEqual(at, last));
  return where(inside, normal, 0);
}

/** Like images by linear maps of one axis after the other. */
function scaleAndTranslate(a: Arguments): Value {
  const images = a.tensor('images');
  if (!isFloat(images))
    return a.unsupported('its images are no floats, for which Keras itself fails; cast them to float32 first');
  const method = a.choice('method', Object.keys(kernels));
  const output = a.sizesToMake('output_shape');
  const axes = a.numbers('spatial_dims');
  const antialias = a.boolean('antialias', true);
  const [scales, shifts] = ['scale', 'translation'].map((name) => a.tensor(name, 'float32')) as [Value, Value];
  if (axes.length > images.rank) return a.unsupported(`its spatial_dims are more than its images' ${images.rank} axes`);
  if (output.length !== images.rank) return a.unsupported(`its output_shape should have ${images.rank} sizes`);
  const moved = axes.reduce((x, given, index) => {
    const axis = normalizeAxis(given, images.rank);
    const [scale, shift] = [scales, shifts].map((one) => elementOf(a, one, index)) as [Value, Value];
    const wide = antialias ? max(reciprocal(scale), 1) : a.constant('float32', 1);
    const size = output[axis]!;
    if (typeof size === 'number' && !(Number.isInteger(size) && size >= 0))
      return a.unsupported('its output_shape should have a size for each of the spatial_dims');
    const weights = weightsOf(wide, sizeOf(x, axis), size, scale, shift, kernels[method]!);
    const order = x.shape.map((_, at) => at);
    const last = [...order.filter((at) => at !== axis), axis];
    return transpose(
      matmul(transpose(x, last), weights),
      order.map((at) => last.indexOf(at)),
    );
  }, toFloat(images));
  return cast(moved, images.type);
}

/** An element of a list as a scalar. */
function elementOf(a: Arguments, list: Value, index: number): Value {
  const length = list.shape[0];
  if (list.rank !== 1 || (length != null && index >= length))
    return a.unsupported('its scale and translation should have a number for each of its spatial_dims');
  return take(list, index, 0);
}

/** https://keras.io/api/ops/image/ */
export const scalingOperations: OperationTable = {
  ScaleAndTranslate: operation(
    'images output_shape scale translation spatial_dims method antialias',
    scaleAndTranslate,
  ),
};
