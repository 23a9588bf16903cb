import type { LayerCall, LayerHandler, LayerTable } from '../context.js';
import { add, mul, toFloat } from '../operators/index.js';
import { identity } from './core.js';

/** Refuses a layer of the same name by someone else: Keras's own has these settings. */
function checkSettings({ config, unsupported }: LayerCall, ...keys: string[]): void {
  if (!keys.every((key) => config.has(key))) unsupported('it is not the one of keras.applications');
}

const customScale: LayerHandler = ([x, y], call) => {
  if (!x || !y) return call.unsupported('it takes two inputs');
  return add(toFloat(x), mul(toFloat(y), call.config.number('scale')));
};

/** Layers that only `keras.applications` has: ConvNeXt's and Inception-ResNet's. */
export const applicationLayers: LayerTable = {
  LayerScale: ([x], call) => {
    checkSettings(call, 'init_values', 'projection_dim');
    return mul(toFloat(x!), call.weight('gamma'));
  },
  StochasticDepth: (inputs, call) => {
    checkSettings(call, 'drop_path_rate');
    return identity(inputs, call);
  },
  CustomScaleLayer: customScale,
  // The name under which tf-keras registers it.
  'Custom>CustomScaleLayer': customScale,
};
