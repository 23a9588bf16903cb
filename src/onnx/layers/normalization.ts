import type { LayerHandler, LayerTable } from '../context.js';
import { float } from '../graph.js';
import { constant, node, normalizeAxis, toFloat, transpose } from '../operators/index.js';

/**
 * With the channel axis brought to place 1 by a Transpose on either side, which ONNX Runtime removes or folds into the
 * convolution before it.
 */
const batchNormalization: LayerHandler = ([input], call) => {
  const x = toFloat(input!);
  const [given = -1] = call.config.numbers('axis', 1, [-1]);
  const axis = normalizeAxis(given, x.rank);
  const size = call.rawWeight('moving_mean').shape;
  const filled = (value: number) => constant(call.graph, 'float32', size, Array<number>(size[0]!).fill(value));
  const parameters = [
    call.optionalWeight('gamma') ?? filled(1),
    call.optionalWeight('beta') ?? filled(0),
    call.weight('moving_mean'),
    call.weight('moving_variance'),
  ];
  const others = x.shape.map((_, index) => index).filter((index) => index !== axis && index !== 0);
  const perm = [0, axis, ...others];
  const moved = axis === 0 ? x : transpose(x, perm);
  const epsilon = float(call.config.number('epsilon', 1e-3));
  const normalized = node('BatchNormalization', [moved, ...parameters], { epsilon }, x.type, moved.shape);
  return transpose(
    normalized,
    perm.map((_, index) => perm.indexOf(index)),
  );
};

/** https://keras.io/api/layers/normalization_layers/ */
export const normalizationLayers: LayerTable = {
  BatchNormalization: batchNormalization,
};
