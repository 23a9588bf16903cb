import { type TSchema, Type } from 'typebox';
import type { TensorInfo, TensorType } from '../support/tensor.js';
import { type NumberType, numberTypes } from './number-types.js';

export type Sizes = readonly (number | null)[];

/** Elements of tensors up to which examples are written out, and array sizes are told: Swagger UI makes samples of them. */
export const mostElements = 10_000;

/** How many elements there are, with so many along axes of any size. */
export const countOf = (sizes: Sizes, length = 16): number =>
  sizes.reduce<number>((product, size) => product * (size ?? length), 1);

/** Elements of examples that aren't numbers. */
const exampleElements: Partial<Record<TensorType, unknown>> = { bool: true, string: 'some words' };

/** A value of these axes. @param length along axes of any size */
export function exampleOf([size, ...rest]: Sizes, type: TensorType, length: number): unknown {
  if (size === undefined) return exampleElements[type] ?? (type.startsWith('float') ? 0.5 : 1);
  return Array.from({ length: size ?? length }, () => exampleOf(rest, type, length));
}

/** An element of a request. ONNX models may take others, of which JSON can't give one. */
export function elementSchema(type: TensorType): TSchema {
  if (type === 'string') return Type.Union([Type.String(), Type.Object({ b64: Type.String() })]);
  const numbers: NumberType | undefined = numberTypes[type];
  if (!numbers) return Type.Never();
  const { least, most, whole, format } = numbers;
  const number = (whole ? Type.Integer : Type.Number)({ ...(format && { format }), minimum: least, maximum: most });
  return type === 'bool' ? Type.Union([Type.Boolean(), number]) : number;
}

/** An element of a reply. */
export function replyElement(type: TensorType): TSchema {
  if (type === 'bool') return Type.Boolean();
  if (type === 'string') return Type.String();
  if (!type.startsWith('float')) return Type.Integer();
  return Type.Unsafe({ type: ['number', 'null'], format: numberTypes[type].format });
}

/** Arrays inside one another, one for each axis. */
export function nested(sizes: Sizes, element: TSchema, tellSizes = countOf(sizes) <= mostElements): TSchema {
  const bounds = (size: number | null) =>
    size === null ? { minItems: 1 } : tellSizes ? { minItems: size, maxItems: size } : {};
  return sizes.reduceRight<TSchema>((items, size) => Type.Array(items, bounds(size)), element);
}

/** What an input takes for a row: of one element, the number alone too. */
export function rowSchema({ shape, type }: TensorInfo, tellSizes?: boolean): TSchema {
  const sizes = shape.slice(1);
  const element = elementSchema(type);
  const array = nested(sizes, element, tellSizes);
  return sizes.length > 0 && sizes.every((size) => size === 1) ? Type.Union([element, array]) : array;
}

/** What a reply has for a tensor of this shape. */
export const nestedReply = (sizes: Sizes, type: TensorType): TSchema => nested(sizes, replyElement(type));
