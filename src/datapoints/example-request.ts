import { imageExample } from '../../schemas/predict.js';
import { batchSizeOf } from '../inference/batch.js';
import type { TensorInfo } from '../support/tensor.js';
import type { DatapointKey } from './datapoint-keys.js';
import { namesOf } from './datapoint-names.js';
import type { Described } from './describe-inputs.js';
import { isObject } from './json-tensor.js';
import { inputKind, isImage } from './kinds.js';
import { haveRows } from './rows.js';
import { countOf, exampleOf, mostElements } from './tensor-schema.js';

/** What an example may have along axes of any size: enough for most windows, few enough to read. Less where it is too much. */
const lengths = [16, 8, 4, 2, 1] as const;

/**
 * A request in JSON that a model answers, with a value for every input; undefined where it would be too long to be read.
 */
export function exampleRequest(model: Described): unknown {
  const { inputs, outputs, kinds } = model;
  if (isImage(kinds)) return imageExample;
  const values = exampleValues(model);
  if (!values || !haveRows(inputs)) return values;
  const [{ name }] = inputs as [TensorInfo];
  const value = values[name];
  // A column that is called like its input would be meant for that.
  const isClear = inputs.length === 1 && !(isObject(value) && Object.hasOwn(value, name));
  const instance = isClear ? value : values;
  const batch = batchSizeOf({ inputs, outputs }) === undefined ? inputs[0]!.shape[0] : 1;
  const instances = Array(batch ?? 1).fill(instance);
  // An input of that name would be meant.
  return namesOf(inputs, kinds.inputs).has('instances') ? instances : { instances };
}

/** A value for each key of a datapoint, as forms and CSV have them; undefined where they would be too long to be read. */
export function exampleFields(model: Described, keys: readonly DatapointKey[]): Values | undefined {
  const values = exampleValues(model);
  if (!values) return undefined;
  return Object.fromEntries(
    keys.map(({ key, input, column }) => [
      key,
      column === undefined ? values[input] : (values[input] as Values)[column],
    ]),
  );
}

type Values = Record<string, unknown>;

function exampleValues(model: Described): Values | undefined {
  const valuesOf = haveRows(model.inputs) ? datapoint : wholeInputs;
  return lengths.map((length) => valuesOf(model, length)).find((values) => values && isShort(values));
}

function datapoint({ inputs, kinds }: Described, length: number): Values | undefined {
  const values = inputs.map((input) => {
    const { kind, spec } = kinds.inputs[input.name]!;
    return [input.name, inputKind(kind).describe(input, spec).example(length)] as const;
  });
  return values.every(([, value]) => value !== undefined) ? Object.fromEntries(values) : undefined;
}

function wholeInputs({ inputs }: Described, length: number): Values | undefined {
  const count = inputs.reduce((sum, { shape }) => sum + countOf(shape, length), 0);
  if (count > mostElements) return undefined;
  return Object.fromEntries(inputs.map(({ name, type, shape }) => [name, exampleOf(shape, type, length)]));
}

const isShort = (values: Values): boolean => elementsIn(values) <= mostElements;

const elementsIn = (value: unknown): number =>
  typeof value === 'object' && value !== null
    ? Object.values(value).reduce<number>((sum, part) => sum + elementsIn(part), 0)
    : 1;
