import { batchSizeOf, sharesBatch } from '../inference/batch.js';
import { at } from '../json/place.js';
import type { Signature, Tensor, TensorInfo, Tensors } from '../tensor.js';
import {
  describe,
  describeElement,
  InstancesError,
  isList,
  isObject,
  type JsonTensor,
  type List,
  nest,
  plural,
  show,
  TensorWriter,
  wrong,
} from './json-tensor.js';

export { InstancesError, type JsonTensor } from './json-tensor.js';

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
  const names = inputs.map(({ name }) => name);
  if (isList(json)) return fromInstances(json, '', signature, nonFinite);
  if (isObject(json)) {
    const wrapped = Object.hasOwn(json, 'instances') && !names.includes('instances');
    if (!wrapped) return fromInputs(json, signature, nonFinite);
    const [other] = Object.keys(json).filter((key) => key !== 'instances');
    if (other !== undefined) throw new InstancesError(at('', other), `${at('', other)} is not known beside instances.`);
    if (isList(json.instances)) return fromInstances(json.instances, 'instances', signature, nonFinite);
    throw new InstancesError('instances', `instances should be an array, but is ${show(json.instances)}.`);
  }
  throw new InstancesError('', `There should be an array or an object, but there is ${show(json)}.`);
}

function fromInstances(rows: List, place: string, signature: Signature, nonFinite: boolean): Tensors {
  const { inputs } = signature;
  const what = place || 'the array';
  if (rows.length === 0) throw new InstancesError(place, `${what} should have one element or more, but is empty.`);
  const writers = inputs.map(
    (input) => new TensorWriter(input, checkRows(input, rows.length, what, signature), nonFinite),
  );
  if (inputs.length === 1 && !isObject(rows.at(0))) writers[0]!.writeAll(rows, place);
  else
    for (let index = 0; index < rows.length; index++) {
      const here = at(place, index);
      const values = checkNames(rows.at(index), here, inputs);
      for (const writer of writers) writer.write(values[writer.name], at(here, writer.name));
    }
  return Object.fromEntries(writers.map((writer) => [writer.name, writer.finish()]));
}

function fromInputs(json: Record<string, unknown>, signature: Signature, nonFinite: boolean): Tensors {
  const { inputs } = signature;
  const values = checkNames(json, '', inputs);
  const tensors = inputs.map((input): [string, Tensor] => {
    const value = values[input.name];
    const place = at('', input.name);
    if (input.shape.length === 0) return [input.name, scalarOf(input, value, place, nonFinite)];
    if (!isList(value) || value.length === 0) throw wrong(place, describe(input.shape, input.type), value);
    const writer = new TensorWriter(input, checkRows(input, value.length, place, signature), nonFinite);
    writer.writeAll(value, place);
    return [input.name, writer.finish()];
  });
  if (sharesBatch(signature)) checkEqualRows(tensors);
  return Object.fromEntries(tensors);
}

/** A tensor without axes: one row, without the axis of rows. */
function scalarOf(input: TensorInfo, value: unknown, place: string, nonFinite: boolean): Tensor {
  const writer = new TensorWriter({ ...input, shape: [1] }, 1, nonFinite);
  writer.write(value, place);
  return { ...writer.finish(), shape: [] };
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

function checkEqualRows([first, ...others]: [name: string, tensor: Tensor][]): void {
  if (!first) return;
  const [name, { shape }] = first;
  const odd = others.find(([, tensor]) => tensor.shape[0] !== shape[0]);
  if (!odd) return;
  const place = at('', odd[0]);
  const expected = `as many rows as ${at('', name)}, which has ${shape[0]}`;
  throw new InstancesError(place, `${place} should have ${expected}, but has ${odd[1].shape[0]}.`);
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
