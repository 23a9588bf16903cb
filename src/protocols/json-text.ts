import type { Tensor, TensorType } from '../tensor.js';
import { ProtocolRequestError } from './errors.js';

/** How NaN and infinities are written, which JSON lacks: as JavaScript and Python write them, or as null. */
export type NonFinite = 'tokens' | 'null';

const isFloat = (type: TensorType) => type === 'float32' || type === 'float64';

/**
 * The elements of a tensor as JSON. Floats always look like floats (`4.0`), so that readers with types take them for such;
 * integers have all their digits, even those past 2⁵³.
 */
function elementTexts({ type, data }: Tensor, nonFinite: NonFinite): string[] {
  if (type === 'bool') return Array.from(data as Uint8Array, (value) => (value ? 'true' : 'false'));
  if (!isFloat(type)) return Array.from(data as ArrayLike<number | bigint>, String);
  return Array.from(data as Float64Array, (value) => {
    if (Number.isInteger(value)) return Math.abs(value) < 1e21 ? `${value}.0` : String(value);
    return nonFinite === 'tokens' || Number.isFinite(value) ? String(value) : 'null';
  });
}

/** A tensor as one list in JSON, in row-major order. */
export const flatText = (tensor: Tensor, nonFinite: NonFinite): string => `[${elementTexts(tensor, nonFinite)}]`;

/** A tensor as nested lists in JSON: one text for each of its rows. */
export function rowTexts(tensor: Tensor, nonFinite: NonFinite): string[] {
  const { shape } = tensor;
  let texts = elementTexts(tensor, nonFinite);
  for (let axis = shape.length - 1; axis > 0; axis--) {
    const size = shape[axis]!;
    const length = shape.slice(0, axis).reduce((a, b) => a * b, 1);
    const inner = texts;
    texts = Array.from({ length }, (_, list) => `[${inner.slice(list * size, (list + 1) * size)}]`);
  }
  return texts;
}

/** A tensor as nested lists in JSON, or as the one element that it is. */
export const nestedText = (tensor: Tensor, nonFinite: NonFinite): string =>
  tensor.shape.length === 0 ? elementTexts(tensor, nonFinite)[0]! : `[${rowTexts(tensor, nonFinite)}]`;

/**
 * What a text in JSON stands for.
 * @throws ProtocolRequestError that says at which character it ends to be JSON
 */
export function parseJson(bytes: Buffer): unknown {
  const text = bytes.toString('utf8');
  if (text.trim() === '') throw new ProtocolRequestError('JSON Parse error: The document is empty', 'json_invalid');
  try {
    return JSON.parse(text);
  } catch (error) {
    const [, offset] = /at position (\d+)/.exec((error as Error).message) ?? [];
    const where = offset === undefined ? 'Unexpected end or value.' : `Invalid value. at offset: ${offset}`;
    throw new ProtocolRequestError(`JSON Parse error: ${where}`, 'json_invalid');
  }
}
