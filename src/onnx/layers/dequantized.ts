import type { Weight } from '../../keras/model.js';
import { ShapeError, showShape } from '../graph.js';
import { floats } from '../weights.js';

/** A matrix of numbers in the order of its rows. */
export interface Matrix {
  rows: number;
  columns: number;
  data: Float32Array;
}

/** Scales and zero points of a matrix, by group of rows or of columns. */
export interface Groups {
  scale: Weight;
  zero: Weight;
  /** The group of each row or column. */
  index: Weight;
}

/** @throws ShapeError unless the variable has this shape */
export function checkShape(name: string, { shape }: Weight, expected: readonly number[]): void {
  if (shape.join() === expected.join()) return;
  throw new ShapeError(`its ${name} should have the shape ${showShape(expected)}, not ${showShape(shape)}`);
}

/** A matrix of integers of a byte each. @throws ShapeError when the variable holds anything else */
export function integers(name: string, weight: Weight, rows: number, columns: number): Matrix {
  checkBytes(name, weight);
  checkShape(name, weight, [rows, columns]);
  return { rows, columns, data: floats(weight) };
}

function checkBytes(name: string, { dtype }: Weight): void {
  if (dtype !== 'int8' && dtype !== 'uint8')
    throw new ShapeError(`its ${name} should be integers of a byte, not ${dtype}`);
}

/** The lower half of a byte as a number from −8 to 7, or from 0 to 15. */
const half = (byte: number, isSigned: boolean): number => (isSigned ? ((byte & 15) ^ 8) - 8 : byte & 15);

/**
 * A matrix of which two neighbours are in one byte, the first in its lower half, as Keras's `pack_int4` makes it: neighbours along the
 * rows or along the columns. An odd one at the end has an empty half beside it.
 * @throws ShapeError when the variable is of another size
 */
export function unpacked(
  name: string,
  weight: Weight,
  rows: number,
  columns: number,
  along: 'rows' | 'columns',
  isSigned = true,
): Matrix {
  checkBytes(name, weight);
  const byRows = along === 'rows';
  const packed = byRows ? [Math.ceil(rows / 2), columns] : [rows, Math.ceil(columns / 2)];
  checkShape(name, weight, packed);
  const bytes = weight.data as Int8Array | Uint8Array;
  const data = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const byte = byRows ? bytes[(row >> 1) * columns + column]! : bytes[row * packed[1]! + (column >> 1)]!;
      const isUpper = (byRows ? row : column) % 2 === 1;
      data[row * columns + column] = half(isUpper ? byte >> 4 : byte, isSigned);
    }
  }
  return { rows, columns, data };
}

/**
 * A matrix of -1, 0 and 1 of which five neighbours along the columns are in one byte, as the digits of a number to the base 3, the first the
 * lowest: Keras's `pack_ternary`. The last byte of a row has digits to spare.
 * @throws ShapeError when the variable is of another size
 */
export function unpackedTernary(name: string, weight: Weight, rows: number, columns: number): Matrix {
  checkBytes(name, weight);
  const packed = Math.ceil(columns / 5);
  checkShape(name, weight, [rows, packed]);
  const bytes = weight.data as Int8Array | Uint8Array;
  const data = new Float32Array(rows * columns).map((_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    const byte = bytes[row * packed + Math.floor(column / 5)]! & 255;
    return (Math.floor(byte / 3 ** (column % 5)) % 3) - 1;
  });
  return { rows, columns, data };
}

/** What it is divided by, for each row or column. @throws ShapeError for another number of scales */
export function scaled(matrix: Matrix, scale: Weight, name: string, along: 'rows' | 'columns'): Matrix {
  const { rows, columns, data } = matrix;
  checkShape(name, scale, [along === 'rows' ? rows : columns]);
  const scales = floats(scale);
  return {
    ...matrix,
    data: data.map((value, at) => value / scales[along === 'rows' ? Math.floor(at / columns) : at % columns]!),
  };
}

/**
 * A matrix less its zero points, times its scales: those of the group that `index` gives for the row (`along` is `rows`: scales are
 * (groups, columns)) or for the column (scales are (rows, groups)).
 * @throws ShapeError when the variables don't fit the matrix, or an index has no group
 */
export function dequantized(
  { rows, columns, data }: Matrix,
  { scale, zero, index }: Groups,
  along: 'rows' | 'columns',
  name: string,
): Matrix {
  const byRows = along === 'rows';
  const count = scale.shape.at(byRows ? 0 : 1) ?? 0;
  checkShape(`${name}_scale`, scale, byRows ? [count, columns] : [rows, count]);
  checkShape(`${name}_zero`, zero, scale.shape);
  checkShape('g_idx', index, [byRows ? rows : columns]);
  const [scales, zeros] = [floats(scale), floats(zero)];
  const groups = floats(index).map(Math.trunc);
  const odd = groups.findIndex((group) => !(group >= 0 && group < count));
  if (odd >= 0) throw new ShapeError(`its g_idx names a group ${groups[odd]} where there are ${count}`);
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const group = byRows ? groups[row]! * columns + column : row * count + groups[column]!;
      const at = row * columns + column;
      result[at] = Math.fround(data[at]! - zeros[group]!) * scales[group]!;
    }
  }
  return { rows, columns, data: result };
}

/** Rows and columns exchanged. */
export function turned({ rows, columns, data }: Matrix): Matrix {
  return {
    rows: columns,
    columns: rows,
    data: data.map((_, at) => data[(at % rows) * columns + Math.floor(at / rows)]!),
  };
}
