import type { GraphBuilder, Node, Value } from '../graph.js';
import {
  type Along,
  constant,
  isAlong,
  isBatch,
  isEqual,
  isSame,
  knownCount,
  type Rows,
  type Rule,
  type Size,
} from './rows.js';
import { sizesOf } from './sizes.js';

/** An axis of a node's first input, counted from the front. */
const axisOf = ({ inputs, attributes }: Node, standard: number): number => {
  const axis = (attributes.axis as number | undefined) ?? standard;
  return axis < 0 ? axis + inputs[0]!.rank : axis;
};

/** The axes that stand in another input, counted from the front. */
const axesIn = ({ inputs }: Node, index: number, rank = inputs[0]!.rank): number[] | undefined =>
  constant(inputs[index])?.map((axis) => (axis < 0 ? axis + rank : axis));

/** An operator along other axes than that of the rows: where this is afterwards. Only the first input has rows. */
const moves =
  (place: (axis: number, node: Node) => number | undefined): Rule =>
  (node, [x, ...others]) => {
    const axis = isAlong(x) && others.every(isSame) ? place(x.axis, node) : undefined;
    return axis === undefined || axis < 0 ? 'mixed' : { axis, per: (x as Along).per };
  };

/** The same where the axis stays where it is. */
const stays = (holds: (axis: number, node: Node) => boolean): Rule =>
  moves((axis, node) => (holds(axis, node) ? axis : undefined));

/** Where an axis is when others are gone; undefined if it is one of them. */
const without = (axis: number, gone: readonly number[]): number | undefined =>
  gone.includes(axis) ? undefined : axis - gone.filter((other) => other < axis).length;

const reducedFrom = (axis: number, { attributes }: Node, axes: readonly number[]): number | undefined =>
  attributes.keepdims === 0 || axes.includes(axis) ? without(axis, axes) : axis;

/** Windows over the axes behind the first two, and other operators by sample and channel. */
const bySample = stays((axis) => axis === 0);

/** Whether a slice takes all of the axis with this index among its own; -1 where it is none of them. */
function isWhole({ inputs }: Node, index: number | undefined): boolean {
  if (index === undefined || index < 0) return index === -1;
  const [start, end, step] = [1, 2, 4].map((input) => constant(inputs[input])?.[index]);
  return start === 0 && step === 1 && end !== undefined && end >= 2 ** 31 - 1;
}

/** Whether there is but one element along an axis, or no such axis. */
const isOne = (value: Value | undefined, axis: number): boolean =>
  axis < 0 || axis >= (value?.rank ?? 0) || value!.shape[axis] === 1;

/** Rows lie along the same axis, counted from the end; what has none of them is one for all. */
const elementwise: Rule = ({ inputs, outputs }, rows) => {
  const [{ rank }] = outputs as [Value];
  const fromEnd = rows.map((one, index) => (isAlong(one) ? { ...one, axis: one.axis - inputs[index]!.rank } : one));
  const first = fromEnd.find(isAlong);
  const fits = fromEnd.every((one, index) =>
    isAlong(one)
      ? isEqual(one, first)
      : isSame(one) && first && isOne(inputs[index], first.axis + (inputs[index]?.rank ?? 0)),
  );
  return first && fits ? { ...first, axis: first.axis + rank } : 'mixed';
};

/** Elements stay in their order: those of a row stay together. The axes before that of the rows have to stay as they are. */
const reshape: Rule = ({ inputs: [x, target], outputs: [output], attributes }, [rows, sizes]) => {
  if (!isAlong(rows)) return 'mixed';
  const { axis, per } = rows;
  const wanted = sizesOf(target, sizes);
  const copies = (index: number) => wanted?.[index] === 0 && !attributes.allowzero;
  const before = x!.shape.slice(0, axis);
  if (!wanted || !before.every((size, index) => copies(index) || (size !== null && size === output!.shape[index])))
    return 'mixed';
  if (copies(axis)) return rows;
  const size = wanted[axis];
  if (isBatch(size)) return { axis, per: size.batches };
  const [from, to] = [x!.shape.slice(axis + 1), output!.shape.slice(axis + 1)];
  if (axis >= output!.rank || to.includes(null)) return 'mixed';
  const [inside, outside] = [knownCount(from), knownCount(to)];
  if (from.includes(null) || Number.isNaN(per)) return inside % outside === 0 ? { axis, per: Number.NaN } : 'mixed';
  return Number.isInteger((per * inside) / outside) ? { axis, per: (per * inside) / outside } : 'mixed';
};

/** Where a shape has the batch. */
const batchesIn = (sizes: readonly Size[]): Along[] =>
  sizes.flatMap((size, axis) => (isBatch(size) ? [{ axis, per: size.batches }] : []));

/** Copies along axes: of what has rows along others than theirs, or of what has none for every row. */
const expand: Rule = ({ inputs: [x, target], outputs: [output] }, [rows, given]) => {
  const sizes = sizesOf(target, given);
  if (!sizes) return 'mixed';
  const before = output!.rank - x!.rank;
  const [batch, more] = batchesIn(sizes);
  if (more) return 'mixed';
  if (!isAlong(rows)) return batch && isOne(x, batch.axis - before) ? batch : 'mixed';
  const kept = { ...rows, axis: rows.axis + before };
  const size = sizes[kept.axis];
  return (batch ? isEqual(batch, kept) : size === 1 || size === x!.shape[rows.axis]) ? kept : 'mixed';
};

const tile: Rule = ({ inputs: [x, target] }, [rows, given]) => {
  const repeats = sizesOf(target, given);
  if (!repeats) return 'mixed';
  const [batch, more] = batchesIn(repeats);
  if (isAlong(rows)) return repeats[rows.axis] === 1 && !batch ? rows : 'mixed';
  return batch && !more && x!.shape[batch.axis] === 1 ? batch : 'mixed';
};

const pad: Rule = ({ inputs: [x, target] }, [rows, given]) => {
  const pads = sizesOf(target, given);
  if (!isAlong(rows) || !pads || pads.some(isBatch)) return 'mixed';
  return pads[rows.axis] === 0 && pads[rows.axis + x!.rank] === 0 ? rows : 'mixed';
};

const concat: Rule = (node, rows) => {
  const [first] = rows;
  return isAlong(first) && axisOf(node, 0) !== first.axis && rows.every((one) => isEqual(one, first)) ? first : 'mixed';
};

const gather: Rule = (node, [x, at]) => {
  const axis = axisOf(node, 0);
  const rank = node.inputs[1]!.rank;
  if (isAlong(x) && isSame(at!) && x.axis !== axis) return x.axis < axis ? x : { ...x, axis: x.axis + rank - 1 };
  return isAlong(at) && isSame(x!) ? { ...at, axis: at.axis + axis } : 'mixed';
};

const gatherElements: Rule = (node, [x, at]) =>
  isEqual(x, at) && isAlong(x) && x.axis !== axisOf(node, 0) ? x : 'mixed';

const scatterElements: Rule = (node, [x, at, updates]) =>
  isAlong(x) && isEqual(x, at) && isEqual(x, updates) && x.axis !== axisOf(node, 0) ? x : 'mixed';

const gatherND: Rule = ({ inputs, attributes }, [x, at]) => {
  const shared = (attributes.batch_dims as number | undefined) ?? 0;
  if (isAlong(x) && isEqual(x, at) && x.axis < shared) return x;
  return isAlong(at) && isSame(x!) && shared === 0 && at.axis < inputs[1]!.rank - 1 ? at : 'mixed';
};

/** The rows' axis has one letter, that stays. */
function product(terms: readonly string[], result: string, { inputs }: Node, rows: readonly Rows[]): Rows {
  const letters = rows.map((one, index) => (isAlong(one) ? terms[index]![one.axis]! : undefined));
  const letter = letters.find((one) => one !== undefined);
  const first = rows.find(isAlong);
  if (!first || !letter || !result.includes(letter)) return 'mixed';
  const fits = rows.every((one, index) => {
    const axis = terms[index]!.indexOf(letter);
    const once = terms[index]!.lastIndexOf(letter) === axis;
    if (isAlong(one)) return once && letters[index] === letter && Object.is(one.per, first.per);
    return isSame(one) && (axis < 0 || inputs[index]!.shape[axis] === 1);
  });
  return fits ? { axis: result.indexOf(letter), per: first.per } : 'mixed';
}

const einsum: Rule = (node, rows) => {
  const [left = '', right = ''] = (node.attributes.equation as string).split('->');
  return product(left.split(','), right, node, rows);
};

const matmul: Rule = (node, rows) => {
  const [a, b] = node.inputs.map((input) => input!.rank) as [number, number];
  const outer = (rank: number) => (rank > 2 ? 'ABCDEFGHIJKLMNOP'.slice(2 - rank) : '');
  const [rowsLetter, columnsLetter] = [a > 1 ? 'r' : '', b > 1 ? 'c' : ''];
  const terms = [`${outer(a)}${rowsLetter}k`, `${outer(b)}k${columnsLetter}`];
  return product(terms, `${outer(Math.max(a, b))}${rowsLetter}${columnsLetter}`, node, rows);
};

/** Zero points stand behind the two matrices. */
const matmulInteger: Rule = (node, [a, b, ...offsets], follow) =>
  offsets.every(isSame) ? matmul({ ...node, inputs: node.inputs.slice(0, 2) }, [a!, b!], follow) : 'mixed';

/** (time, batch, features); states are (1, batch, units), and so is what is given back, but all outputs (time, 1, batch, units). */
const recurrent: Rule = ({ inputs, outputs }, [x, kernel, recurrentKernel, bias, lengths, ...states]) => {
  const weights = [kernel, recurrentKernel, bias ?? 'same', lengths ?? 'same'] as Rows[];
  const given = states.filter((_, index) => inputs[index + 5]);
  if (!isAlong(x) || x.axis !== 1 || !weights.every(isSame) || !given.every((state) => isEqual(state, x)))
    return 'mixed';
  return outputs.map((_, index) => (index === 0 ? { ...x, axis: 2 } : x));
};

/** Steps along the axis behind the first. A state has to leave a step as it came into the first. */
const scan: Rule = ({ inputs, attributes }, rows, follow) => {
  const states = inputs.length - (attributes.num_scan_inputs as number);
  const axes = attributes.scan_input_axes as number[];
  const steps = rows.slice(states).map((one, index): Rows => {
    if (!isAlong(one)) return one;
    const axis = without(one.axis, [axes[index]!]);
    return axis === undefined ? 'mixed' : { ...one, axis };
  });
  const after = follow(attributes.body as GraphBuilder, [...rows.slice(0, states), ...steps]);
  if (!rows.slice(0, states).every((state, index) => isEqual(state, after[index]))) return 'mixed';
  const times = attributes.scan_output_axes as number[];
  return after.map((one, index) => {
    const time = times[index - states];
    return isAlong(one) && time !== undefined && one.axis >= time ? { ...one, axis: one.axis + 1 } : one;
  });
};

/** Both ways come to the same (see operators/either.ts). */
const either: Rule = ({ attributes }, _, follow) => {
  const [first, second] = [attributes.then_branch, attributes.else_branch].map((way) =>
    follow(way as GraphBuilder, []),
  );
  return first!.map((rows, index) => (isEqual(rows, second![index]) ? rows : 'mixed'));
};

const shape: Rule = ({ inputs: [x] }, [rows]) =>
  isAlong(rows)
    ? { sizes: x!.shape.map((size, axis) => (axis === rows.axis ? { batches: rows.per } : (size ?? undefined))) }
    : 'mixed';

const each = (opTypes: string, rule: Rule): Record<string, Rule> =>
  Object.fromEntries(opTypes.split(' ').map((opType) => [opType, rule]));

/** By operator; those that are not here mix the rows as far as is known. */
export const rules: Record<string, Rule> = {
  ...each(
    'Conv ConvTranspose MaxPool AveragePool GlobalMaxPool GlobalAveragePool BatchNormalization InstanceNormalization LRN ' +
      'DepthToSpace SpaceToDepth Col2Im',
    bySample,
  ),
  ...each(
    'Identity Cast Abs Neg Sign Exp Log Sqrt Reciprocal Floor Ceil Round Erf Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh ' +
      'Atanh Tanh Sigmoid Relu LeakyRelu Elu Selu Softplus Softsign HardSigmoid Gelu PRelu Clip Not IsNaN IsInf Add Sub Mul ' +
      'Div Pow Min Max Mod Equal Less LessOrEqual Greater GreaterOrEqual And Or Xor BitwiseAnd BitwiseOr BitwiseXor ' +
      'BitwiseNot BitShift Where LabelEncoder',
    elementwise,
  ),
  ...each(
    'ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceSumSquare ReduceL1 ReduceL2',
    moves((axis, node) => reducedFrom(axis, node, axesIn(node, 1) ?? node.inputs[0]!.shape.map((_, index) => index))),
  ),
  ...each(
    'ArgMax ArgMin',
    moves((axis, node) => reducedFrom(axis, node, [axisOf(node, 0)])),
  ),
  ...each(
    'Softmax LogSoftmax TopK',
    stays((axis, node) => axis !== axisOf(node, -1)),
  ),
  ...each('RNN LSTM GRU', recurrent),
  Split: stays((axis, node) => axis !== axisOf(node, 0)),
  LayerNormalization: stays((axis, node) => axis < axisOf(node, -1)),
  CumSum: stays((axis, node) => axesIn(node, 1)?.includes(axis) === false),
  Slice: stays((axis, node) => isWhole(node, axesIn(node, 3)?.indexOf(axis))),
  Resize: stays((axis, { inputs }) => axis === 0 && constant(inputs[2])?.[0] === 1),
  ...each(
    'Det DFT',
    stays((axis, { inputs: [x] }) => axis < x!.rank - 2),
  ),
  Transpose: moves((axis, { attributes }) => (attributes.perm as number[]).indexOf(axis)),
  Squeeze: moves((axis, node) => without(axis, axesIn(node, 1) ?? [axis])),
  Unsqueeze: moves((axis, node) =>
    axesIn(node, 1, node.outputs[0]!.rank)
      ?.sort((a, b) => a - b)
      .reduce((place, added) => (added <= place ? place + 1 : place), axis),
  ),
  Reshape: reshape,
  Expand: expand,
  Tile: tile,
  Pad: pad,
  Concat: concat,
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  ScatterElements: scatterElements,
  Einsum: einsum,
  MatMul: matmul,
  MatMulInteger: matmulInteger,
  Scan: scan,
  If: either,
  Shape: shape,
};
