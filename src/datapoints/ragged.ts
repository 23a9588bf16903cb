import { concatRows } from '../inference/batch.js';
import type { Tensor } from '../support/tensor.js';
import type { Column } from './kind.js';

/** What was read of an input, by the tensors of its rows: one tensor where they have one shape. There is one row at least. */
export function columnOf(rows: readonly Tensor[]): Column {
  const { type, shape } = rows[0]!;
  if (rows.some((row) => String(row.shape) !== String(shape))) return { ragged: { type, rows } };
  return { tensor: concatRows(rows.map((row) => ({ ...row, shape: [1, ...row.shape] }))) };
}
