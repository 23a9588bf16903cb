import {
  activations,
  gelu as exactGelu,
  glu,
  hardShrink,
  silu,
  softShrink,
  sparsemax,
  squareplus,
} from '../../activations.js';
import type { Value } from '../../graph.js';
import {
  add,
  clip,
  div,
  einsum,
  elu,
  exp,
  gather,
  greater,
  isFloat,
  leakyRelu,
  log,
  logSoftmax,
  max,
  min,
  mul,
  neg,
  range,
  reciprocal,
  reduceMean,
  reduceSum,
  relu,
  reshape,
  type Size,
  sizeOf,
  sizesOf,
  softmax,
  softplus,
  sqrt,
  square,
  sub,
  toFloat,
  where,
} from '../../operators/index.js';
import { causalMask } from '../attention-masks.js';
import type { Arguments } from './arguments.js';
import { computed } from './dtypes.js';
import { oneHot } from './gathering.js';
import { type OperationTable, operation } from './operation.js';
import { variance } from './reduction.js';
import { flatten, swapAxes } from './shape.js';

/** An activation without settings, by its name in `keras.activations`. */
const named = (name: string) => operation('x', (a) => activations[name]!(toFloat(a.tensor('x'))));

/** An activation along one axis, over all elements when there is none. */
const alongAxis = (activate: (x: Value, axis: number) => Value) =>
  operation('x axis', (a) => {
    const x = toFloat(a.tensor('x'));
    const axis = a.optionalAxis('axis', x.rank, -1);
    return axis === undefined ? reshape(activate(flatten(x), 0), sizesOf(x)) : activate(x, axis);
  });

/** The largest magnitude that float32 holds, less enough that a sum stays finite: what Keras puts where a mask hides. */
const hidden = -0.7 * 3.38953e38;

/** Queries (batch, steps, heads, size) over keys and values, whose heads may be fewer. */
function attention(a: Arguments): Value {
  const [query, key, value] = ['query', 'key', 'value'].map((name) => toFloat(a.tensor(name)));
  const heads = sizeOf(query!, 2);
  const scale = a.has('scale') ? toFloat(a.tensor('scale')) : reciprocal(sqrt(keySize(a, key!)));
  const logits = mul(einsum('btnh,bsnh->bnts', [query!, perHead(a, key!, heads)]), scale);
  const bias = a.optionalTensor('bias');
  const biased = bias ? add(logits, toFloat(bias)) : logits;
  const mask = a.optionalTensor('mask');
  const shown = mask ? where(mask, biased, hidden) : biased;
  const causal = a.boolean('is_causal') ? causalMask(a.graph, sizeOf(query!, 1), sizeOf(key!, 1)) : undefined;
  const weights = softmax(causal ? where(causal, shown, hidden) : shown, 3);
  return einsum('bnts,bsnh->btnh', [weights, perHead(a, value!, heads)]);
}

function keySize(a: Arguments, key: Value): Value {
  const size = sizeOf(key, -1);
  return typeof size === 'number' ? a.constant('float32', size) : toFloat(size);
}

/** Keys or values of fewer heads, each repeated for the query's heads that share it. */
function perHead(a: Arguments, x: Value, heads: Size): Value {
  const own = sizeOf(x, 2);
  if (own === heads) return x;
  if (typeof own === 'number' && typeof heads === 'number' && heads % own !== 0)
    return a.unsupported(`${heads} heads can't share ${own}`);
  return gather(x, div(mul(range(a.graph, heads), own), heads), 2);
}

function batchNormalization(a: Arguments): Value {
  const x = toFloat(a.tensor('x'));
  const axis = a.axis('axis', x.rank, -1);
  const along = (value: Value) =>
    value.rank === 1
      ? reshape(
          value,
          x.shape.map((_, index) => (index === axis ? -1 : 1)),
        )
      : value;
  const parameter = (name: string) => along(toFloat(a.tensor(name)));
  const deviation = sqrt(add(parameter('variance'), a.number('epsilon', 1e-3)));
  const normalized = div(sub(x, parameter('mean')), deviation);
  const scale = a.has('scale') ? parameter('scale') : undefined;
  const offset = a.has('offset') ? parameter('offset') : undefined;
  const scaled = scale ? mul(normalized, scale) : normalized;
  return offset ? add(scaled, offset) : scaled;
}

/** Parameters of the normalised axes, which broadcast against the whole tensor. */
function alongAxes(x: Value, axes: readonly number[], parameter: Value | undefined): Value | undefined {
  if (!parameter || parameter.rank === x.rank || axes.join() === `${x.rank - 1}`) return parameter;
  return reshape(
    parameter,
    x.shape.map((_, axis) => (axes.includes(axis) ? sizeOf(x, axis) : 1)),
  );
}

function layerNormalization(a: Arguments): Value {
  const x = toFloat(a.tensor('x'));
  const axes = (a.axes('axis', x.rank) ?? [x.rank - 1]).sort((first, second) => first - second);
  const parameter = (name: string) => alongAxes(x, axes, a.has(name) ? toFloat(a.tensor(name)) : undefined);
  const inverse = reciprocal(sqrt(add(variance(x, axes, true), a.number('epsilon', 1e-7))));
  const [gamma, beta] = [parameter('gamma'), parameter('beta')];
  const centred = a.boolean('rms_scaling') ? x : sub(x, reduceMean(x, axes, true));
  const normalized = mul(centred, inverse);
  const scaled = gamma ? mul(normalized, gamma) : normalized;
  return beta ? add(scaled, beta) : scaled;
}

function rmsNormalization(a: Arguments): Value {
  const x = toFloat(a.tensor('x'));
  const axes = (a.axes('axis', x.rank) ?? [x.rank - 1]).sort((first, second) => first - second);
  const scale = alongAxes(x, axes, a.has('scale') ? toFloat(a.tensor('scale')) : undefined);
  const mean = reduceMean(square(x), axes, true);
  const normalized = mul(x, reciprocal(sqrt(add(mean, a.number('epsilon', 1e-7)))));
  return scale ? mul(normalized, scale) : normalized;
}

/** Keras's epsilon, which keeps logarithms finite. */
const epsilon = 1e-7;

function binaryCrossentropy(a: Arguments): Value {
  const [target, output] = [toFloat(a.tensor('target')), toFloat(a.tensor('output'))];
  if (a.boolean('from_logits')) return sub(softplus(output), mul(output, target));
  const likely = clip(output, epsilon, 1 - epsilon);
  const one = a.constant('float32', 1);
  return neg(add(mul(target, log(likely)), mul(sub(one, target), log(sub(one, likely)))));
}

/** Logarithms of probabilities along an axis. */
function logProbabilities(a: Arguments, output: Value, axis: number): Value {
  if (a.boolean('from_logits')) return logSoftmax(output, axis);
  return log(clip(output, epsilon, 1 - epsilon));
}

function categoricalCrossentropy(a: Arguments): Value {
  const [target, output] = [toFloat(a.tensor('target')), toFloat(a.tensor('output'))];
  const axis = a.axis('axis', output.rank, -1);
  const whole = a.boolean('from_logits') ? output : div(output, reduceSum(output, [axis], true));
  return neg(reduceSum(mul(target, logProbabilities(a, whole, axis)), [axis]));
}

function sparseCategoricalCrossentropy(a: Arguments): Value {
  const [target, output] = [a.tensor('target'), toFloat(a.tensor('output'))];
  if (a.axis('axis', output.rank, -1) !== output.rank - 1) return a.unsupported('its axis is not the last');
  const labels = target.rank === output.rank ? reshape(target, sizesOf(target).slice(0, -1)) : target;
  const chosen = oneHot(labels, sizeOf(output, -1), -1, 'float32');
  // Probabilities count as logits after their logarithm, as TensorFlow has it.
  const logarithms = a.boolean('from_logits') ? output : log(clip(output, epsilon, 1 - epsilon));
  return neg(reduceSum(mul(chosen, logSoftmax(logarithms, output.rank - 1)), [output.rank - 1]));
}

function psnr(a: Arguments): Value {
  const error = reduceMean(square(sub(toFloat(a.tensor('x1')), toFloat(a.tensor('x2')))), undefined);
  const peak = 20 * Math.log10(a.number('max_val'));
  return sub(a.constant('float32', peak), mul(log(error), 10 * Math.LOG10E));
}

/** `max(0, x) + alpha · (exp(min(0, x) / alpha) - 1)`. */
const celu = (x: Value, alpha: number): Value => add(relu(x), mul(sub(exp(div(min(x, 0), alpha)), 1), alpha));

const relu6 = operation('x', (a) => computed([a.tensor('x')], (x) => clip(x, 0, 6)));

/** Neural network functions. https://keras.io/api/ops/nn/ */
export const neuralOperations: OperationTable = {
  // ONNX Runtime has Relu for floats alone.
  Relu: operation('x', (a) => computed([a.tensor('x')], (x) => (isFloat(x) ? relu(x) : max(x, 0)))),
  Relu6: relu6,
  Sigmoid: named('sigmoid'),
  SparseSigmoid: named('sparse_sigmoid'),
  Softplus: named('softplus'),
  Softsign: named('softsign'),
  Silu: operation('x', (a) => {
    const x = toFloat(a.tensor('x'));
    return a.has('beta') ? mul(x, activations.sigmoid!(mul(x, toFloat(a.tensor('beta'))))) : silu(x);
  }),
  LogSigmoid: named('log_sigmoid'),
  Selu: named('selu'),
  HardSigmoid: named('hard_sigmoid'),
  HardSilu: named('hard_silu'),
  HardTanh: named('hard_tanh'),
  TanhShrink: named('tanh_shrink'),
  SparsePlus: named('sparse_plus'),
  SoftShrink: operation('x', (a) => softShrink(toFloat(a.tensor('x')), a.number('threshold', 0.5))),
  HardShrink: operation('x', (a) => hardShrink(toFloat(a.tensor('x')), a.number('threshold', 0.5))),
  Squareplus: operation('x', (a) => squareplus(toFloat(a.tensor('x')), a.number('b', 4))),
  LeakyRelu: operation('x', (a) => leakyRelu(toFloat(a.tensor('x')), { alpha: a.number('negative_slope', 0.2) })),
  Elu: operation('x', (a) => elu(toFloat(a.tensor('x')), { alpha: a.number('alpha', 1) })),
  Celu: operation('x', (a) => celu(toFloat(a.tensor('x')), a.number('alpha', 1))),
  Gelu: operation('x', (a) => exactGelu(toFloat(a.tensor('x')), a.boolean('approximate', true))),
  Glu: operation('x', (a) => glu(toFloat(a.tensor('x')), a.number('axis', -1))),
  Threshold: operation('x threshold default_value', (a) => {
    const x = toFloat(a.tensor('x'));
    return where(greater(x, a.number('threshold')), x, a.number('default_value'));
  }),
  Softmax: alongAxis(softmax),
  LogSoftmax: alongAxis(logSoftmax),
  Sparsemax: alongAxis((x, axis) => swapAxes(sparsemax(swapAxes(x, axis, x.rank - 1)), axis, x.rank - 1)),
  BatchNorm: operation('x mean variance offset scale', batchNormalization),
  LayerNorm: operation('x gamma beta', layerNormalization),
  RMSNorm: operation('x scale', rmsNormalization),
  DotProductAttention: operation('query key value bias mask scale is_causal', attention),
  BinaryCrossentropy: operation('target output', binaryCrossentropy),
  CategoricalCrossentropy: operation('target output', categoricalCrossentropy),
  SparseCategoricalCrossentropy: operation('target output', sparseCategoricalCrossentropy),
  PSNR: operation('x1 x2', psnr),
};
