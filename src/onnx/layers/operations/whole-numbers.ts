import type { TensorType } from '../../../support/tensor.js';
import type { Value } from '../../graph.js';
import {
  abs,
  bitwiseOr,
  cast,
  div,
  equal,
  mod,
  mul,
  range,
  reshape,
  scan,
  shiftLeft,
  shiftRight,
  sizeOf,
  sizesOf,
  sizeTimes,
  take,
  unsqueeze,
  where,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { computed } from './dtypes.js';
import { type OperationTable, operation } from './operation.js';
import { broadcastTogether } from './shape.js';

/** Two tensors of whole numbers in one type and shape. */
function wholeNumbers(a: Arguments): Value[] {
  const values = a.converted(['x1', 'x2']);
  if (!values[0]!.type.includes('int'))
    return a.unsupported('its arguments are not whole numbers, which Keras refuses');
  return broadcastTogether(values);
}

/** More steps than Euclid's way takes: the worst are numbers of Fibonacci. */
const longestDivision: Partial<Record<TensorType, number>> = { int32: 46, int64: 92 };

/** The greatest common divisor of int32 or int64 that are not negative. */
function divisor(x: Value, y: Value): Value {
  const steps = unsqueeze(range(x.graph, longestDivision[x.type]!), [0]);
  const { states } = scan({ states: [x, y], sequences: [steps] }, ([left, right]) => {
    const done = equal(right!, 0);
    const by = where(done, 1, right!);
    return { states: [where(done, left!, right!), where(done, 0, mod(left!, by))], outputs: [] };
  });
  return states[0]!;
}

const gcd = (x1: Value, x2: Value): Value => divisor(abs(x1), abs(x2));

function lcm(x1: Value, x2: Value): Value {
  const [x, y] = [abs(x1), abs(x2)];
  const common = divisor(x, y);
  const none = equal(common, 0);
  return where(none, 0, mul(x, div(y, where(none, 1, common))));
}

const itemSize = (type: TensorType): number => Number(/\d+/.exec(type)![0]) / 8;
const unsigned = (type: TensorType): TensorType => (type.startsWith('u') ? type : (`u${type}` as TensorType));

/** The bytes of whole numbers as those of another size: several for one, or one for several, the lowest byte first. */
function view(a: Arguments): Value {
  const x = a.tensor('x');
  if (!a.has('dtype')) return x;
  const type = a.optionalType('dtype')!;
  if (![x.type, type].every((one) => one.includes('int')))
    return a.unsupported(`it reads ${x.type} as ${type}: ONNX has no way to read the bits of a float before opset 26`);
  const [from, to] = [itemSize(x.type), itemSize(type)];
  if (from === to) return cast(x, type);
  const bits = cast(cast(x, unsigned(x.type)), 'uint64');
  const count = Math.max(from, to) / Math.min(from, to);
  const places = Array.from({ length: count }, (_, place) => place);
  if (x.rank === 0) return a.unsupported('it is called with one number, of which it would make several');
  if (from > to) {
    const shifts = mul(range(x.graph, count), 8 * to);
    const parts = shiftRight(unsqueeze(bits, [-1]), cast(shifts, 'uint64'));
    const narrow = cast(cast(parts, unsigned(type)), type);
    return reshape(narrow, [...sizesOf(x).slice(0, -1), sizeTimes(sizeOf(x, -1), count)]);
  }
  const size = x.shape.at(-1);
  if (size == null || size % count !== 0)
    return a.unsupported(`its last axis is not known to be a multiple of ${count}`);
  const grouped = reshape(bits, [...sizesOf(x).slice(0, -1), size / count, count]);
  const shifted = places.map((place) => shiftLeft(take(grouped, place, -1), 8 * from * place));
  return cast(cast(shifted.reduce(bitwiseOr), unsigned(type)), type);
}

/** What is about whole numbers. https://keras.io/api/ops/numpy/ */
export const wholeNumberOperations: OperationTable = {
  Gcd: operation('x1 x2', (a) => computed(wholeNumbers(a), (x1, x2) => gcd(x1!, x2!))),
  Lcm: operation('x1 x2', (a) => computed(wholeNumbers(a), (x1, x2) => lcm(x1!, x2!))),
  View: operation('x dtype', view),
};
