import { activation } from '../activations.js';
import type { LayerHandler, LayerTable } from '../context.js';
import { add, matmul, toFloat } from '../operators/index.js';

const dense: LayerHandler = ([x], call) => {
  const product = matmul(toFloat(x!), call.weight('kernel'));
  const bias = call.optionalWeight('bias');
  return activation(call)(bias ? add(product, bias) : product);
};

/** The identity: layers that do nothing when a model predicts. */
export const identity: LayerHandler = ([x]) => x!;

/** https://keras.io/api/layers/core_layers/ */
export const coreLayers: LayerTable = {
  Dense: dense,
  InputLayer: identity,
  Identity: identity,
  Activation: ([x], call) => activation(call)(x!),
};
