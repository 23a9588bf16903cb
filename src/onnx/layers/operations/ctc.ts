import type { Value } from '../../graph.js';
import {
  add,
  and,
  argMax,
  cast,
  concat,
  equal,
  gather,
  greaterOrEqual,
  int64s,
  isNan,
  less,
  logSoftmax,
  logSumExp,
  matmul,
  mul,
  neg,
  node,
  not,
  or,
  range,
  reduceMax,
  reduceSum,
  type Size,
  type SliceRange,
  scan,
  sizeOf,
  sizePlus,
  slice,
  squeeze,
  sub,
  take,
  toFloat,
  unsqueeze,
  where,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { beamSearch, logarithmOfSum } from './ctc-beams.js';
import { type OperationTable, operation } from './operation.js';
import { ordered } from './sorting.js';

/** The index of the blank; one below 0 counts from the last class. */
function blankIndex(a: Arguments, classes: Value): Size {
  const given = a.number('mask_index', 0);
  return given < 0 ? sizePlus(sizeOf(classes, 2), given) : given;
}

/**
 * The likeliest class of each step, without blanks and, where asked, without repetitions: (1, batch, time), -1 behind the last
 * one. And what the classes that were taken add up to, negative: (batch, 1).
 */
function greedy(a: Arguments): Value[] {
  const inputs = toFloat(a.tensor('inputs'));
  const lengths = cast(a.tensor('sequence_lengths'), 'int64');
  const blank = a.isNone('mask_index') ? sizePlus(sizeOf(inputs, 2), -1) : blankIndex(a, inputs);
  const steps = range(a.graph, sizeOf(inputs, 1));
  const valid = less(steps, unsqueeze(lengths, [-1]));
  // What is no number is passed over, but where it is first.
  const first = isNan(take(inputs, 0, 2));
  const numbers = where(isNan(inputs), Number.NEGATIVE_INFINITY, inputs);
  const best = where(first, 0, argMax(numbers, 2));
  const greatest = where(first, Number.NaN, reduceMax(numbers, [2]));
  const kept = and(
    valid,
    not(or(equal(best, blank), a.boolean('merge_repeated', true) ? repeated(best) : equal(best, -1))),
  );
  // Those that are kept, moved to the front in their order.
  const size = sizeOf(inputs, 1);
  const [, places] = ordered(where(kept, sub(size, steps), 0), size, 1, true);
  const labels = node('GatherElements', [best, places], { axis: 1 }, 'int64', best.shape);
  const count = reduceSum(cast(kept, 'int64'), [1], true);
  const decoded = where(less(steps, count), labels, -1);
  const score = reduceSum(where(valid, greatest, 0), [1], true);
  return [unsqueeze(cast(decoded, 'int32'), [0]), neg(score)];
}

/** Whether each step has the class of the one before. */
function repeated(best: Value): Value {
  const first = sub(mul(slice(best, [{ axis: 1, start: 0, end: 1 }]), 0), 1);
  return equal(best, concat([first, slice(best, [{ axis: 1, end: -1 }])], 1));
}

/** What Keras's logarithms have for 0 where a sequence can not end. */
const never = Math.log(1e-307);

/** Logits (batch, time, classes) with the blank as the first class, and the labels of a sequence as their indices then. */
function blankFirst(a: Arguments, logits: Value, labels: Value): [logits: Value, labels: Value] {
  const given = a.number('mask_index', 0);
  if (given === 0) return [logits, labels];
  const classes = (range: Omit<SliceRange, 'axis'>) => slice(logits, [{ axis: 2, ...range }]);
  const after = given === -1 ? [] : [classes({ start: given + 1 })];
  const blank = classes(given === -1 ? { start: given } : { start: given, end: given + 1 });
  const moved = less(labels, blankIndex(a, logits));
  return [concat([blank, classes({ end: given }), ...after], 2), where(moved, add(labels, 1), labels)];
}

/**
 * The negative logarithm of the probability that the classes' probabilities give a sequence of labels: (batch). A state for each
 * label, a first one before all of them, and beside each its blank: from the last step to the first, what the rest of the labels
 * has as its probability from there on, made to add up to 1, and the logarithm of what they did add up to.
 */
function loss(a: Arguments): Value {
  const [logits, labels] = blankFirst(a, toFloat(a.tensor('output')), cast(a.tensor('target'), 'int64'));
  if (logits.rank !== 3 || labels.rank !== 2) return a.unsupported('its output is not (batch, time, classes)');
  const [targetLength, outputLength] = ['target_length', 'output_length'].map((name) =>
    unsqueeze(cast(a.tensor(name), 'int64'), [-1]),
  );
  const logarithms = logSoftmax(logits, 2);
  const isClass = equal(unsqueeze(labels, [1]), unsqueeze(range(a.graph, sizeOf(logits, 2)), [-1]));
  // A sum, so that a class that is impossible makes NaN of all, and a label that is no class counts as certain.
  const labelSteps = matmul(logarithms, toFloat(isClass));
  const blankSteps = slice(logarithms, [{ axis: 2, end: 1 }]);
  const stepMask = toFloat(less(range(a.graph, sizeOf(logits, 1)), outputLength!));
  const states = sizePlus(sizeOf(labels, 1), 1);
  const final = mul(sub(a.constant('float32', 1), toFloat(equal(range(a.graph, states), targetLength!))), never);
  const zero = mul(slice(final, [{ axis: 1, end: 1 }]), 0);
  const impossible = add(zero, Number.NEGATIVE_INFINITY);
  // A label after the same one has to have a blank between them; after the last there is none.
  const same = equal(slice(labels, [{ axis: 1, end: -1 }]), slice(labels, [{ axis: 1, start: 1 }]));
  const direct = concat([zero, where(same, Number.NEGATIVE_INFINITY, mul(toFloat(same), 0)), impossible], 1);
  const {
    states: [found, , total],
  } = scan(
    { states: [final, final, zero], sequences: [labelSteps, blankSteps, unsqueeze(stepMask, [-1])], reverse: true },
    ([label, blank, sum], [labelStep, blankStep, mask]) => {
      const next = concat([add(slice(label!, [{ axis: 1, start: 1 }]), labelStep!), impossible], 1);
      const stays = concat([impossible, slice(next, [{ axis: 1, end: -1 }])], 1);
      const paused = add(blank!, blankStep!);
      const labels = logarithmOfSum([stays, paused, add(next, direct)]);
      const blanks = logarithmOfSum([paused, next]);
      const all = logSumExp(concat([labels, blanks], 1), [1], true);
      const kept = (x: Value) => add(mul(sub(x, all), mask!), mul(final, sub(a.constant('float32', 1), mask!)));
      return { states: [kept(labels), kept(blanks), add(sum!, mul(all, mask!))], outputs: [] };
    },
  );
  return neg(squeeze(add(slice(found!, [{ axis: 1, end: 1 }]), total!), [1]));
}

/** The most beams: they are compared with each other at each step. */
const mostBeams = 128;

/** The likeliest sequences, each label as it was given: the search has the blank last. Repetitions are merged whatever is asked for. */
function beams(a: Arguments): Value[] {
  const inputs = toFloat(a.tensor('inputs'));
  const classes = inputs.shape[2];
  if (inputs.rank !== 3 || classes == null) return a.unsupported('its classes are of unknown number');
  const width = a.count('beam_width', 100, mostBeams);
  const paths = a.count('top_paths', 1, width);
  if (width === 0 || classes < 2) return a.unsupported('it has no beams, or no classes but the blank');
  const lengths = cast(a.tensor('sequence_lengths'), 'int64');
  a.boolean('merge_repeated');
  const given = a.isNone('mask_index') ? classes - 1 : a.number('mask_index', 0);
  if (given === -1)
    return a.unsupported('its mask_index is -1, with which Keras takes each class twice; use the number of the class');
  const blank = given < 0 ? given + classes : given;
  if (!Number.isInteger(blank) || blank < 0 || blank >= classes)
    return a.unsupported(`its mask_index is ${given}, and it has ${classes} classes`);
  const order = [...Array(classes).keys()].filter((index) => index !== blank);
  const moved = gather(inputs, int64s(a.graph, [...order, blank]), 2);
  const [labels, scores] = beamSearch(moved, lengths, width, paths);
  const decoded = cast(labels, 'int32');
  return [where(greaterOrEqual(decoded, blank), add(decoded, 1), decoded), scores];
}

/** Connectionist temporal classification. https://keras.io/api/ops/nn/#ctcdecode-function */
export const ctcOperations: OperationTable = {
  CTCLoss: operation('target output target_length output_length', loss),
  CTCDecode: operation(
    'inputs sequence_lengths',
    (a) => (a.choice('strategy', ['greedy', 'beam_search'], 'greedy') === 'greedy' ? greedy(a) : beams(a)),
    'beam_width top_paths',
  ),
};
