import type { Value } from '../../graph.js';
import {
  add,
  and,
  any,
  argMax,
  cast,
  concat,
  constant,
  div,
  equal,
  expand,
  fill,
  greater,
  greaterOrEqual,
  less,
  logSoftmax,
  logSumExp,
  matmul,
  max,
  mod,
  mul,
  node,
  not,
  range,
  reduceMax,
  reduceSum,
  reduceSumSquare,
  reshape,
  type Size,
  scan,
  sizeOf,
  sizesOf,
  slice,
  sub,
  swapLastAxes,
  toFloat,
  topK,
  transpose,
  unsqueeze,
  where,
} from '../../operators/index.js';

/** The logarithm of 0. */
const never = Number.NEGATIVE_INFINITY;

/** Sequences, the likeliest first: what is known of each stands along the axis behind the batch. */
interface Beams {
  /** (batch, beams, time): labels from 1 on, 0 behind the last, as float64, in which products of them are exact. */
  symbols: Value;
  /** How many labels there are, int64. */
  ends: Value;
  /** The last label, 0 where there is none, int64. */
  last: Value;
  /** The logarithm of the probability that the sequence ends with a blank. */
  blank: Value;
  /** The same of its last label. */
  label: Value;
}

const names = ['symbols', 'ends', 'last', 'blank', 'label'] as const;

/** `log(exp(x) + exp(y) + …)`, element by element. */
export const logarithmOfSum = (values: readonly Value[]): Value =>
  logSumExp(
    concat(
      values.map((value) => unsqueeze(value, [-1])),
      -1,
    ),
    [-1],
  );

/** Elements along the second axis by the indices of each sample, (batch, indices). */
function gatherBeams(x: Value, at: Value): Value {
  const indices = x.rank === 2 ? at : expand(unsqueeze(at, [-1]), [...sizesOf(at), sizeOf(x, 2)]);
  return node('GatherElements', [x, indices], { axis: 1 }, x.type, indices.shape);
}

/** Along the rows of a matrix of pairs, and along its columns. */
const across = (x: Value): Value => unsqueeze(x, [2]);
const down = (x: Value): Value => unsqueeze(x, [1]);

/** Whether the sequence of a row, (batch, row, column), is that of the column with one label more. */
function continues({ symbols, ends }: Beams, total: Value): Value {
  const positions = unsqueeze(range(symbols.graph, sizeOf(symbols, 2)), [0, 1]);
  const shorter = where(equal(positions, across(sub(ends, 1))), 0, symbols);
  const squares = (x: Value) => reduceSumSquare(x, [2]);
  const products = mul(matmul(shorter, swapLastAxes(symbols)), -2);
  const distance = add(add(across(squares(shorter)), down(squares(symbols))), products);
  const exists = greater(total, never);
  return and(and(equal(distance, 0), and(across(exists), down(exists))), across(greater(ends, 0)));
}

/**
 * Which sequences are continued, (batch, beams) of 1 and 0. TensorFlow puts continuations in their order into a list of so many, of
 * which the least likely falls out. A sequence that has fallen out when the one before its last label is continued is not.
 */
function continued(stays: Value, longer: Value, isChild: Value, last: Value, width: number): Value {
  const { graph } = stays;
  const classes = longer.shape[2]!;
  const parent = argMax(toFloat(isChild), 2);
  const indices = unsqueeze(range(graph, width), [0]);
  const isEarlier = and(any(isChild, [2]), less(parent, indices));
  const count = (x: Value, axis: number) => reduceSum(toFloat(x), [axis]);
  const [best] = topK(longer, Math.min(width, classes));
  // How many of a column's continuations are likelier than a row.
  const likelier = count(greater(unsqueeze(best, [1]), unsqueeze(stays, [2, 3])), 3);
  const before = mul(likelier, toFloat(less(down(indices), across(parent))));
  const siblings = and(
    greater(gatherBeams(longer, parent), across(stays)),
    less(unsqueeze(add(range(graph, classes), 1), [0, 1]), across(last)),
  );
  const known = add(count(greater(down(stays), across(stays)), 2), count(siblings, 2));
  const sequences = [before, across(known), across(parent), across(isEarlier), unsqueeze(indices, [-1])];
  const all = add(mul(toFloat(isEarlier), 0), 1);
  const { states } = scan({ states: [all], sequences }, ([going], [others, own, from, earlier, index]) => {
    const outnumbered = greaterOrEqual(add(own!, reduceSum(mul(others!, going!), [1], true)), width);
    const isFrom = greater(node('GatherElements', [going!, from!], { axis: 1 }, 'float32', from!.shape), 0);
    const falls = and(and(outnumbered, isFrom), and(earlier!, equal(indices, index!)));
    return { states: [where(falls, 0, going!)], outputs: [] };
  });
  return states[0]!;
}

/** The beams after one more step, of which the logarithms are given: (batch, classes and the blank). */
function next(beams: Beams, step: Value, width: number): Beams {
  const { symbols, ends, last, blank, label } = beams;
  const { graph } = step;
  const classes = step.shape[1]! - 1;
  const total = logarithmOfSum([blank, label]);
  const isChild = continues(beams, total);
  // A label after the same one needs a blank between them.
  const fromParent = where(equal(across(last), down(last)), down(blank), down(total));
  const arriving = reduceMax(where(isChild, fromParent, never), [2]);
  const again = node('GatherElements', [step, max(sub(last, 1), 0)], { axis: 1 }, 'float32', last.shape);
  const labelled = where(greater(ends, 0), add(logarithmOfSum([label, arriving]), again), never);
  const blanked = add(total, slice(step, [{ axis: 1, start: -1 }]));
  const stays = logarithmOfSum([labelled, blanked]);
  const isLast = equal(across(last), unsqueeze(add(range(graph, classes), 1), [0, 1]));
  const grown = add(down(slice(step, [{ axis: 1, end: -1 }])), where(isLast, across(blank), across(total)));
  const isKnown = greater(matmul(swapLastAxes(toFloat(isChild)), toFloat(isLast)), 0);
  const longer = where(isKnown, never, grown);
  const going = continued(stays, longer, isChild, last, width);
  const candidates = reshape(where(greater(across(going), 0), longer, never), [sizeOf(step, 0), width * classes]);
  const [values, places] = topK(concat([stays, candidates], 1), width);
  const isStay = less(places, width);
  const from = where(isStay, places, div(sub(places, width), classes));
  const added = where(isStay, 0, add(mod(max(sub(places, width), 0), classes), 1));
  const positions = unsqueeze(range(graph, sizeOf(symbols, 2)), [0, 1]);
  const end = gatherBeams(ends, from);
  const isPlace = and(equal(positions, across(end)), across(not(isStay)));
  return {
    symbols: where(isPlace, cast(across(added), 'float64'), gatherBeams(symbols, from)),
    ends: add(end, cast(not(isStay), 'int64')),
    last: where(isStay, gatherBeams(last, from), added),
    blank: where(isStay, gatherBeams(blanked, from), never),
    label: where(isStay, gatherBeams(labelled, from), values),
  };
}

/** The beam of no labels, and others that there are not yet. */
function firstBeams(logits: Value, width: number): Beams {
  const { graph } = logits;
  const sizes: Size[] = [sizeOf(logits, 0), width];
  const root = constant(graph, 'float32', [1, width], [0, ...Array<number>(width - 1).fill(never)]);
  return {
    symbols: fill(graph, 'float64', [...sizes, sizeOf(logits, 1)], 0),
    ends: fill(graph, 'int64', sizes, 0),
    last: fill(graph, 'int64', sizes, 0),
    blank: expand(root, sizes),
    label: fill(graph, 'float32', sizes, never),
  };
}

/**
 * The likeliest sequences of labels, as TensorFlow's search finds them: it keeps `width` of them at each step. Of equally likely ones
 * the first stays, where TensorFlow's heap decides.
 * @param logits (batch, time, classes), the blank being the last class
 * @param lengths int64, (batch)
 * @returns their labels, (paths, batch, time), -1 behind the last one, and the logarithms of their probabilities, (batch, paths)
 */
export function beamSearch(
  logits: Value,
  lengths: Value,
  width: number,
  paths: number,
): [labels: Value, scores: Value] {
  const steps = logSoftmax(logits, 2);
  const isStep = less(unsqueeze(range(logits.graph, sizeOf(logits, 1)), [0]), unsqueeze(lengths, [-1]));
  const first = firstBeams(logits, width);
  const { states } = scan(
    { states: names.map((name) => first[name]), sequences: [steps, unsqueeze(isStep, [-1])] },
    (carried, [step, goes]) => {
      const beams = Object.fromEntries(names.map((name, index) => [name, carried[index]!])) as unknown as Beams;
      const found = next(beams, step!, width);
      const kept = (name: keyof Beams) =>
        where(name === 'symbols' ? unsqueeze(goes!, [-1]) : goes!, found[name], beams[name]);
      return { states: names.map(kept), outputs: [] };
    },
  );
  const [symbols, , , blank, label] = states;
  const best = (x: Value) => slice(x, [{ axis: 1, end: paths }]);
  const scores = best(logarithmOfSum([blank!, label!]));
  const labels = where(greater(across(scores), never), sub(best(symbols!), 1), -1);
  return [transpose(labels, [1, 0, 2]), scores];
}
