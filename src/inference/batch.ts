import { concatStrings, sliceStrings } from '../support/strings.js';
import type { Signature, Tensor, TensorData, Tensors } from '../support/tensor.js';

type TensorArray = { new (length: number): TensorData & { set(from: TensorData, offset: number): void } };

const length = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Whether a model's inputs and outputs have the same number of rows. */
export const sharesBatch = ({ inputs, outputs }: Signature): boolean =>
  new Set([...inputs, ...outputs].map(({ shape }) => shape[0])).size === 1;

/**
 * The rows that a model runs at once: a number, to which others can be added, or null for any. undefined when every request
 * has to run alone, as it is: tensors have no batch in common, or the answer to one row depends on others.
 */
export const batchSizeOf = (signature: Signature): number | null | undefined =>
  sharesBatch(signature) && !signature.batchDependent ? signature.inputs[0]?.shape[0] : undefined;

/** How many rows the tensors of one request have; undefined when they differ. */
export function rowsOf(tensors: Tensors): number | undefined {
  const sizes = new Set(Object.values(tensors).map(({ shape }) => shape[0]));
  return sizes.size === 1 ? [...sizes][0] : undefined;
}

/** Elements of input in one run. Two images of 224 × 224: on processors, larger runs are hardly faster and take more memory. */
const elementsPerRun = 2 * 224 * 224 * 3;

/**
 * How many rows like those of a request should go into one run: two at least.
 * @param least elements that the engine takes of a row, where these are others than it is given
 */
export function rowsPerRun(tensors: Tensors, least = 0): number {
  const given = Object.values(tensors).reduce((sum, { shape }) => sum + length(shape.slice(1)), 0);
  const elements = Math.max(given, least);
  return Math.max(2, Math.min(1024, Math.floor(elementsPerRun / elements)));
}

/**
 * Requests with equal keys can run together: the same tensors, but for the number of rows.
 * @param raw the names of those that are to be prepared
 */
export const batchKey = (tensors: Tensors, raw: readonly string[]): string =>
  Object.keys(tensors)
    .sort()
    .map((name) => `${name}:${raw.includes(name) ? 'raw ' : ''}${tensors[name]!.type}:${tensors[name]!.shape.slice(1)}`)
    .join();

/** Some rows of a tensor; the memory is shared. */
export function sliceRows(tensor: Tensor, start: number, end: number): Tensor {
  const { type, data } = tensor;
  const rest = tensor.shape.slice(1);
  const row = length(rest);
  const shape = [end - start, ...rest];
  if (type === 'string') return sliceStrings(tensor, start * row, end * row, shape);
  return { type, shape, data: data.subarray(start * row, end * row) };
}

/** Tensors below one another. Rows that are missing up to `rows` are zero, or empty strings. */
export function concatRows(tensors: readonly Tensor[], rows?: number): Tensor {
  const first = tensors[0]!;
  const total = rows ?? tensors.reduce((sum, { shape }) => sum + shape[0]!, 0);
  if (tensors.length === 1 && total === first.shape[0]) return first;
  const rest = first.shape.slice(1);
  if (first.type === 'string') return concatStrings(tensors, [total, ...rest]);
  const data = new (first.data.constructor as TensorArray)(total * length(rest));
  let offset = 0;
  for (const tensor of tensors) {
    data.set(tensor.data, offset);
    offset += tensor.data.length;
  }
  return { type: first.type, shape: [total, ...rest], data };
}

/** Applies `body` to every tensor. */
export const mapTensors = (tensors: Tensors, body: (tensor: Tensor, name: string) => Tensor): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, body(tensor, name)]));
