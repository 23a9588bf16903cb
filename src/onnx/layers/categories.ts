import type { LayerCall, LayerHandler, LayerTable } from '../context.js';
import type { Value } from '../graph.js';
import {
  bitwiseXor,
  cast,
  constant,
  less,
  mod,
  mul,
  not,
  reduceSum,
  shiftRight,
  toFloat,
  unsqueeze,
} from '../operators/index.js';
import { computed, isString } from '../string-graph.js';
import { encode, encodingOf, inOwnType } from './encoding.js';

const categoryEncoding: LayerHandler = ([x], call) => {
  const mode = encodingOf(call, 'multi_hot');
  const depth = call.config.integer('num_tokens', undefined, 1);
  return inOwnType(encode(x!, call, mode, depth, call.tensor('count_weights')), call);
};

/** The number of boundaries that a value is not below. */
const discretization: LayerHandler = ([x], call) => {
  const { shape, values } = call.config.array('bin_boundaries');
  const boundaries = constant(call.graph, 'float32', [values.length], values);
  if (shape.length > 1) return call.unsupported('its bin_boundaries are not a list');
  const passed = not(less(unsqueeze(toFloat(x!), [-1]), boundaries));
  const bins = reduceSum(cast(passed, 'int32'), [-1]);
  const mode = encodingOf(call, 'int');
  return mode === 'int'
    ? cast(bins, call.kerasVersion >= 3 ? 'int32' : 'int64')
    : encode(bins, call, mode, values.length + 1);
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

function crossIntegers(inputs: readonly Value[], call: LayerCall, bins: number): Value {
  const key = call.graph.constant('int64', [], BigInt64Array.of(crossingKey));
  const hash = inputs.map((x) => cast(x, 'int64')).reduce(combineHashes, key);
  return cast(mod(cast(hash, 'uint64'), bins), 'int64');
}

function crossStrings(inputs: readonly Value[], { strings, unsupported }: LayerCall, bins: number): Value {
  if (inputs.some(({ type }) => !/int|string/.test(type)))
    return unsupported('it crosses what is neither whole nor a string');
  const from = inputs.map((input) => strings.nameOf(input) ?? unsupported(computed));
  return strings.numbers({ op: 'cross', from, bins }, inputs[0]!.shape);
}

/** https://keras.io/api/layers/preprocessing_layers/categorical/hashed_crossing/ */
const hashedCrossing: LayerHandler = (inputs, call) => {
  const bins = call.config.integer('num_bins', undefined, 1);
  const crossed = inputs.some(isString) ? crossStrings(inputs, call, bins) : crossIntegers(inputs, call, bins);
  const encoded = encodingOf(call, 'int') === 'int' ? crossed : encode(crossed, call, 'one_hot', bins);
  return inOwnType(encoded, call);
};

/** https://keras.io/api/layers/preprocessing_layers/categorical/ */
export const categoryLayers: LayerTable = {
  CategoryEncoding: categoryEncoding,
  Discretization: discretization,
  HashedCrossing: hashedCrossing,
};
