import { batchSizeOf } from '../inference/batch.js';
import type { Signature, TensorType } from '../tensor.js';
import { haveRows } from './reply-text.js';

export type Sizes = readonly (number | null)[];

/** Elements of tensors up to which examples are written out, and array sizes are told: Swagger UI makes samples of them. */
export const mostElements = 10_000;

/** What an example may have along axes of any size: enough for most windows, few enough to read. Less where it is too much. */
const lengths = [16, 8, 4, 2, 1] as const;

/** How many elements there are, with so many along axes of any size. */
export const countOf = (sizes: Sizes, length: number = lengths[0]): number =>
  sizes.reduce<number>((product, size) => product * (size ?? length), 1);

/**
 * A request in JSON that a model answers, with a value for every input; undefined where it would be too long to be read.
 */
export function exampleRequest({ inputs, outputs }: Signature): unknown {
  const rows = haveRows(inputs);
  const sizes = inputs.map(({ shape }) => (rows ? shape.slice(1) : shape));
  const length = lengths.find((length) => sizes.reduce((sum, one) => sum + countOf(one, length), 0) <= mostElements);
  if (length === undefined) return undefined;
  const values = inputs.map(({ name, type }, index) => [name, exampleOf(sizes[index]!, type, length)] as const);
  if (!rows) return Object.fromEntries(values);
  const instance = inputs.length === 1 ? values[0]![1] : Object.fromEntries(values);
  const batch = batchSizeOf({ inputs, outputs }) === undefined ? inputs[0]!.shape[0] : 1;
  return { instances: Array(batch ?? 1).fill(instance) };
}

function exampleOf([size, ...rest]: Sizes, type: TensorType, length: number): unknown {
  if (size === undefined) return type === 'bool' ? true : type.startsWith('float') ? 0.5 : 1;
  return Array.from({ length: size ?? length }, () => exampleOf(rest, type, length));
}
