import type { TensorType } from '../../../support/tensor.js';
import type { Value } from '../../graph.js';
import {
  add,
  cast,
  constant,
  expand,
  greater,
  isFloat,
  isNan,
  largestFloat,
  max,
  node,
  range,
  reduceMax,
  reshape,
  type Size,
  sizeOf,
  sizePlus,
  sizesOf,
  slice,
  sub,
  unsqueeze,
  where,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { wideType } from './dtypes.js';
import { type OperationTable, operation } from './operation.js';
import { bounded } from './sizes.js';
import { uniqueOf } from './unique.js';

/** What is done with the rows of a segment: by the name of ONNX's reduction. */
type Reduction = 'add' | 'mul' | 'max' | 'min';

/** The least number of a type. */
function lowest(type: TensorType): number {
  if (type === 'float32') return -largestFloat;
  return type.startsWith('u') ? 0 : -(2 ** (Number(type.slice(3)) - 1));
}

/** What a segment holds before its first row, in the type that it is computed in. */
function initial(x: Value, type: TensorType, reduction: Reduction): Value {
  const number = (value: number) => constant(x.graph, x.type, [], [value]);
  if (reduction === 'add' || reduction === 'mul') return number(reduction === 'add' ? 0 : 1);
  if (reduction === 'max' || isFloat(x)) return number(reduction === 'max' ? lowest(type) : largestFloat);
  // The greatest int64 is no number of JavaScript's.
  return type.startsWith('u') ? number(2 ** Number(type.slice(4)) - 1) : sub(number(-1), number(lowest(type)));
}

/**
 * How many segments there are. Where the model doesn't say, Keras counts different ids for a sum, and else goes by the greatest.
 */
function segmentCount(a: Arguments, ids: Value, reduction: Reduction, row: readonly Size[]): Size {
  const sorted = a.boolean('sorted');
  if (a.has('num_segments'))
    return sorted ? a.unsupported('it has num_segments and is sorted') : a.count('num_segments');
  if (reduction === 'add' && !sorted) return sizeOf(uniqueOf(ids)[0]!, 0);
  return bounded(add(reduceMax(ids, [0]), 1), row);
}

/** The number of each row, from 1 on, beside its elements. */
function rowNumbers(rows: Value): Value {
  const count = sizeOf(rows, 0);
  const line = reshape(add(range(rows.graph, count), 1), [count, ...Array<number>(rows.rank - 1).fill(1)]);
  return expand(line, sizesOf(rows));
}

/** All rows of a segment as one. */
const segmentReduction = (reduction: Reduction) =>
  operation('data segment_ids', (a) => {
    const data = a.tensor('data');
    const ids = cast(a.tensor('segment_ids'), 'int64');
    if (ids.rank !== 1 || data.rank === 0) return a.unsupported('its segment_ids are not a vector');
    const count = segmentCount(a, ids, reduction, sizesOf(data).slice(1));
    const rows = cast(data, wideType(data.type));
    // The first segment is of the ids below 0, and is dropped. Ids that are too large are an error, as in Keras.
    const places = unsqueeze(add(max(ids, -1), 1), [-1]);
    const filled = (number: Value) => expand(number, [sizePlus(count, 1), ...sizesOf(data).slice(1)]);
    const put = (into: Value, values: Value, by: Reduction) =>
      node('ScatterND', [into, places, values], { reduction: by }, into.type, into.shape);
    const start = initial(rows, data.type, reduction);
    const isExtreme = reduction === 'max' || reduction === 'min';
    // Of what is no number, TensorFlow's extremes go by where it stands, and by the processor: it does nothing here.
    const never = reduction === 'max' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    const counted = isExtreme && isFloat(rows) ? where(isNan(rows), never, rows) : rows;
    const found = put(filled(start), counted, reduction);
    // Of segments in order, an extreme of none is 0.
    const present = () => greater(put(filled(constant(a.graph, 'int64', [], [0])), rowNumbers(rows), 'max'), 0);
    const result = isExtreme && a.boolean('sorted') ? where(present(), found, 0) : found;
    return cast(slice(result, [{ axis: 0, start: 1 }]), data.type);
  });

/** Reductions of segments. https://keras.io/api/ops/core/ */
export const segmentOperations: OperationTable = {
  SegmentSum: segmentReduction('add'),
  SegmentProd: segmentReduction('mul'),
  SegmentMax: segmentReduction('max'),
  SegmentMin: segmentReduction('min'),
};
