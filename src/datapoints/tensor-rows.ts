import { elementsOf, shownString } from '../support/strings.js';
import type { RaggedTensor, Tensor } from '../support/tensor.js';

/** How many rows there are; undefined of what has no axes. */
export const rowCount = (tensor: Tensor | RaggedTensor): number | undefined =>
  'rows' in tensor ? tensor.rows.length : tensor.shape[0];

/** A row without its axis; the memory is shared. */
export function rowOf(tensor: Tensor | RaggedTensor, row: number): Tensor {
  if ('rows' in tensor) return tensor.rows[row]!;
  const { type, shape, data, bytes } = tensor;
  const size = data.length / shape[0]!;
  // Spreading the rest of each tensor would take as long as writing it.
  const given: Tensor = { type, shape: shape.slice(1), data: data.subarray(row * size, (row + 1) * size) };
  if (bytes) given.bytes = bytes;
  return given;
}

/** How tensors are written: `elements` those of the last axis, or the one without axes; `list` what was written of rows. */
export interface TensorWriting<Written> {
  elements(tensor: Tensor): Written;
  list(rows: Iterable<Written>): Written;
}

/** Goes through a tensor's axes, from the outermost in. */
export function write<Written>(tensor: Tensor, writing: TensorWriting<Written>): Written {
  if (tensor.shape.length <= 1) return writing.elements(tensor);
  function* rows() {
    for (let row = 0; row < tensor.shape[0]!; row++) yield write(rowOf(tensor, row), writing);
  }
  return writing.list(rows());
}

/** What stands in JSON for a tensor, or for a row of one. NaN and infinities, which JSON lacks, are null. */
export type JsonTensor = number | string | boolean | null | JsonTensor[];

/** As values of JavaScript: 64-bit integers past 2⁵³ are the nearest number, strings that are no text base64. */
const asValues: TensorWriting<JsonTensor> = {
  elements(tensor) {
    const { type, shape, data } = tensor;
    const texts = type === 'string' ? Array.from(elementsOf(tensor), shownString) : undefined;
    if (texts) return shape.length === 0 ? texts[0]! : texts;
    const element = (value: number | bigint): JsonTensor =>
      type === 'bool' ? Boolean(value) : Number.isFinite(Number(value)) ? Number(value) : null;
    return shape.length === 0 ? element(data[0]!) : Array.from(data as ArrayLike<number | bigint>, element);
  },
  list: (rows) => [...rows],
};

/** A tensor as nested arrays, or as the one element that it is. */
export const nest = (tensor: Tensor): JsonTensor => write(tensor, asValues);
