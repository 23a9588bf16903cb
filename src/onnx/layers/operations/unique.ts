import type { Value } from '../../graph.js';
import {
  add,
  any,
  cast,
  constant,
  gather,
  isFloat,
  isNan,
  pad,
  range,
  reshape,
  type Size,
  sizeDifference,
  sizeMax,
  sizeOf,
  sizesOf,
  slice,
  where,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { type OperationTable, operation } from './operation.js';
import { flatten } from './shape.js';

/**
 * The different elements of a flat tensor, or slices along an axis, in order, else as they come first.
 * @returns them, where each stands first, which of them each is, and how often they are there
 */
export function uniqueOf(x: Value, axis?: number, sorted = true): Value[] {
  // ONNX Runtime has it for few types.
  const wide = isFloat(x) ? x : cast(x, 'int64');
  const shape = axis === undefined ? [null] : wide.shape.with(axis, null);
  const counted = { type: 'int64', shape: [null] } as const;
  const places = { type: 'int64', shape: [axis === undefined ? null : wide.shape[axis]!] } as const;
  return x.graph.node('Unique', [wide], { axis, sorted: sorted ? 1 : 0 }, [
    { type: wide.type, shape },
    counted,
    places,
    counted,
  ]);
}

/**
 * The same, or an error when the model runs: of what is no number ONNX Runtime loses others, and Keras sorts it by how many there
 * are. All indices are out of range then.
 */
function onlyNumbers(x: Value, axis: number): Value {
  if (!isFloat(x)) return x;
  const size = sizeOf(x, axis);
  const beyond = where(any(isNan(x), undefined), constant(x.graph, 'int64', [], [2 ** 31]), 0);
  return gather(x, add(range(x.graph, size), beyond), axis);
}

/** So many of an axis: the first ones, or all and others of this value. */
function fitted(x: Value, axis: number, size: number, value: number): Value {
  const cut = slice(x, [{ axis, start: 0, end: size }]);
  const missing = sizeMax(0, sizeDifference(size, sizeOf(x, axis)));
  const padded = pad(
    cut,
    cut.shape.map((_, index): [Size, Size] => [0, index === axis ? missing : 0]),
    'constant',
    value,
  );
  return reshape(padded, sizesOf(padded).with(axis, size));
}

function unique(a: Arguments): Value[] {
  const given = a.tensor('x');
  const axis = a.optionalAxis('axis', given.rank);
  const sorted = a.boolean('sorted', true);
  if (given.type === 'bool') return a.unsupported('its elements are bools');
  // Keras exchanges the axis with the first one to compare slices, ONNX moves it there.
  if (axis !== undefined && axis > 1 && given.rank > 2 && sorted)
    return a.unsupported(`it sorts slices along axis ${axis} of ${given.rank}, whose order is Keras's own`);
  const x = onlyNumbers(axis === undefined ? flatten(given) : given, axis ?? 0);
  const [values, first, inverse, counts] = uniqueOf(x, axis ?? 0, sorted);
  const size = a.has('size') ? a.count('size') : undefined;
  const fit = (one: Value, at: number, value: number) => (size === undefined ? one : fitted(one, at, size, value));
  const outputs = [cast(fit(values!, axis ?? 0, a.number('fill_value', 0)), x.type)];
  if (a.boolean('return_index')) outputs.push(cast(fit(first!, 0, 1), 'int32'));
  if (a.boolean('return_inverse'))
    outputs.push(cast(axis === undefined ? reshape(inverse!, sizesOf(given)) : inverse!, 'int32'));
  if (a.boolean('return_counts')) outputs.push(cast(fit(counts!, 0, 0), 'int32'));
  return outputs;
}

/** What is about equal elements. https://keras.io/api/ops/numpy/ */
export const uniqueOperations: OperationTable = {
  Unique: operation('x', unique),
};
