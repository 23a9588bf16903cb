import type { Value } from '../../graph.js';
import {
  and,
  argMax,
  cast,
  concat,
  equal,
  isNan,
  less,
  mul,
  neg,
  node,
  not,
  or,
  range,
  reduceMax,
  reduceSum,
  sizeOf,
  slice,
  sub,
  take,
  toFloat,
  unsqueeze,
  where,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { type OperationTable, operation } from './operation.js';
import { ordered } from './sorting.js';

/**
 * The likeliest class of each step, without blanks and, where asked, without repetitions: (1, batch, time), -1 behind the last
 * one. And what the classes that were taken add up to, negative: (batch, 1).
 */
function greedy(a: Arguments): Value[] {
  const inputs = toFloat(a.tensor('inputs'));
  const lengths = cast(a.tensor('sequence_lengths'), 'int64');
  const classes = inputs.shape[2] ?? a.unsupported('its classes are of unknown number');
  const given = a.number('mask_index', 0);
  const blank = given < 0 ? given + classes : given;
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

/** Connectionist temporal classification. https://keras.io/api/ops/nn/#ctcdecode-function */
export const ctcOperations: OperationTable = {
  CTCDecode: operation(
    'inputs sequence_lengths',
    (a) =>
      a.choice('strategy', ['greedy', 'beam_search'], 'greedy') === 'greedy'
        ? greedy(a)
        : a.unsupported('its strategy is beam_search, whose beams ONNX can not follow; use the strategy greedy'),
    'beam_width top_paths',
  ),
};
