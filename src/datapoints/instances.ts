import { batchSizeOf, sharesBatch } from '../inference/batch.js';
import { base64In } from '../json/base64.js';
import { at } from '../json/place.js';
import type { Signature, Tensor, TensorInfo, Tensors } from '../support/tensor.js';
import {
  describe,
  describeElement,
  InstancesError,
  isList,
  isObject,
  type List,
  plural,
  show,
  TensorWriter,
  wrong,
} from './json-tensor.js';
import type { ColumnReader } from './kind.js';
import { type JsonTensor, nest } from './tensor-rows.js';

export { InstancesError } from './json-tensor.js';
export type { JsonTensor } from './tensor-rows.js';

/**
 * The tensors that JSON stands for. It may be
 *
 * - `{"instances": [...]}` or the list alone: one element for each example. It is a nested array (or a scalar, for rows of one
 *   element) for a model with one input, or an object of them by input name;
 * - an object of whole inputs by name: `{"age": [30, 40], "income": [1.5, 2]}`.
 *
 * Only numbers (for `bool` also true and false) are taken, and only those that the type can hold; whole ones up to 2⁵³. Axes
 * of any size have one size throughout. The rows of all inputs are as many.
 *
 * @param json what `JSON.parse` or `parseJson` gives
 * @param options `nonFinite`: NaN and infinities, which `parseJson` reads, are floats
 * @returns a tensor for every input, by name; its type is the input's
 * @throws InstancesError
 */
export function tensorsOf(json: unknown, signature: Signature, { nonFinite = false } = {}): Tensors {
  const { inputs } = signature;
  return readJson(json, signature, {
    reader: (input, rows) => new TensorWriter(input, rows, nonFinite),
    split: splitByName(inputs),
  });
}

/** Finds values by input name. */
export const splitByName =
  (inputs: readonly TensorInfo[]): Reading<unknown>['split'] =>
  (row, place) => {
    const values = checkNames(row, place, inputs);
    return ({ name }) => [values[name], at(place, name)];
  };

/** How the values of inputs are read, whatever they become. */
export interface Reading<Result> {
  reader(input: TensorInfo, rows: number): ColumnReader<Result>;
  /** Finds the values of the inputs in a row, with their places. @throws InstancesError where something else is in it */
  split(row: unknown, place: string): (input: TensorInfo) => [value: unknown, place: string];
}

/** What `tensorsOf` takes, read otherwise. @throws InstancesError */
export function readJson<Result>(
  json: unknown,
  signature: Signature,
  reading: Reading<Result>,
): Record<string, Result> {
  const { inputs } = signature;
  const names = inputs.map(({ name }) => name);
  if (isList(json)) return fromInstances(json, '', signature, reading);
  if (isObject(json)) {
    const wrapped = Object.hasOwn(json, 'instances') && !names.includes('instances');
    if (!wrapped) return fromInputs(json, '', signature, reading);
    const [other] = Object.keys(json).filter((key) => key !== 'instances');
    if (other !== undefined) throw new InstancesError(at('', other), `${at('', other)} is not known beside instances.`);
    if (isList(json.instances)) return fromInstances(json.instances, 'instances', signature, reading);
    throw new InstancesError('instances', `instances should be an array, but is ${show(json.instances)}.`);
  }
  throw new InstancesError('', `There should be an array or an object, but there is ${show(json)}.`);
}

/** @param place of the rows in the JSON */
export function fromInstances<Result>(
  rows: List,
  place: string,
  signature: Signature,
  { reader, split }: Reading<Result>,
): Record<string, Result> {
  const { inputs } = signature;
  const what = place || 'the array';
  if (rows.length === 0) throw new InstancesError(place, `${what} should have one element or more, but is empty.`);
  const readers = inputs.map((input) => reader(input, checkRows(input, rows.length, what, signature)));
  if (inputs.length === 1 && isValueOf(inputs[0]!, rows.at(0))) readers[0]!.writeAll(rows, place);
  else
    for (let index = 0; index < rows.length; index++) {
      const valueIn = split(rows.at(index), at(place, index));
      for (const [column, input] of inputs.entries()) readers[column]!.write(...valueIn(input));
    }
  return resultsOf(inputs, readers);
}

/** Whether a row is the value of the only input, and no object by names. */
const isValueOf = ({ name, type }: TensorInfo, row: unknown): boolean =>
  !isObject(row) || (type === 'string' && name !== 'b64' && base64In(row) !== undefined);

/** One datapoint by itself, not in a list: places in messages begin with what is in it. @throws InstancesError */
export function fromDatapoint<Result>(
  datapoint: Record<string, unknown>,
  signature: Signature,
  { reader, split }: Reading<Result>,
): Record<string, Result> {
  const { inputs } = signature;
  const valueIn = split(datapoint, '');
  const readers = inputs.map((input) => {
    const column = reader(input, checkRows(input, 1, 'the request', signature));
    column.write(...valueIn(input));
    return column;
  });
  return resultsOf(inputs, readers);
}

const resultsOf = <Result>(inputs: readonly TensorInfo[], readers: readonly ColumnReader<Result>[]) =>
  Object.fromEntries(inputs.map(({ name }, index) => [name, readers[index]!.finish()]));

/** @param parent place of the object of whole inputs in the JSON */
export function fromInputs<Result>(
  json: Record<string, unknown>,
  parent: string,
  signature: Signature,
  { reader }: Reading<Result>,
): Record<string, Result> {
  const { inputs } = signature;
  const values = checkNames(json, parent, inputs);
  let first: { place: string; rows: number } | undefined;
  const results = inputs.map((input): [string, Result] => {
    const value = values[input.name];
    const place = at(parent, input.name);
    if (input.shape.length === 0) {
      // A tensor without axes: one row, without the axis of rows.
      const scalar = reader({ ...input, shape: [] }, 1);
      scalar.write(value, place);
      return [input.name, scalar.finish()];
    }
    if (!isList(value) || value.length === 0) throw wrong(place, describe(input.shape, input.type), value);
    const column = reader(input, checkRows(input, value.length, place, signature));
    column.writeAll(value, place);
    first ??= { place, rows: value.length };
    if (sharesBatch(signature) && value.length !== first.rows) throw unequalRows(place, value.length, first);
    return [input.name, column.finish()];
  });
  return Object.fromEntries(results);
}

/** Refuses a number of rows that the model can't be run on, in one batch or several. @returns the number */
function checkRows(input: TensorInfo, rows: number, place: string, signature: Signature): number {
  const [batch] = input.shape;
  if (batch === undefined)
    throw new InstancesError(
      place,
      `The input ${show(input.name)} has no rows: give it beside the others, as {${show(input.name)}: ${describeElement(input.type)}}.`,
    );
  if (batch === null || batch === rows || batchSizeOf(signature) !== undefined) return rows;
  throw new InstancesError(place, `${place} should have ${plural(batch, 'row')}, but has ${rows}.`);
}

function unequalRows(place: string, rows: number, first: { place: string; rows: number }): InstancesError {
  const expected = `as many rows as ${first.place}, which has ${first.rows}`;
  return new InstancesError(place, `${place} should have ${expected}, but has ${rows}.`);
}

/** Refuses anything but an object with a value for every input and nothing more. @returns the object */
function checkNames(value: unknown, place: string, inputs: readonly TensorInfo[]): Record<string, unknown> {
  const known = inputs.map(({ name }) => name);
  const list = known.slice(0, 20).map(show).join(', ') + (known.length > 20 ? ', …' : '');
  if (!isObject(value)) throw wrong(place, `an object with the inputs ${list}`, value);
  const foreign = Object.keys(value).find((key) => !known.includes(key));
  if (foreign !== undefined)
    throw new InstancesError(at(place, foreign), `${at(place, foreign)} is no input. The inputs are ${list}.`);
  const lacking = known.find((name) => !Object.hasOwn(value, name));
  if (lacking !== undefined)
    throw new InstancesError(at(place, lacking), `${at(place, lacking)} is missing. The inputs are ${list}.`);
  return value;
}

/**
 * What a model gives as JSON: for every row a nested array, or an object of them by output name where there are several
 * outputs. Where the outputs have no rows in common it is one such object, of whole outputs. Elements of `bool` are true and
 * false, 64-bit integers past 2⁵³ the nearest number.
 *
 * @param outputs a tensor for every output of the signature, by name
 */
export function jsonOf(
  outputs: Tensors,
  { outputs: infos }: Pick<Signature, 'outputs'>,
): JsonTensor | JsonTensor[] | Record<string, JsonTensor> | Record<string, JsonTensor>[] {
  const tensors = infos.map(({ name }): [string, Tensor] => [name, outputs[name]!]);
  const counts = new Set(tensors.map(([, { shape }]) => shape[0]));
  const [rows] = counts;
  const [only] = tensors;
  if (tensors.length === 1) return nest(only![1]);
  const columns = tensors.map(([name, tensor]): [string, JsonTensor] => [name, nest(tensor)]);
  if (counts.size !== 1 || rows === undefined) return Object.fromEntries(columns);
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(columns.map(([name, values]) => [name, (values as JsonTensor[])[row]!])),
  );
}
