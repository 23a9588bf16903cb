import { type TSchema, Type } from 'typebox';
import { at } from '../json/place.js';
import { CardError } from '../support/card-error.js';
import { type Tensor, type TensorData, type TensorInfo, type TensorType, tensorArrays } from '../support/tensor.js';
import { InstancesError, isList, type List, plural, wrong } from './json-tensor.js';
import type { Assumption, Column, ColumnReader, FoundPadding, KindCard, Place } from './kind.js';
import { numberTypes } from './number-types.js';
import { columnOf } from './ragged.js';

type Side = 'pre' | 'post';

/** How a list of steps becomes as long as an axis, as in Keras's `pad_sequences`. */
export interface Fitting {
  /** The side on which a list that is shorter is filled up; null where it is refused. */
  padding: Side | null;
  /** The side on which a list that is longer is cut; it is refused where this is left out. */
  truncating?: Side;
  /** What it is filled up with: a number of the model's tensor. */
  value: number;
  /** Whether nobody has said that shorter lists are filled up. */
  assumed?: true;
}

/** What a card says of it. */
export function spelledFitting(fitting: Fitting | undefined): Omit<Fitting, 'assumed'> | undefined {
  if (!fitting) return undefined;
  const { assumed, ...said } = fitting;
  return said;
}

const sides = (description: string) => Type.Enum(['pre', 'post'], { description });

/** The keys of a card that say how lists of steps are fitted. */
export const fittingKeys: Record<keyof Omit<Fitting, 'assumed'>, TSchema> = {
  padding: Type.Union([sides(''), Type.Null()], {
    description: '"pre" or "post", where a shorter list is filled up, or null, where it is refused',
  }),
  truncating: sides('"pre" or "post", where a longer list is cut'),
  value: Type.Number({ description: 'a number, with which a shorter list is filled up' }),
};

/**
 * How lists are fitted to the second axis of an input: one of any size has no need of it. Only lists of ids are filled up where no card says it:
 * 0 stands for no word, but in measurements it is a measurement.
 * @param ids whether the lists are of ids, and what source code does to them
 * @throws CardError
 */
export function fittingOf(
  { shape, type }: TensorInfo,
  card: KindCard = {},
  place: Place,
  ids?: { found?: FoundPadding },
): { fitting?: Fitting; assumptions: Assumption[] } {
  const given = card as Partial<Fitting>;
  const [said] = (['padding', 'truncating', 'value'] as const).filter((key) => given[key] !== undefined);
  if (shape[1] === null) {
    if (said) throw new CardError(`${place(said)} means nothing here: the input takes lists of any length.`);
    return { assumptions: [] };
  }
  // What the card says in part is not made whole by what others do.
  const code = said ? undefined : ids?.found;
  const isFilled = ids !== undefined || given.value !== undefined;
  const { padding = code?.padding ?? (isFilled ? 'pre' : null), truncating = code?.truncating, value = 0 } = given;
  const { least, most, whole } = numberTypes[type];
  if (!(value >= least && value <= most) || (whole && !Number.isInteger(value)))
    throw new CardError(`${place('value')} must be a number that ${type} can hold.`);
  const basis = code ? `${code.file} calls pad_sequences so` : "that is Keras's own side";
  const assumed: Assumption[] = [{ key: 'padding', value: padding, basis, certainty: 'guess' }];
  if (code) assumed.push({ key: 'truncating', value: code.truncating, basis, certainty: 'guess' });
  return {
    fitting: {
      padding,
      ...(truncating && { truncating }),
      value,
      ...(given.padding === undefined && { assumed: true }),
    },
    assumptions: given.padding === undefined && padding !== null ? assumed : [],
  };
}

/** How many steps a list may have. */
export function lengthsOf({ shape }: TensorInfo, fitting: Fitting | undefined): { least: number; most?: number } {
  const size = shape[1];
  if (!fitting || typeof size !== 'number') return { least: 1 };
  return { least: fitting.padding ? 1 : size, ...(!fitting.truncating && { most: size }) };
}

/** How long lists are, for a message: `up to 10 `. */
export function lengthText(input: TensorInfo, fitting: Fitting | undefined): string {
  const { least, most } = lengthsOf(input, fitting);
  if (most === undefined) return least > 1 ? `${least} or more ` : '';
  return least === most ? `${most} ` : `up to ${most} `;
}

/** Bytes that a tensor may have which is larger than what was sent: categories, absent values and steps are made of little JSON. */
const maxBytes = 64 * 2 ** 20;

/**
 * Zeros for rows of a tensor.
 * @throws InstancesError where they would take too much memory
 */
export function zeros(type: TensorType, rows: number, rowSize: number, place: string): TensorData {
  const array = tensorArrays[type];
  const most = Math.floor(maxBytes / (rowSize * new array(0).BYTES_PER_ELEMENT));
  if (rows > most)
    throw new InstancesError(place, `There are ${plural(rows, 'row')}: of such, a request can have at most ${most}.`);
  return new array(rows * rowSize);
}

/** Writes a step, whose numbers begin at a place in zeros. @throws InstancesError */
export type WriteStep = (step: unknown, data: TensorData, at: number, place: string) => void;

/** What lists of steps are like. */
export interface StepsOptions {
  fitting: Fitting | undefined;
  /** How many numbers a step is. */
  width: number;
  /** What steps are, in messages: `numbers`. */
  what: string;
  /** How many lists there are. */
  rows: number;
  /** How many steps a list has at least. */
  least?: 0 | 1;
}

/** Reads lists of steps, the oldest first. */
export function stepsReader(
  input: TensorInfo,
  { fitting, width, what, rows, least = 1 }: StepsOptions,
  writeStep: WriteStep,
): ColumnReader<Column> {
  const expected = `an array of ${lengthText(input, fitting)}${what}`;
  const taker = fitting
    ? fittedSteps(input, fitting, width, rows, expected, writeStep)
    : raggedSteps(input, width, writeStep);
  const write = (value: unknown, place: string) => {
    if (!isList(value) || value.length < least) throw wrong(place, expected, value);
    taker.write(value, place);
  };
  return {
    write,
    writeAll(values, place) {
      for (let index = 0; index < values.length; index++) write(values.at(index), at(place, index));
    },
    finish: () => taker.finish(),
  };
}

/** Takes lists of steps. */
interface StepsTaker {
  write(list: List, place: string): void;
  finish(): Column;
}

/** Lists that are fitted to an axis of one size. */
function fittedSteps(
  input: TensorInfo,
  fitting: Fitting,
  width: number,
  rows: number,
  expected: string,
  writeStep: WriteStep,
): StepsTaker {
  const { type, shape } = input;
  const steps = shape[1]!;
  let data: TensorData | undefined;
  let row = 0;
  let longest = 0;
  const write = (value: List, place: string) => {
    data ??= zeros(type, rows, steps * width, place);
    longest = Math.max(longest, value.length);
    if (fitting.assumed && row === rows - 1 && rows === steps && rows > 1 && longest === 1) throw unwrapped(rows);
    if (isUnwrapped(value, steps, rows, fitting)) throw unwrapped(rows);
    const { skip, count, before } = fit(value, steps, fitting, place, expected, input.name);
    const start = row * steps * width;
    if (fitting.value && count < steps) {
      const filling = type === 'int64' || type === 'uint64' ? BigInt(fitting.value) : fitting.value;
      const fill = (from: number, to: number) => data!.fill(filling as never, start + from * width, start + to * width);
      fill(0, before);
      fill(before + count, steps);
    }
    // What is cut off is read, too: that it is wrong shouldn't depend on where it stands.
    const cut = count < value.length ? new tensorArrays[type](width) : data;
    for (let index = 0; index < value.length; index++) {
      const isTaken = index >= skip && index < skip + count;
      const target = isTaken ? start + (before + index - skip) * width : 0;
      writeStep(value.at(index), isTaken ? data : cut, target, at(place, index));
    }
    row++;
  };
  return {
    write,
    finish: () => ({ tensor: { type, shape: [rows, steps, ...(shape.slice(2) as number[])], data: data! } }),
  };
}

/** Whether one of as many lists as there are steps has one step, where none is filled up. */
const isUnwrapped = (list: List, steps: number, rows: number, { assumed, padding }: Fitting): boolean =>
  assumed === true && padding === null && list.length === 1 && rows === steps && rows > 1;

/** As many lists as one has steps, each of one step, are one that lacks the list around it; filled up, they would be nonsense. */
const unwrapped = (rows: number): InstancesError =>
  new InstancesError(
    '',
    `There are ${rows} datapoints of one step each, where one has ${rows} steps. Is it one? Then it needs a list around it: [[…]]. ` +
      'If they are several, say "padding" in serve.json.',
  );

/** Lists as they are, of any lengths. */
function raggedSteps({ type, shape }: TensorInfo, width: number, writeStep: WriteStep): StepsTaker {
  const rest = shape.slice(2) as number[];
  const rows: Tensor[] = [];
  const size = new tensorArrays[type](0).BYTES_PER_ELEMENT;
  let bytes = 0;
  return {
    write(list, place) {
      bytes += list.length * width * size;
      if (bytes > maxBytes)
        throw new InstancesError(place, `${place} is more than one request can have: its lists are too many numbers.`);
      const data = new tensorArrays[type](list.length * width);
      for (let index = 0; index < list.length; index++)
        writeStep(list.at(index), data, index * width, at(place, index));
      rows.push({ type, shape: [list.length, ...rest], data });
    },
    finish: () => columnOf(rows),
  };
}

/** Which steps of a list are taken, and before which of the axis's the first goes. @throws InstancesError */
function fit(
  list: List,
  size: number,
  fitting: Fitting,
  place: string,
  expected: string,
  name: string,
): { skip: number; count: number; before: number } {
  const { length } = list;
  const lacking = size - length;
  if (lacking > 0 && fitting.padding)
    return { skip: 0, count: length, before: fitting.padding === 'pre' ? lacking : 0 };
  if (lacking < 0 && fitting.truncating)
    return { skip: fitting.truncating === 'pre' ? -lacking : 0, count: size, before: 0 };
  if (lacking === 0) return { skip: 0, count: size, before: 0 };
  const refusal = wrong(place, expected, list);
  if (lacking < 0 || !fitting.assumed) throw refusal;
  const card = JSON.stringify({ inputs: { [name]: { padding: 'pre' } } });
  throw new InstancesError(place, `${refusal.message} Shorter ones are filled up where serve.json says so: ${card}.`);
}
