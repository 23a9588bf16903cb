import type { Value } from '../../graph.js';
import {
  abs,
  add,
  and,
  cast,
  concat,
  constant,
  floor,
  greaterOrEqual,
  isFloat,
  less,
  max,
  min,
  mod,
  mul,
  node,
  type Operand,
  round,
  type Size,
  sizeOf,
  sizePlus,
  sizeTimes,
  sub,
  take,
  unsqueeze,
  where,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { type OperationTable, operation } from './operation.js';

/** A place along one axis: its int32 index, whether there is a pixel, and how much of it counts. */
interface Place {
  index: Value;
  valid?: Value;
  weight?: Value;
}

/** A size beside int32 numbers. */
const operand = (size: Size): Operand => (typeof size === 'number' ? size : cast(size, 'int32'));

const clamp = (at: Value, size: Size): Value => min(max(at, 0), operand(sizePlus(size, -1)));

/** There and back: abcd as abcd|?dcb|abcd, where the place of the question mark, `size`, is none; reflected it is d. */
const folded =
  (shift: number) =>
  (at: Value, size: Size): Place => {
    const period = operand(sizeTimes(size, 2));
    const turn = mod(abs(at), period);
    const back = sub(typeof period === 'number' ? period - shift : sub(period, shift), turn);
    return { index: where(less(turn, operand(size)), turn, back) };
  };

/** Which pixel stands for an int32 index outside an axis, by `fill_mode`. */
const fillModes = {
  constant: (at: Value, size: Size): Place => ({
    index: clamp(at, size),
    valid: and(greaterOrEqual(at, 0), less(at, operand(size))),
  }),
  nearest: (at: Value, size: Size): Place => ({ index: clamp(at, size) }),
  mirror: folded(0),
  reflect: folded(1),
  wrap: (at: Value, size: Size): Place => ({ index: mod(at, operand(size)) }),
};

/** The pixels that a coordinate lies between, and their weights. */
const neighbours: Record<number, (a: Arguments, at: Value) => { at: Value; weight?: Value }[]> = {
  0: (_, at) => [{ at: cast(isFloat(at) ? round(at) : at, 'int32') }],
  1: (a, at) => {
    if (!isFloat(at)) return a.unsupported('its coordinates are whole numbers; order 1 is for floats');
    const lower = floor(at);
    const upperWeight = sub(at, lower);
    const index = cast(lower, 'int32');
    return [
      { at: index, weight: sub(constant(at.graph, at.type, [], [1]), upperWeight) },
      { at: add(index, 1), weight: upperWeight },
    ];
  },
};

/** Every choice of one of each list, those of the last list changing first. */
const choices = <T>(lists: readonly (readonly T[])[]): T[][] =>
  lists.reduce<T[][]>((before, list) => before.flatMap((chosen) => list.map((one) => [...chosen, one])), [[]]);

/** Axes between whose pixels it is weighed: each doubles the work. */
const mostAxes = 6;

function mapCoordinates(a: Arguments): Value {
  const [inputs, coordinates] = [a.tensor('inputs'), a.tensor('coordinates')];
  const order = a.number('order');
  const between = Object.hasOwn(neighbours, order) ? neighbours[order]! : a.unsupported(`its order is ${order}`);
  const fill = fillModes[a.choice('fill_mode', Object.keys(fillModes) as (keyof typeof fillModes)[], 'constant')];
  const fillValue = a.number('fill_value', 0);
  if (coordinates.rank < 2 || coordinates.shape[0] !== inputs.rank || inputs.rank > mostAxes)
    return a.unsupported(`its coordinates should be a list for each of its inputs' axes, ${mostAxes} at most`);
  const axes = inputs.shape.map((_, axis) =>
    between(a, take(coordinates, axis, 0)).map(
      ({ at, weight }): Place => ({ ...fill(at, sizeOf(inputs, axis)), weight }),
    ),
  );
  const parts = choices(axes).map((places) => {
    const indices = concat(
      places.map(({ index }) => unsqueeze(cast(index, 'int64'), [-1])),
      -1,
    );
    const found = node('GatherND', [inputs, indices], { batch_dims: 0 }, inputs.type, coordinates.shape.slice(1));
    const given = cast(found, coordinates.type);
    const valid = places.flatMap((place) => place.valid ?? []);
    const filled = isFloat(given) ? fillValue : Math.trunc(fillValue);
    const kept = valid.length === 0 ? given : where(valid.reduce(and), given, filled);
    const weights = places.flatMap(({ weight }) => weight ?? []);
    return weights.length === 0 ? kept : mul(weights.reduce(mul), kept);
  });
  const sum = parts.reduce(add);
  return cast(isFloat(inputs) || !isFloat(sum) ? sum : round(sum), inputs.type);
}

/** https://keras.io/api/ops/image/ */
export const coordinateOperations: OperationTable = {
  MapCoordinates: operation('inputs coordinates order fill_mode fill_value', mapCoordinates),
};
