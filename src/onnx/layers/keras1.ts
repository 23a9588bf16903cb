import { activation } from '../activations.js';
import type { LayerCall, LayerHandler, LayerTable } from '../context.js';
import { ShapeError, showShape, type Value } from '../graph.js';
import {
  add,
  div,
  greatest,
  matmul,
  max,
  mul,
  reduceMean,
  reduceSum,
  sigmoid,
  sqrt,
  square,
  sub,
  toFloat,
  unsqueeze,
} from '../operators/index.js';

/** `x · W + b`; the bias may be missing. */
function affine(x: Value, call: LayerCall, kernel: string, bias: string): Value {
  const product = matmul(x, call.weight(kernel));
  const offset = call.optionalWeight(bias);
  return offset ? add(product, offset) : product;
}

/** A gate says how much of a Dense layer's answer, and how much of the input, gets through. */
const highway: LayerHandler = ([input], call) => {
  const x = toFloat(input!);
  const gate = sigmoid(affine(x, call, 'W_carry', 'b_carry'));
  const answer = activation(call)(affine(x, call, 'W', 'b'));
  return add(mul(answer, gate), mul(sub(1, gate), x));
};

/** The greatest answer of several Dense layers. */
const maxoutDense: LayerHandler = ([input], call) => {
  const x = toFloat(input!);
  if (x.rank !== 2) throw new ShapeError(`it takes vectors, its input is ${showShape(x.shape)}`);
  // (features, batch, units): each feature has a kernel of its own.
  const products = matmul(unsqueeze(x, [0]), call.weight('W'));
  const bias = call.optionalWeight('b');
  return greatest(bias ? add(products, unsqueeze(bias, [1])) : products, [0]);
};

/** `mode=1`: the statistics are those of each sample's last axis. */
const sampleNormalization: LayerHandler = ([input], call) => {
  const x = toFloat(input!);
  const epsilon = call.config.number('epsilon', 1e-3);
  const centered = sub(x, reduceMean(x, [-1], true));
  const deviation = add(sqrt(add(reduceMean(square(centered), [-1], true), epsilon)), epsilon);
  return add(mul(div(centered, deviation), call.weight('gamma')), call.weight('beta'));
};

/** The cosine of the angle between two vectors, with an axis more than it needs. */
const cosine: LayerHandler = ([first, second], { unsupported }) => {
  if (first?.rank !== 2 || second?.rank !== 2) return unsupported('it takes two batches of vectors');
  const [x, y] = [toFloat(first), toFloat(second)];
  const sum = (a: Value, b: Value) => reduceSum(mul(a, b), [1], true);
  const lengths = max(sqrt(mul(sum(x, x), sum(y, y))), 1e-7);
  return unsqueeze(div(sum(x, y), lengths), [1]);
};

/** Layers that only Keras 1 had. */
export const keras1Layers: LayerTable = {
  Highway: highway,
  MaxoutDense: maxoutDense,
  'BatchNormalization(mode=1)': sampleNormalization,
  'BatchNormalization(mode=2)': (_, call) =>
    call.unsupported('what it answers depends on what else is in the batch; train it with mode=0'),
  'Merge(mode=cos)': cosine,
};
