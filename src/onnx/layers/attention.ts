import type { LayerCall, LayerHandler, LayerTable } from '../context.js';
import type { Value } from '../graph.js';
import { asMasks } from '../layer-arguments.js';
import {
  add,
  matmul,
  mul,
  reduceSum,
  sizeOf,
  softmax,
  sub,
  swapLastAxes,
  tanh,
  toFloat,
  unsqueeze,
  where,
} from '../operators/index.js';
import { allMasks, causalMask } from './attention-masks.js';
import { multiHeadAttention } from './multi-head-attention.js';

/** (…, queries, dim) and (…, keys, dim) to (…, queries, keys). */
type Scores = (query: Value, key: Value, call: LayerCall) => Value;

/** The sum of each query and each key: (…, queries, keys, dim). */
const sums = (query: Value, key: Value): Value => add(unsqueeze(query, [-2]), unsqueeze(key, [-3]));

const dotProducts: Scores = (query, key, call) => {
  const scale = call.optionalWeight('scale');
  if (call.config.choice('score_mode', ['dot', 'concat'], 'dot') === 'concat') {
    const joined = sums(query, key);
    return mul(reduceSum(tanh(scale ? mul(joined, scale) : joined), [-1]), call.weight('concat_score_weight'));
  }
  const scores = matmul(query, swapLastAxes(key));
  return scale ? mul(scores, scale) : scores;
};

const additive: Scores = (query, key, call) => {
  const scale = call.optionalWeight('scale');
  const joined = tanh(sums(query, key));
  return reduceSum(scale ? mul(joined, scale) : joined, [-1]);
};

/** What is taken from the scores of masked keys, as Keras does: a query all of whose keys are masked sees them all alike. */
const penalty = 1e9;

/**
 * Attention over a list of query, value and (else the value) key. The masks are a list too, or the tensors' own: masked values
 * are not attended to, and masked queries get zeros.
 */
const attention =
  (scoresOf: Scores): LayerHandler =>
  (inputs, call) => {
    const [query, value, key = value] = inputs.map(toFloat);
    if (!query || !value || !key) return call.unsupported('it is not called with a query and a value');
    const given = asMasks(call.argument('mask'));
    const [queryMask, valueMask] = given ?? inputs.map(({ mask }) => mask);
    const causal = call.flag('use_causal_mask') || call.config.boolean('causal', false);
    const mask = allMasks([
      valueMask?.rank === 2 ? unsqueeze(valueMask, [1]) : valueMask,
      causal ? causalMask(call.graph, sizeOf(query, -2), sizeOf(key, -2)) : undefined,
    ]);
    const scores = scoresOf(query, key, call);
    const weights = softmax(mask ? where(mask, scores, sub(scores, penalty)) : scores, -1);
    const attended = matmul(weights, value);
    const rows = allMasks([queryMask]);
    const output = rows ? where(unsqueeze(rows, [-1]), attended, 0) : attended;
    output.mask = call.previousMasks[0];
    return call.flag('return_attention_scores') ? [output, weights] : output;
  };

/** https://keras.io/api/layers/attention_layers/ */
export const attentionLayers: LayerTable = {
  Attention: attention(dotProducts),
  AdditiveAttention: attention(additive),
  MultiHeadAttention: multiHeadAttention,
  GroupQueryAttention: multiHeadAttention,
  GroupedQueryAttention: multiHeadAttention,
};
