import type { LayerHandler, LayerTable } from '../context.js';
import {
  clip,
  elu,
  exp,
  greater,
  leakyRelu,
  min,
  mul,
  normalizeAxis,
  prelu,
  reduceLogSumExp,
  relu,
  softmax,
  sub,
  toFloat,
  where,
} from '../operators/index.js';
import { maskOf } from './masks.js';

/** `max(x, 0)` up to `max_value`; below `threshold` it is `negative_slope · (x - threshold)`. */
const reluLayer: LayerHandler = ([input], { config }) => {
  const x = toFloat(input!);
  const maximum = config.optionalNumber('max_value');
  const slope = config.number('negative_slope', 0);
  const threshold = config.number('threshold', 0);
  if (threshold === 0) {
    const sloped = slope === 0 ? relu(x) : leakyRelu(x, { alpha: slope });
    if (maximum === undefined) return sloped;
    return slope === 0 ? clip(x, 0, maximum) : min(sloped, maximum);
  }
  const above = where(greater(x, threshold), x, 0);
  const limited = maximum === undefined ? above : min(above, maximum);
  return slope === 0 ? limited : sub(limited, mul(relu(sub(threshold, x)), slope));
};

/** Over one axis or several; what the mask hides is 0. */
const softmaxLayer: LayerHandler = ([input], call) => {
  const x = toFloat(input!);
  const kept = maskOf(input!, call);
  const hidden = kept ? where(kept, x, -1e9) : x;
  const axes = call.config.axes('axis').map((axis) => normalizeAxis(axis, x.rank));
  const shares = axes.length === 1 ? softmax(hidden, axes[0]!) : exp(sub(hidden, reduceLogSumExp(hidden, axes, true)));
  return kept ? where(kept, shares, 0) : shares;
};

const preluLayer: LayerHandler = ([input], call) => {
  const x = toFloat(input!);
  const alpha = call.weight('alpha');
  // A number of axes that doesn't fit would otherwise be broadcast from the wrong end.
  if (alpha.rank !== x.rank - 1) return call.unsupported(`its alpha has ${alpha.rank} axes, its input ${x.rank}`);
  return prelu(x, alpha);
};

/** https://keras.io/api/layers/activation_layers/ */
export const activationLayers: LayerTable = {
  ReLU: reluLayer,
  LeakyReLU: ([x], { config }) => leakyRelu(toFloat(x!), { alpha: config.number('negative_slope', 0.3) }),
  PReLU: preluLayer,
  ELU: ([x], { config }) => elu(toFloat(x!), { alpha: config.number('alpha', 1) }),
  Softmax: softmaxLayer,
  /** Keras 2's. */
  ThresholdedReLU: ([input], { config }) => {
    const x = toFloat(input!);
    return where(greater(x, config.number('theta', 1)), x, 0);
  },
};
