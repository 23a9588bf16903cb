import { computeDType } from '../../keras/config.js';
import type { LayerCall } from '../context.js';
import type { Value } from '../graph.js';
import {
  cast,
  equal,
  mul,
  range,
  reduceMax,
  reduceSum,
  squeeze,
  toFloat,
  unsqueeze,
  where,
} from '../operators/index.js';
import { typeNamed } from './operations/dtypes.js';

const encodings = ['int', 'one_hot', 'multi_hot', 'count', 'tf_idf'] as const;
/** How categories are written. */
export type Encoding = (typeof encodings)[number];

/** The `output_mode` of a layer; Keras 2 had other names for two of them. */
export function encodingOf({ config }: LayerCall, fallback: Encoding): Encoding {
  const mode = config.choice('output_mode', [...encodings, 'binary', 'tf-idf'] as const, fallback);
  if (mode === 'binary') return 'multi_hot';
  return mode === 'tf-idf' ? 'tf_idf' : mode;
}

/**
 * Categories as vectors of `depth` numbers: one for each (`one_hot`), or one for all of a sample that says which are there
 * (`multi_hot`) or how often (`count`, by `weights` where these are given). Categories out of range don't count.
 */
export function encode(categories: Value, call: LayerCall, mode: Encoding, depth: number, weights?: Value): Value {
  const last = categories.rank - 1;
  const single = mode === 'one_hot' && last > 0 && categories.shape[last] === 1;
  if (mode !== 'one_hot' && last < 1)
    return call.unsupported(
      `its input is one value a datapoint, and ${mode} makes one vector of all datapoints, which has no batch axis; give it the shape (1,), or use one_hot`,
    );
  const listed = cast(single ? squeeze(categories, [last]) : categories, 'int64');
  const hits = equal(unsqueeze(listed, [-1]), range(call.graph, depth));
  const hot = toFloat(hits);
  if (mode === 'one_hot') return hot;
  if (mode === 'multi_hot') return reduceMax(hot, [1]);
  if (!weights) return reduceSum(hot, [1]);
  const each = unsqueeze(toFloat(weights), [-1]);
  // TensorFlow counts up to two axes, and multiplies more: only then an infinite weight goes to the other categories.
  return reduceSum(categories.rank > 2 ? mul(hot, each) : where(hits, each, 0), [1]);
}

/** The dtype that the layer was made with, which is that of its categories since Keras 3. */
export const inOwnType = (encoded: Value, call: LayerCall): Value =>
  cast(encoded, (call.kerasVersion >= 3 && typeNamed(computeDType(call.layer) ?? '')) || encoded.type);
