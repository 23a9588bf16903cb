import { computeDType } from '../../keras/config.js';
import type { LayerCall, LayerHandler } from '../context.js';
import type { Value } from '../graph.js';
import {
  add,
  gather,
  int64s,
  joinLast,
  matmul,
  mul,
  normalizeAxis,
  reshape,
  sigmoid,
  sizeOf,
  sizeProduct,
  sizesOf,
  softmax,
  splitLast,
  sub,
  swapLastAxes,
  toFloat,
  transpose,
  unsqueeze,
  where,
} from '../operators/index.js';
import { allMasks, causalMask, windowMask } from './attention-masks.js';

const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);

/**
 * The dense layer of one of the parts, which works on the last axes of `x`.
 * @param taken how many axes of the kernel are the input's
 */
function project(x: Value, call: LayerCall, part: string, taken: number): Value {
  const { shape } = call.rawWeight(`${part}/kernel`);
  const made = shape.slice(taken);
  const sizes = [product(shape.slice(0, taken)), product(made)];
  const multiplied = matmul(joinLast(x, taken), call.weight(`${part}/kernel`, undefined, sizes));
  const bias = call.hasWeight(`${part}/bias`) && call.weight(`${part}/bias`, undefined, [sizes[1]!]);
  return splitLast(bias ? add(multiplied, bias) : multiplied, made);
}

/** Where the axes are that attend to each other, and those beside them (the batch, others, and the heads). */
interface Axes {
  attention: readonly number[];
  beside: readonly number[];
}

function axesOf(call: LayerCall, rank: number): Axes {
  const inner = Array.from({ length: rank - 3 }, (_, axis) => axis + 1);
  const attention = call.config
    .integers('attention_axes', undefined, inner, Number.NEGATIVE_INFINITY)
    .map((axis) => normalizeAxis(axis, rank - 1));
  const distinct = new Set(attention.filter((axis) => inner.includes(axis)));
  if (attention.length === 0 || distinct.size < attention.length)
    return call.unsupported(
      `its attention_axes are ${attention.join(', ') || 'none'}, of a tensor of ${rank - 1} axes`,
    );
  const beside = Array.from({ length: rank - 1 }, (_, axis) => axis).filter((axis) => !attention.includes(axis));
  return { attention, beside };
}

/** Brings what attends to the end, as one axis: (…beside, attending, dim). */
function arrange(x: Value, { attention, beside }: Axes): Value {
  const moved = transpose(x, [...beside, ...attention, x.rank - 1]);
  if (attention.length === 1) return moved;
  const sizes = sizesOf(moved);
  return reshape(moved, [...sizes.slice(0, beside.length), sizeProduct(sizes.slice(beside.length, -1)), sizes.at(-1)!]);
}

/** Undoes {@link arrange} for a tensor with the axes of `like`. */
function arrangeBack(x: Value, like: Value, { attention, beside }: Axes): Value {
  const perm = [...beside, ...attention, like.rank - 1];
  const sizes = [...[...beside, ...attention].map((axis) => sizeOf(like, axis)), sizeOf(x, -1)];
  const separate = attention.length === 1 ? x : reshape(x, sizes);
  return transpose(
    separate,
    perm.map((_, axis) => perm.indexOf(axis)),
  );
}

/** The mask with axes of size 1 for those of the scores that it lacks: the heads, and others beside. */
function fitMask(mask: Value, rank: number, attending: number): Value {
  const at = mask.rank - 2 * attending;
  return unsqueeze(
    mask,
    Array.from({ length: rank - mask.rank }, (_, index) => at + index),
  );
}

/** The tensors among the arguments, by the names of Keras's parameters. */
function namedTensors(call: LayerCall): Record<string, Value | undefined> {
  const masks = call.kerasVersion >= 3 ? ['query_mask', 'value_mask', 'key_mask'] : [];
  const names = ['query', 'value', 'key', ...masks, 'attention_mask'];
  return Object.fromEntries(names.map((name) => [name, call.tensor(name)]));
}

/**
 * Which keys each query attends to: (batch or 1, queries, keys), or as `attention_mask` is. Up to Keras 2 that one alone counts
 * with all its numbers.
 */
function attentionMask(
  call: LayerCall,
  given: Record<string, Value | undefined>,
  query: Value,
  value: Value,
): Value | undefined {
  const { config, graph } = call;
  const [rows, columns] = [sizeOf(query, 1), sizeOf(value, 1)];
  const window = config.optionalNumber('sliding_window');
  // Keras 3's MultiHeadAttention takes the query's own mask, whatever it is given.
  const queryMask = isGrouped(call) ? (given.query_mask ?? query.mask) : query.mask;
  const valueMask = given.value_mask ?? value.mask;
  const keyMask = given.key_mask ?? given.key?.mask;
  const others = allMasks([
    queryMask && unsqueeze(queryMask, [-1]),
    valueMask && unsqueeze(valueMask, [-2]),
    keyMask && unsqueeze(keyMask, [-2]),
    call.flag('use_causal_mask') ? causalMask(graph, rows, columns) : undefined,
    window === undefined ? undefined : windowMask(graph, rows, columns, window),
  ]);
  return others || call.kerasVersion >= 3 ? allMasks([given.attention_mask, others]) : given.attention_mask;
}

/** The projected keys or values, each head as often as there are heads of queries for it. */
function forHeads(x: Value, heads: number): Value {
  const own = x.shape.at(-2)!;
  if (own === heads) return x;
  const served = Array.from({ length: heads }, (_, head) => Math.floor((head * own) / heads));
  return gather(x, int64s(x.graph, served), -2);
}

/** The score of a masked key. */
const masked = -1e9;

/** What Keras does with the score of a masked key. Its versions differ in what becomes of a query all of whose keys are masked. */
type Hiding =
  /** It is nothing beside the others: all keys weigh the same where all are masked. */
  | 'replaced'
  /** The same, and then nothing in any case. */
  | 'zero'
  /** Keras 2: the less the mask is, the more is taken away. */
  | 'lowered';

/**
 * The dot products of queries and keys, as a distribution over the keys.
 * @returns (…beside, queries, keys), and the same with an axis for each that attends
 */
function distribution(
  queries: Value,
  keys: Value,
  mask: Value | undefined,
  axes: Axes,
  hiding: Hiding,
): { weights: Value; scores: Value } {
  const products = matmul(arrange(queries, axes), swapLastAxes(arrange(keys, axes)));
  const attending = axes.attention.length;
  const sizes = [
    ...[...axes.beside, ...axes.attention].map((axis) => sizeOf(queries, axis)),
    ...axes.attention.map((axis) => sizeOf(keys, axis)),
  ];
  const apart = (x: Value) => (attending === 1 ? x : reshape(x, sizes));
  const together = (x: Value) => (attending === 1 ? x : reshape(x, sizesOf(products)));
  const fitted = mask && fitMask(mask, sizes.length, attending);
  if (!fitted) {
    const weights = softmax(products, -1);
    return { weights, scores: apart(weights) };
  }
  const hidden =
    hiding === 'lowered'
      ? add(apart(products), mul(sub(1, toFloat(fitted)), masked))
      : where(fitted, apart(products), masked);
  const softened = softmax(together(hidden), -1);
  if (hiding !== 'zero') return { weights: softened, scores: apart(softened) };
  const scores = where(fitted, apart(softened), 0);
  return { weights: together(scores), scores };
}

const isGrouped = ({ layer }: LayerCall) => layer.className !== 'MultiHeadAttention';

/**
 * MultiHeadAttention, and GroupQueryAttention: the same with fewer heads of keys and values, each of which serves several of the
 * queries'. Dropout acts in training only, `flash_attention` is about speed.
 */
export const multiHeadAttention: LayerHandler = (_, call) => {
  const given = namedTensors(call);
  const { query, value, key = value } = given;
  if (!query || !value || !key) return call.unsupported('it is not called with a query and a value');
  const mask = attentionMask(call, given, query, value);

  const queries = project(toFloat(query), call, 'query', 1);
  const heads = queries.shape.at(-2)!;
  const keys = forHeads(project(toFloat(key), call, 'key', 1), heads);
  const values = forHeads(project(toFloat(value), call, 'value', 1), heads);
  const axes = axesOf(call, queries.rank);
  const scaled = mul(queries, 1 / Math.sqrt(queries.shape.at(-1)!));
  const returnScores = call.flag('return_attention_scores');
  // Keras 3 has two ways to compute this.
  const stepByStep = returnScores || call.config.number('dropout', 0) > 0 || queries.rank !== 4;
  const hiding = call.kerasVersion < 3 ? 'lowered' : stepByStep ? 'zero' : 'replaced';
  const { weights, scores } = distribution(scaled, keys, mask, axes, hiding);

  const attended = arrangeBack(matmul(weights, arrange(values, axes)), queries, axes);
  const gated = call.config.boolean('use_gate', false)
    ? mul(attended, sigmoid(project(toFloat(query), call, 'gate', 1)))
    : attended;
  const output = project(gated, call, 'attention_output', 2);
  output.mask = query.mask;
  // Keras 3's MultiHeadAttention takes the masks off the tensors that it is called with: what they go to later sees none. Where it
  // computes in another dtype, it takes them off copies.
  const own = computeDType(call.layer);
  if (call.kerasVersion >= 3 && !isGrouped(call))
    for (const tensor of [query, value, key]) if ((tensor.computedIn ?? own) === own) tensor.mask = undefined;
  return returnScores ? [output, scores] : output;
};
