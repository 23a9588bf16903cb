import { activation } from '../activations.js';
import type { LayerCall, LayerHandler, LayerTable } from '../context.js';
import { ShapeError, showShape, type Value } from '../graph.js';
import {
  add,
  any,
  cast,
  div,
  einsum,
  equal,
  gather,
  matmul,
  mul,
  not,
  squeeze,
  tanh,
  toFloat,
  transpose,
  where,
} from '../operators/index.js';
import { floats } from '../weights.js';
import { quantizedBias, quantizedDense } from './quantized.js';
import { quantizedEinsumDense } from './quantized-einsum.js';
import { quantizedRows, quantizedScores } from './quantized-embedding.js';

/** A variable of floats. */
function floatWeight(call: LayerCall, name: string): Value {
  const weight = call.weight(name);
  if (weight.type === 'float32') return weight;
  throw new ShapeError(`its ${name} should be floats, not ${weight.type}`);
}

/** Adds the bias, where there is one, and applies the activation. */
function finish(x: Value, call: LayerCall): Value {
  const bias = quantizedBias(call);
  return activation(call)(bias ? add(x, bias) : x);
}

const dense: LayerHandler = ([x], call) =>
  finish(quantizedDense(x!, call) ?? matmul(toFloat(x!), floatWeight(call, 'kernel')), call);

const einsumDense: LayerHandler = ([x], call) =>
  finish(
    quantizedEinsumDense(x!, call) ??
      einsum(call.config.string('equation'), [toFloat(x!), floatWeight(call, 'kernel')]),
    call,
  );

/**
 * Keras's TernaryDense keeps its kernel of floats and makes -1, 0 and 1 of it at each call: 0 of what is no larger than the threshold, which
 * is half of the mean size where the config has none. Then the result is multiplied by that mean.
 */
function ternaryDense([x]: readonly Value[], call: LayerCall): Value {
  const quantized = quantizedDense(x!, call);
  if (quantized) return finish(quantized, call);
  const weight = call.rawWeight('kernel');
  if (!weight.dtype.includes('float')) throw new ShapeError(`its kernel should be floats, not ${weight.dtype}`);
  const given = call.config.optionalNumber('threshold');
  const kernel = floats(weight);
  const mean = Math.fround(kernel.reduce((sum, value) => sum + Math.abs(value), 0) / kernel.length);
  const threshold = Math.fround(given ?? 0.5 * mean);
  const product = matmul(
    toFloat(x!),
    call.once('kernel:ternary', () => {
      // Keras adds what is missing to the kernel, which rounds.
      const ternary = kernel.map((value) => {
        const sign = Math.sign(value) * Number(Math.abs(value) > threshold);
        return value + Math.fround(sign - value);
      });
      return call.graph.constant('float32', weight.shape, ternary, 'kernel');
    }),
  );
  return finish(given === undefined ? mul(product, mean) : product, call);
}

/** Rows of a layer's table by index. */
function rowsOf(indices: Value, call: LayerCall): Value {
  const table = floatWeight(call, 'embeddings');
  if (table.rank !== 2) throw new ShapeError(`its table has the shape ${showShape(table.shape)}`);
  return gather(table, indices, 0);
}

/** `mask_zero` hides the steps whose index is 0. */
const embedding: LayerHandler = ([x], call) => {
  const indices = x!.type === 'int64' ? x! : cast(x!, 'int32');
  const rows = quantizedRows(indices, call) ?? rowsOf(indices, call);
  if (call.config.boolean('mask_zero', false)) rows.mask = not(equal(indices, 0));
  return rows;
};

/** A score for every row of a layer's table. */
function scoresOf(x: Value, call: LayerCall): Value {
  const table = call.config.boolean('tie_weights', true)
    ? transpose(floatWeight(call, 'embeddings'), [1, 0])
    : floatWeight(call, 'reverse_embeddings');
  return matmul(toFloat(x), table);
}

/** Called with `reverse=True` it gives a score to every row of its table. */
const reversibleEmbedding: LayerHandler = (inputs, call) => {
  if (!call.flag('reverse')) return embedding(inputs, call);
  const scores = quantizedScores(inputs[0]!, call) ?? scoresOf(inputs[0]!, call);
  const cap = call.config.optionalNumber('logit_soft_cap');
  return cap === undefined ? scores : mul(tanh(div(scores, cap)), cap);
};

/** Steps of nothing but `mask_value` become 0, and are hidden from the layers that follow. */
const masking: LayerHandler = ([x], { config }) => {
  const kept = any(not(equal(toFloat(x!), config.number('mask_value', 0))), [-1], true);
  const masked = where(kept, x!, 0);
  masked.mask = squeeze(kept, [-1]);
  return masked;
};

/** The identity: layers that do nothing when a model predicts. */
export const identity: LayerHandler = ([x]) => x!;

/** https://keras.io/api/layers/core_layers/ */
export const coreLayers: LayerTable = {
  Dense: dense,
  EinsumDense: einsumDense,
  TernaryDense: ternaryDense,
  Embedding: embedding,
  ReversibleEmbedding: reversibleEmbedding,
  Masking: masking,
  InputLayer: identity,
  Identity: identity,
  TFDIdentity: identity,
  Activation: ([x], call) => activation(call)(x!),
};
