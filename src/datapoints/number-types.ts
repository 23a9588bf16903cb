import type { TensorType } from '../support/tensor.js';

/** What may stand in JSON for an element of a tensor. */
export interface NumberType {
  least: number;
  most: number;
  whole: boolean;
  /** OpenAPI's name of it, where there is one. */
  format?: string;
}

/** Whole numbers end where JSON's are no longer exact. */
const integer = (least: number, most: number, format?: string): NumberType => ({
  least: Math.max(least, Number.MIN_SAFE_INTEGER),
  most: Math.min(most, Number.MAX_SAFE_INTEGER),
  whole: true,
  ...(format && { format }),
});

/** The greatest number that rounds to a float32: just below half a step above the greatest of these. */
export const largestFloat32 = (2 - 2 ** -24 - 2 ** -52) * 2 ** 127;

/** What may stand for an element of each type; `true` and `false` stand for the numbers of a `bool`, too. Strings have none. */
export const numberTypes = {
  float32: { least: -largestFloat32, most: largestFloat32, whole: false, format: 'float' },
  float64: { least: -Number.MAX_VALUE, most: Number.MAX_VALUE, whole: false, format: 'double' },
  int8: integer(-(2 ** 7), 2 ** 7 - 1),
  uint8: integer(0, 2 ** 8 - 1),
  int16: integer(-(2 ** 15), 2 ** 15 - 1),
  uint16: integer(0, 2 ** 16 - 1),
  int32: integer(-(2 ** 31), 2 ** 31 - 1, 'int32'),
  uint32: integer(0, 2 ** 32 - 1),
  int64: integer(-(2 ** 63), 2 ** 63, 'int64'),
  uint64: integer(0, 2 ** 64),
  bool: integer(0, 1),
} as Record<TensorType, NumberType>;
