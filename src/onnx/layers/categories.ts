import type { LayerCall, LayerHandler, LayerTable } from '../context.js';
import type { Value } from '../graph.js';
import {
  add,
  bitwiseXor,
  cast,
  constant,
  equal,
  less,
  mod,
  mul,
  node,
  not,
  pad,
  range,
  reduceMax,
  reduceSum,
  shiftRight,
  squeeze,
  toFloat,
  unsqueeze,
  where,
} from '../operators/index.js';

const encodings = ['int', 'one_hot', 'multi_hot', 'count', 'tf_idf'] as const;
type Encoding = (typeof encodings)[number];

/** The `output_mode` of a layer; Keras 2 had other names for two of them. */
function encodingOf({ config }: LayerCall, fallback: Encoding): Encoding {
  const mode = config.choice('output_mode', [...encodings, 'binary', 'tf-idf'] as const, fallback);
  if (mode === 'binary') return 'multi_hot';
  return mode === 'tf-idf' ? 'tf_idf' : mode;
}

/**
 * Categories as vectors of `depth` numbers: one for each (`one_hot`), or one for all of a sample that says which are there
 * (`multi_hot`) or how often (`count`, by `weights` where these are given). Categories out of range don't count.
 */
function encode(categories: Value, call: LayerCall, mode: Encoding, depth: number, weights?: Value): Value {
  const last = categories.rank - 1;
  const single = mode === 'one_hot' && last > 0 && categories.shape[last] === 1;
  if (mode !== 'one_hot' && last < 1)
    return call.unsupported(
      `its input is one value a datapoint, of which ${mode} would make one vector for all; give it the shape (1,), or use one_hot`,
    );
  const listed = cast(single ? squeeze(categories, [last]) : categories, 'int64');
  const hot = toFloat(equal(unsqueeze(listed, [-1]), range(call.graph, depth)));
  if (mode === 'one_hot') return hot;
  if (mode === 'multi_hot') return reduceMax(hot, [1]);
  return reduceSum(weights ? mul(hot, unsqueeze(toFloat(weights), [-1])) : hot, [1]);
}

const categoryEncoding: LayerHandler = ([x], call) => {
  const mode = encodingOf(call, 'multi_hot');
  return encode(x!, call, mode, call.config.integer('num_tokens', undefined, 1), call.tensor('count_weights'));
};

/** The number of boundaries that a value is not below. */
const discretization: LayerHandler = ([x], call) => {
  const { shape, values } = call.config.array('bin_boundaries');
  const boundaries = constant(call.graph, 'float32', [values.length], values);
  if (shape.length > 1) return call.unsupported('its bin_boundaries are not a list');
  const passed = not(less(unsqueeze(toFloat(x!), [-1]), boundaries));
  const bins = reduceSum(cast(passed, 'int32'), [-1]);
  const mode = encodingOf(call, 'int');
  return mode === 'int' ? bins : encode(bins, call, mode, values.length + 1);
};

/** TensorFlow's `FingerprintCat64`: a 64-bit hash and another number, in int64, whose products wrap. */
function combineHashes(hash: Value, other: Value): Value {
  const { graph } = other;
  const multiplier = graph.constant('int64', [], BigInt64Array.of(-4132994306676758123n));
  const mix = (x: Value) => {
    const shifted = shiftRight(cast(x, 'uint64'), 47);
    return bitwiseXor(x, cast(shifted, 'int64'));
  };
  const mixed = mul(mix(mul(other, multiplier)), multiplier);
  const joined = mul(bitwiseXor(bitwiseXor(hash, multiplier), mixed), multiplier);
  return mix(mul(mix(joined), multiplier));
}

/** The key with which `tf.sparse.cross_hashed` begins. */
const crossingKey = 0xdecafcaffen;

/** https://keras.io/api/layers/preprocessing_layers/categorical/hashed_crossing/, of integers. */
const hashedCrossing: LayerHandler = (inputs, call) => {
  const bins = call.config.integer('num_bins', undefined, 1);
  const key = call.graph.constant('int64', [], BigInt64Array.of(crossingKey));
  const hash = inputs.map((x) => cast(x, 'int64')).reduce(combineHashes, key);
  const crossed = cast(mod(cast(hash, 'uint64'), bins), 'int64');
  return encodingOf(call, 'int') === 'int' ? crossed : encode(crossed, call, 'one_hot', bins);
};

/** What a list of integers has in place of those in `keys`, or `fallback`. */
function lookUp(x: Value, keys: readonly number[], values: readonly number[], fallback: number): Value {
  const attributes = { keys_int64s: keys, values_int64s: values, default_int64: fallback };
  return node('ai.onnx.ml.LabelEncoder', [cast(x, 'int64')], attributes, 'int64', x.shape);
}

/** A category that no encoding shows. */
const hidden = -1;

/**
 * Indices of integers in a vocabulary, behind those of the mask token and of what is not in it. Keras refuses what is not in
 * the vocabulary when it has no index for that; here it is -1.
 */
const integerLookup: LayerHandler = ([x], call) => {
  const { config, unsupported } = call;
  const mode = encodingOf(call, 'int');
  const maskToken = config.has('mask_token')
    ? config.integer('mask_token', undefined, Number.NEGATIVE_INFINITY)
    : undefined;
  const unknownToken = config.integer('oov_token', -1, Number.NEGATIVE_INFINITY);
  const unknowns = config.integer('num_oov_indices', 1);
  const firstUnknown = maskToken !== undefined && mode === 'int' ? 1 : 0;
  const first = firstUnknown + unknowns;
  const given = config.integers('vocabulary', undefined, undefined, Number.NEGATIVE_INFINITY);
  const special = [
    ...Array(firstUnknown).fill(maskToken),
    ...Array(Math.min(unknowns, given.length)).fill(unknownToken),
  ];
  const tokens =
    first <= given.length && special.every((token, index) => token === given[index]) ? given.slice(first) : given;
  if (tokens.length === 0) return unsupported('its vocabulary is empty');
  const indices = tokens.map((_, index) => first + index);

  if (config.boolean('invert', false)) {
    const found = lookUp(x!, indices, tokens, unknownToken);
    return maskToken === undefined ? found : where(equal(x!, 0), maskToken, found);
  }
  if (unknowns > 1 && config.string('oov_method', 'floormod') !== 'floormod')
    return unsupported('its oov_method hashes');
  const single = lookUp(x!, tokens, indices, unknowns === 1 ? firstUnknown : hidden);
  const wide = cast(x!, 'int64');
  const spread = unknowns > 1 ? where(equal(single, hidden), add(mod(wide, unknowns), firstUnknown), single) : single;
  const found = maskToken === undefined ? spread : where(equal(wide, maskToken), mode === 'int' ? 0 : hidden, spread);
  if (mode === 'int') return found;
  const depth = config.boolean('pad_to_max_tokens', false) ? config.integer('max_tokens') : first + tokens.length;
  const encoded = encode(found, call, mode === 'tf_idf' ? 'count' : mode, depth);
  if (mode === 'tf_idf') return mul(encoded, inverseFrequencies(call, depth, given.length > tokens.length ? 0 : first));
  return call.kerasVersion >= 3 ? cast(encoded, 'int64') : encoded;
};

/**
 * The weights of `tf_idf`, one for each of `depth` categories: those that the file keeps, else those in the config. The
 * latter say nothing of the first `missing` categories, which weigh what the others do on average, nor of padding.
 */
function inverseFrequencies(call: LayerCall, depth: number, missing: number): Value {
  if (call.hasWeight('idf_weights')) return call.weight('idf_weights');
  const { values } = call.config.array('idf_weights');
  const average = values.reduce((a, b) => a + b, 0) / values.length;
  const known = [...Array<number>(Math.min(missing, depth)).fill(average), ...values].slice(0, depth);
  return pad(constant(call.graph, 'float32', [known.length], known), [[0, depth - known.length]]);
}

/** https://keras.io/api/layers/preprocessing_layers/categorical/ */
export const categoryLayers: LayerTable = {
  CategoryEncoding: categoryEncoding,
  Discretization: discretization,
  HashedCrossing: hashedCrossing,
  IntegerLookup: integerLookup,
};
