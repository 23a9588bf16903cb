import { activations } from '../../activations.js';
import type { CallArgument } from '../../context.js';
import { float, type Value } from '../../graph.js';
import {
  add,
  cast,
  channelsFirst,
  channelsLast,
  clip,
  concat,
  div,
  equal,
  greater,
  isFloat,
  less,
  log,
  logSoftmax,
  max,
  mod,
  mul,
  neg,
  node,
  range,
  reciprocal,
  reduceL2,
  reduceMax,
  reduceMean,
  reduceSum,
  reduceSumSquare,
  relu,
  reshape,
  sizeOf,
  sizesOf,
  softplus,
  sqrt,
  square,
  sub,
  toFloat,
  unsqueeze,
  where,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { checkDivisor, floating, floorDivide, pair } from './arithmetic.js';
import { filled } from './creation.js';
import { computed } from './dtypes.js';
import { getItem } from './indexing.js';
import { norm } from './linear-algebra.js';
import { type OperationTable, operation } from './operation.js';
import { broadcastTo, flatten, shapeVector } from './shape.js';
import { boundedSizes, scalarOf } from './sizes.js';
import { isChannelsFirst } from './windows.js';

/** A slice by its bounds, where a bit of a mask for each says that it is left out, an index, a new axis, or the rest. */
function stridedSlice(a: Arguments): Value {
  const [begin, end] = [a.sizes('begin'), a.sizes('end')];
  const strides = a.has('strides') ? a.numbers('strides') : begin.map(() => 1);
  const bit = (name: string, index: number) => (a.number(name, 0) & (1 << index)) !== 0;
  const keys = begin.map((start, index): CallArgument => {
    if (bit('ellipsis_mask', index)) return '...';
    if (bit('new_axis_mask', index)) return null;
    if (bit('shrink_axis_mask', index)) return start;
    return {
      start: bit('begin_mask', index) ? null : start,
      stop: bit('end_mask', index) ? null : (end[index] ?? null),
      step: strides[index] ?? 1,
    };
  });
  return getItem(a, a.tensor('x'), keys);
}

/** Adds a number for each channel. */
function biasAdd(a: Arguments): Value {
  const [x, bias] = [a.tensor('x'), a.tensor('bias')];
  const along = isChannelsFirst(a) ? reshape(bias, [-1, ...Array<number>(x.rank - 2).fill(1)]) : bias;
  return add(x, cast(along, x.type));
}

/** `(x - mean) / sqrt(variance + epsilon) · scale + offset`, all broadcast. */
function scaleAndShift(a: Arguments): Value {
  const [x, mean, variance] = ['x', 'mean', 'variance'].map((name) => toFloat(a.tensor(name)));
  const normalized = mul(sub(x!, mean!), reciprocal(sqrt(add(variance!, a.number('variance_epsilon')))));
  const scaled = a.has('scale') ? mul(normalized, toFloat(a.tensor('scale'))) : normalized;
  return a.has('offset') ? add(scaled, toFloat(a.tensor('offset'))) : scaled;
}

/** TensorFlow divides by a plain sum of squares over `2 · depth_radius + 1` channels, ONNX by their mean. */
function localResponse(a: Arguments): Value {
  const size = 2 * a.number('depth_radius', 5) + 1;
  const x = channelsFirst(toFloat(a.tensor('x')));
  const attributes = {
    size,
    alpha: float(a.number('alpha', 1) * size),
    beta: float(a.number('beta', 0.5)),
    bias: float(a.number('bias', 1)),
  };
  return channelsLast(node('LRN', [x], attributes, x.type, x.shape));
}

/** TensorFlow's `l2_normalize`: the squares' sum is at least epsilon. */
function l2Normalize(a: Arguments): Value {
  const x = toFloat(a.tensor('x'));
  const axes = a.axes('axis', x.rank) ?? x.shape.map((_, axis) => axis);
  return mul(x, reciprocal(sqrt(max(reduceSumSquare(x, axes, true), a.number('epsilon', 1e-12)))));
}

/** Limits the length of vectors. */
function clipByNorm(a: Arguments): Value {
  const x = toFloat(a.tensor('x'));
  const limit = a.number('clip_norm');
  const length = sqrt(reduceSumSquare(x, a.axes('axis', x.rank), true));
  return div(mul(x, limit), max(length, limit));
}

/** TensorFlow's `norm`: without axes the tensor is one vector. */
function vectorNorm(a: Arguments): Value {
  const x = toFloat(a.tensor('x'));
  const axes = a.axes('axis', x.rank);
  if (axes) return norm(a, x, axes, a.boolean('keepdims'));
  const length = norm(a, flatten(x), [0], false);
  return a.boolean('keepdims') ? reshape(length, Array<number>(x.rank).fill(1)) : length;
}

/** Whether each place is before a length. */
function sequenceMask(a: Arguments): Value {
  const lengths = cast(a.tensor('lengths'), 'int64');
  const asked = a.has('maxlen') ? a.sizes('maxlen') : [reduceMax(lengths, undefined)];
  const [size] = boundedSizes(asked, sizesOf(lengths));
  return cast(less(range(a.graph, size!), unsqueeze(lengths, [-1])), a.optionalType('dtype') ?? 'bool');
}

/** `relu` with a slope, a greatest value and a threshold. Keras 2 multiplies by what is above that, where infinity gives no number. */
const reluWith = (above: (x: Value, threshold: number) => Value) => (a: Arguments) => {
  const x = toFloat(a.tensor('x'));
  const [alpha, threshold] = [a.number('alpha', 0), a.number('threshold', 0)];
  const maximum = a.optionalNumber('max_value');
  const rising = threshold === 0 ? relu(x) : above(x, threshold);
  const limited = maximum === undefined ? rising : clip(rising, 0, maximum);
  return alpha === 0 ? limited : sub(limited, mul(relu(sub(threshold, x)), alpha));
};

/** The number of the axis stands behind the tensors. */
function concatenateLast(a: Arguments): Value {
  const count = a.list('values').length - 1;
  if (count < 1) return a.unsupported('it has no tensors');
  const values = Array.from({ length: count }, (_, index) => a.item('values', index));
  const axis = scalarOf(a.item('values', count)) ?? a.unsupported('its axis is not known');
  return concat(values, axis);
}

const conversion = (type: Value['type']) => operation('x', (a) => cast(a.tensor('x'), type));

/** Functions that TensorFlow has and Keras 3 has not. https://www.tensorflow.org/api_docs/python/tf */
export const tensorflowOperations: OperationTable = {
  StridedSlice: operation('x begin end strides', stridedSlice),
  /** Keras 3's gives numbers instead of an operation. */
  Shape: operation('x', (a) => shapeVector(a, a.optionalType('out_type') === 'int64' ? 'int64' : 'int32')),
  Zeros: operation('shape dtype', (a) => filled(a, a.optionalType('dtype') ?? 'float32', a.sizesToMake('shape'), 0)),
  Ones: operation('shape dtype', (a) => filled(a, a.optionalType('dtype') ?? 'float32', a.sizesToMake('shape'), 1)),
  Fill: operation('shape value', (a) => broadcastTo(a.tensor('value'), a.sizesToMake('shape'))),
  /** A sum of many tensors. */
  AddN: operation('inputs', (a) => a.tensors('inputs').reduce((sum, one) => computed([sum, one], add))),
  SquaredDifference: operation('x1 x2', (a) => {
    const [x1, x2] = a.promoted(pair);
    return computed([x1!, x2!], (x, y) => square(sub(x, y)));
  }),
  EuclideanNorm: operation('x', (a) => {
    const x = toFloat(a.tensor('x'));
    return reduceL2(x, a.axes('axis', x.rank), a.boolean('keepdims'));
  }),
  /** `x · log y`, 0 where x is. */
  Xlogy: floating((x, y) => where(equal(x, 0), 0, mul(x, log(where(equal(x, 0), 1, y))))),
  BiasAdd: operation('x bias', biasAdd),
  ScaleAndShift: operation('x', scaleAndShift),
  LocalResponse: operation('x', localResponse),
  L2Normalize: operation('x axis epsilon', l2Normalize),
  ClipByNorm: operation('x', clipByNorm),
  VectorNorm: operation('x', vectorNorm),
  SequenceMask: operation('lengths', sequenceMask),
  ReluOld: operation(
    'x',
    reluWith((x, threshold) => mul(x, toFloat(greater(x, threshold)))),
  ),
  ReluWith: operation(
    'x',
    reluWith((x, threshold) => where(greater(x, threshold), x, 0)),
  ),
  HardSigmoidOld: operation('x', (a) => activations.hard_sigmoid_keras2!(toFloat(a.tensor('x')))),
  ConcatenateLast: operation('*values', concatenateLast),
  BatchFlatten: operation('x', (a) => {
    const x = a.tensor('x');
    return reshape(x, [sizeOf(x, 0), -1]);
  }),
  Crelu: operation('x', (a) => {
    const x = toFloat(a.tensor('x'));
    return relu(concat([x, neg(x)], a.axis('axis', x.rank, -1)));
  }),
  HalfSquare: operation('x', (a) => mul(reduceSumSquare(toFloat(a.tensor('x')), undefined), 0.5)),
  /** The mean of integers is an integer, as TensorFlow divides them. */
  MeanOfFloats: operation('x', (a) => {
    const x = a.tensor('x');
    if (!isFloat(x)) return a.unsupported('it is the mean of integers');
    return reduceMean(x, a.axes('axis', x.rank), a.boolean('keepdims'));
  }),
  ZeroFraction: operation('x', (a) => reduceMean(toFloat(equal(toFloat(a.tensor('x')), 0)), undefined)),
  SigmoidCrossEntropy: operation('labels logits', (a) => {
    const logits = toFloat(a.tensor('logits'));
    return sub(softplus(logits), mul(logits, toFloat(a.tensor('labels'))));
  }),
  SoftmaxCrossEntropy: operation('labels logits', (a) => {
    const logits = toFloat(a.tensor('logits'));
    const axis = a.axis('axis', logits.rank, -1);
    return neg(reduceSum(mul(toFloat(a.tensor('labels')), logSoftmax(logits, axis)), [axis]));
  }),
  MultiplyNoNan: floating((x, y) => where(equal(y, 0), 0, mul(x, y))),
  ReciprocalNoNan: operation('x', (a) => {
    const x = toFloat(a.tensor('x'));
    return where(equal(x, 0), 0, reciprocal(where(equal(x, 0), 1, x)));
  }),
  Xdivy: floating((x, y) => where(equal(x, 0), 0, div(x, y))),
  /** Integers are divided as Python 2 did. */
  FloorOrTrueDivide: operation('x1 x2', (a) => {
    const [x1, x2] = a.promoted(pair);
    checkDivisor(a, x2!);
    return isFloat(x1!) ? div(x1!, x2!) : computed([x1!, x2!], floorDivide);
  }),
  TruncateMod: operation('x1 x2', (a) => {
    const [x1, x2] = a.promoted(pair);
    checkDivisor(a, x2!);
    return computed([x1!, x2!], (x, y) => {
      const size = (value: Value) => where(less(value, 0), neg(value), value);
      const rest = mod(size(x), size(y));
      return where(less(x, 0), neg(rest), rest);
    });
  }),
  ToFloat: conversion('float32'),
  ToInt32: conversion('int32'),
  ToInt64: conversion('int64'),
};
