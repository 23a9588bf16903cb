import type { ConfigValue, Layer } from '../keras/model.js';
import type { LayerCall } from './context.js';
import type { Value } from './graph.js';
import {
  abs,
  add,
  clip,
  cumulativeSum,
  div,
  elu,
  exp,
  greater,
  halves,
  hardSigmoid,
  leakyRelu,
  less,
  lessOrEqual,
  log,
  logSoftmax,
  mul,
  node,
  normalizeAxis,
  range,
  reduceSum,
  relu,
  selu,
  sigmoid,
  sizeOf,
  softmax,
  softplus,
  softsign,
  sqrt,
  square,
  sub,
  tanh,
  toFloat,
  topK,
  where,
} from './operators/index.js';
import { refusedActivations } from './refusals.js';

type Activation = (x: Value) => Value;

/** `x · Φ(x)`, with the error function or a tanh approximation of it. */
export const gelu = (x: Value, approximate: boolean): Value =>
  node('Gelu', [x], { approximate: approximate ? 'tanh' : 'none' }, x.type, x.shape);

/** `(x + sqrt(x² + b)) / 2`. */
export const squareplus = (x: Value, b = 4): Value => mul(add(x, sqrt(add(square(x), b))), 0.5);

export const silu: Activation = (x) => mul(x, sigmoid(x));

/** `max(0, min(1, x/6 + 1/2))`, Keras 3's. Keras 2's slope is 1/5. */
const relu6: Activation = (x) => clip(x, 0, 6);
const hardSwish: Activation = (x) => mul(x, hardSigmoid(x, { alpha: 1 / 6, beta: 0.5 }));
export const tanhShrink: Activation = (x) => sub(x, tanh(x));
export const sparsePlus: Activation = (x) =>
  where(lessOrEqual(x, -1), 0, where(less(x, 1), mul(square(add(x, 1)), 0.25), x));
export const hardShrink = (x: Value, threshold = 0.5): Value => where(greater(abs(x), threshold), x, 0);
export const softShrink = (x: Value, threshold = 0.5): Value =>
  where(greater(x, threshold), sub(x, threshold), where(less(x, -threshold), add(x, threshold), 0));
/** The first half of an axis times the sigmoid of the second. @throws ShapeError when the axis can't be halved */
export function glu(x: Value, axis = -1): Value {
  const at = normalizeAxis(axis, x.rank);
  const [left, right] = halves(x, at);
  return mul(left!, sigmoid(right!));
}

/**
 * Keras's sparsemax along the last axis. It subtracts the sum of *all* running sums within the support, where the paper takes
 * the last of them: that is what a Keras model was trained with.
 */
export function sparsemax(x: Value): Value {
  const size = sizeOf(x, -1);
  const [sorted] = topK(x, size);
  const sums = cumulativeSum(sorted, -1);
  const ranks = add(toFloat(range(x.graph, size)), 1);
  const support = greater(sub(sorted, div(sub(sums, 1), ranks)), 0);
  const supported = reduceSum(where(support, sums, 0), [-1], true);
  return relu(sub(x, div(sub(supported, 1), reduceSum(toFloat(support), [-1], true))));
}

/** `softplus(x)` written so that large inputs don't overflow. */
const stableSoftplus: Activation = (x) => add(relu(x), log(add(exp(mul(abs(x), -1)), 1)));

/**
 * Activations by Keras's name for them (`keras.activations`). Every one keeps shape and type.
 */
export const activations: Record<string, Activation> = {
  linear: (x) => x,
  relu,
  relu6,
  leaky_relu: (x) => leakyRelu(x, { alpha: 0.2 }),
  sigmoid,
  log_sigmoid: (x) => mul(stableSoftplus(mul(x, -1)), -1),
  tanh,
  softmax: (x) => softmax(x, -1),
  log_softmax: (x) => logSoftmax(x, -1),
  softplus,
  softsign,
  selu: (x) => selu(x),
  elu: (x) => elu(x),
  celu: (x) => elu(x),
  silu,
  swish: silu,
  gelu: (x) => gelu(x, false),
  exponential: exp,
  hard_sigmoid: (x) => hardSigmoid(x, { alpha: 1 / 6, beta: 0.5 }),
  /** Keras 1 and 2's `hard_sigmoid`, which the reader renames. */
  hard_sigmoid_keras2: (x) => hardSigmoid(x, { alpha: 0.2, beta: 0.5 }),
  hard_silu: hardSwish,
  hard_swish: hardSwish,
  hard_tanh: (x) => clip(x, -1, 1),
  hard_shrink: (x) => hardShrink(x),
  soft_shrink: (x) => softShrink(x),
  tanh_shrink: tanhShrink,
  sparse_plus: sparsePlus,
  squareplus: (x) => squareplus(x),
  mish: (x) => mul(x, tanh(softplus(x))),
  glu: (x) => glu(x),
  sparsemax,
  sparse_sigmoid: (x) => hardSigmoid(x, { alpha: 0.5, beta: 0.5 }),
};

/** The name in an `activation` setting: a string, or a serialized function object. */
function nameOf(value: ConfigValue | undefined): string | undefined {
  if (value === undefined || value === null) return 'linear';
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || Array.isArray(value)) return undefined;
  const name = value.class_name === 'function' ? value.config : (value.class_name ?? value.config);
  return typeof name === 'string' ? name : undefined;
}

/** The name of the activation that `key` of the layer's config names; undefined when it is no name. */
export function activationName({ config }: LayerCall, key = 'activation', fallback = 'linear'): string | undefined {
  const value = config.raw(key);
  return value === undefined ? fallback : nameOf(value);
}

/** Layers that are often given where an activation is asked for: `Dense(4, activation=LeakyReLU(0.1))`. */
const activationLayers = new Set(['ELU', 'LeakyReLU', 'PReLU', 'ReLU', 'Softmax', 'ThresholdedReLU']);

/** The layer that an `activation` setting holds instead of a name. */
function activationLayer(value: ConfigValue | undefined): Layer | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { class_name: className, config } = value;
  if (typeof className !== 'string' || !activationLayers.has(className)) return undefined;
  const settings = typeof config === 'object' && config !== null && !Array.isArray(config) ? config : {};
  return { name: 'activation', className, module: '', config: settings, weights: new Map(), layers: {} };
}

/** The activation that `key` of the layer's config names. Refuses custom ones. */
export function activation(call: LayerCall, key = 'activation', fallback = 'linear'): Activation {
  const value = call.config.raw(key);
  const layer = call.layer.layers[key] ?? activationLayer(value);
  if (layer) return (x) => call.call(layer, [x])[0]!;
  const name = activationName(call, key, fallback);
  const found = name !== undefined && Object.hasOwn(activations, name) ? activations[name] : undefined;
  if (found) return (x) => (name === 'linear' ? x : found(toFloat(x)));
  if (name !== undefined && Object.hasOwn(refusedActivations, name))
    return call.unsupported(`its ${key} is ${name}: ${refusedActivations[name]}`);
  const shown = (JSON.stringify(name ?? value) ?? 'nothing').slice(0, 60);
  return call.unsupported(`its ${key} is ${shown}, which is not one of Keras's`);
}
