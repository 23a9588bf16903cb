import type { LayerHandler, LayerTable } from '../context.js';
import { clip, elu, leakyRelu, relu, softmax, toFloat } from '../operators/index.js';

const reluLayer: LayerHandler = ([input], { config }) => {
  const x = toFloat(input!);
  const maximum = config.optionalNumber('max_value');
  return maximum === undefined ? relu(x) : clip(x, 0, maximum);
};

/** https://keras.io/api/layers/activation_layers/ */
export const activationLayers: LayerTable = {
  ReLU: reluLayer,
  LeakyReLU: ([x], { config }) => leakyRelu(toFloat(x!), { alpha: config.number('negative_slope', 0.3) }),
  ELU: ([x], { config }) => elu(toFloat(x!), { alpha: config.number('alpha', 1) }),
  Softmax: ([x], { config }) => softmax(toFloat(x!), config.number('axis', -1)),
};
