import type { Value } from '../../graph.js';
import {
  abs,
  add,
  all,
  and,
  any,
  cast,
  equal,
  greater,
  greaterOrEqual,
  isFloat,
  isInf,
  isNan,
  less,
  lessOrEqual,
  mul,
  not,
  or,
  reshape,
  sub,
  transpose,
  unsqueeze,
  where,
  xor,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { computed, resultType, wideType } from './dtypes.js';
import { nonzero, placesOf } from './gathering.js';
import { type OperationTable, operation } from './operation.js';

type Binary = (a: Value, b: Value) => Value;

/** Two operands in one type that ONNX Runtime compares. No number that one of them is wraps around in the type of the other. */
function comparable(a: Arguments, names: readonly [string, string] = ['x1', 'x2']): [Value, Value] {
  const [x1, x2] = a.converted(names).map((value) => cast(value, wideType(value.type)));
  return [x1!, x2!];
}

const comparison = (compare: Binary) => operation('x1 x2', (a) => compare(...comparable(a)));

const bools = (compute: Binary) =>
  operation('x1 x2', (a) => compute(cast(a.tensor('x1'), 'bool'), cast(a.tensor('x2'), 'bool')));

/** Whether two floats differ by no more than the tolerances; integers must be equal. */
function close(a: Arguments, x1: Value, x2: Value): Value {
  if (!isFloat(x1)) return equal(x1, x2);
  const tolerance = add(mul(abs(x2), a.number('rtol', 1e-5)), a.number('atol', 1e-8));
  const near = lessOrEqual(abs(sub(x1, x2)), tolerance);
  return a.boolean('equal_nan') ? or(near, and(isNan(x1), isNan(x2))) : near;
}

function allClose(a: Arguments): Value {
  const [x1, x2] = comparable(a);
  if (!isFloat(x1)) return all(equal(x1, x2), undefined);
  const infinite = or(isInf(x1), isInf(x2));
  return all(or(and(close(a, x1, x2), not(infinite)), equal(x1, x2)), undefined);
}

/** `yes` where `condition` holds, else `no`, whatever their type. */
export const choose = (condition: Value, yes: Value, no: Value): Value =>
  computed([yes, no], (left, right) => where(condition, left, right));

function whereOperation(a: Arguments): Value | Value[] {
  // Without choices it lists the places of what holds; of that list, Keras's node has the first vector alone.
  if (!a.has('x1') && !a.has('x2')) return nonzero(a, a.tensor('condition')).slice(0, 1);
  const [x1, x2] = a.promoted(['x1', 'x2']);
  return choose(cast(a.tensor('condition'), 'bool'), x1!, x2!);
}

/**
 * `tf.where`: without choices the places of what holds, a row for each. TensorFlow 1's took a vector to choose whole rows by.
 */
const tensorflowWhere =
  (byRow: boolean) =>
  (a: Arguments): Value | Value[] => {
    const condition = a.tensor('condition');
    if (!a.has('x1') && !a.has('x2')) return transpose(placesOf(condition), [1, 0]);
    const [x1, x2] = a.promoted(['x1', 'x2']);
    const rows = byRow && condition.rank === 1 && x1!.rank > 1;
    return choose(
      cast(
        rows
          ? unsqueeze(
              condition,
              x1!.shape.slice(1).map((_, axis) => axis + 1),
            )
          : condition,
        'bool',
      ),
      x1!,
      x2!,
    );
  };

/** The first of several choices whose condition holds. */
function select(a: Arguments): Value {
  const conditions = a.list('condlist').map((_, index) => cast(a.item('condlist', index), 'bool'));
  const choices = a.tensors('choicelist');
  const fallback = a.has('default') ? a.tensor('default') : a.constant('int32', 0);
  if (choices.length !== conditions.length) return a.unsupported('it does not have a choice for each condition');
  const type = resultType([
    choices[0]!.type,
    fallback.rank === 0 && fallback.data ? (isFloat(fallback) ? 'float' : 'int') : fallback.type,
  ]);
  return conditions.reduceRight(
    (rest, condition, index) => choose(condition, cast(choices[index]!, type), rest),
    cast(fallback, type),
  );
}

/** Whether each element of `x1` is among those of `x2`. */
function isIn(a: Arguments): Value {
  const [x1, x2] = comparable(a);
  const found = any(equal(unsqueeze(x1, [-1]), reshape(x2, [-1])), [x1.rank]);
  return a.boolean('invert') ? not(found) : found;
}

/** Comparison, logic and choice. https://keras.io/api/ops/numpy/ */
export const comparisonOperations: OperationTable = {
  Equal: comparison(equal),
  NotEqual: comparison((x1, x2) => not(equal(x1, x2))),
  Less: comparison(less),
  LessEqual: comparison(lessOrEqual),
  Greater: comparison(greater),
  GreaterEqual: comparison(greaterOrEqual),
  LogicalAnd: bools(and),
  LogicalOr: bools(or),
  LogicalXor: bools(xor),
  LogicalNot: operation('x', (a) => not(cast(a.tensor('x'), 'bool'))),
  Isclose: operation('x1 x2 rtol atol equal_nan', (a) => close(a, ...comparable(a))),
  AllClose: operation('x1 x2 rtol atol equal_nan', allClose),
  IsIn: operation('x1 x2', isIn),
  Where: operation('condition x1 x2', whereOperation),
  Select: operation('condlist choicelist default', select),
};

/** What TensorFlow means otherwise than Keras. */
export const tensorflowComparison: OperationTable = {
  ChooseOrFind: operation('condition x1 x2', tensorflowWhere(false)),
  ChooseRows: operation('condition x1 x2', tensorflowWhere(true)),
};
