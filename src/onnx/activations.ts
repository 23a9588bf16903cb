import type { ConfigValue } from '../keras/model.js';
import type { LayerCall } from './context.js';
import type { Value } from './graph.js';
import {
  abs,
  add,
  clip,
  div,
  elu,
  erf,
  exp,
  greater,
  hardSigmoid,
  leakyRelu,
  less,
  lessOrEqual,
  log,
  logSoftmax,
  max,
  mul,
  relu,
  selu,
  sigmoid,
  sign,
  softmax,
  softplus,
  softsign,
  sqrt,
  square,
  sub,
  tanh,
  toFloat,
  where,
} from './operators/index.js';

type Activation = (x: Value) => Value;

/** `x · Φ(x)`, with the error function or Keras's tanh approximation of it. */
export function gelu(x: Value, approximate: boolean): Value {
  if (!approximate) return mul(mul(x, 0.5), add(erf(div(x, Math.SQRT2)), 1));
  const inner = mul(add(x, mul(mul(square(x), x), 0.044715)), Math.sqrt(2 / Math.PI));
  return mul(mul(x, 0.5), add(tanh(inner), 1));
}

/** `x + sqrt(x² + b)) / 2`. */
export const squareplus = (x: Value, b = 4): Value => mul(add(x, sqrt(add(square(x), b))), 0.5);

export const silu: Activation = (x) => mul(x, sigmoid(x));

/** `max(0, min(1, x/6 + 1/2))`, Keras 3's. Keras 2's slope is 1/5. */
const relu6: Activation = (x) => clip(x, 0, 6);
const hardSwish: Activation = (x) => mul(x, hardSigmoid(x, { alpha: 1 / 6, beta: 0.5 }));
export const tanhShrink: Activation = (x) => sub(x, tanh(x));
export const sparsePlus: Activation = (x) =>
  where(lessOrEqual(x, -1), 0, where(less(x, 1), mul(square(add(x, 1)), 0.25), x));
export const hardShrink = (x: Value, threshold = 0.5): Value => where(greater(abs(x), threshold), x, 0);
export const softShrink = (x: Value, threshold = 0.5): Value => mul(sign(x), max(sub(abs(x), threshold), 0));
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
  threshold: (x) => where(greater(x, 0), x, 0),
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

/** The activation that `key` of the layer's config names. Refuses custom ones. */
export function activation(call: LayerCall, key = 'activation', fallback = 'linear'): Activation {
  const value = call.config.raw(key);
  const name = activationName(call, key, fallback);
  const found = name !== undefined && Object.hasOwn(activations, name) ? activations[name] : undefined;
  if (found) return (x) => (name === 'linear' ? x : found(toFloat(x)));
  return call.unsupported(`its ${key} is ${JSON.stringify(name ?? value).slice(0, 60)}, which is not one of Keras's`);
}
