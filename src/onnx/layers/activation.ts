import type { LayerCall, LayerHandler, LayerTable } from '../context.js';
import type { Value } from '../graph.js';
import {
  add,
  clip,
  elu,
  exp,
  greater,
  leakyRelu,
  logSumExp,
  min,
  mul,
  normalizeAxis,
  prelu,
  relu,
  softmax,
  sub,
  toFloat,
  where,
} from '../operators/index.js';

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

/** What Keras takes for minus infinity where a mask hides. */
const hidden = -1e9;

function softmaxAlong(x: Value, { config }: LayerCall): Value {
  const axes = config.axes('axis').map((axis) => normalizeAxis(axis, x.rank));
  return axes.length === 1 ? softmax(x, axes[0]!) : exp(sub(x, logSumExp(x, axes, true)));
}

/**
 * Over one axis or several. What the mask hides is 0, and what is over one half is shown; up to Keras 2 a mask is a weight, and
 * what is hidden as a whole has equal shares.
 */
const softmaxLayer: LayerHandler = ([input], call) => {
  const x = toFloat(input!);
  const mask = call.tensor('mask') ?? input!.mask;
  if (!mask) return softmaxAlong(x, call);
  if (call.kerasVersion < 3) return softmaxAlong(add(x, mul(sub(1, toFloat(mask)), hidden)), call);
  const kept = mask.type === 'bool' ? mask : greater(toFloat(mask), 0.5);
  return where(kept, softmaxAlong(where(kept, x, hidden), call), 0);
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
