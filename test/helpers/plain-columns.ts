import type { Column } from '../../src/datapoints/kind.js';

/** What was read of datapoints, as the numbers of tensors and the texts of files. */
export const plainColumns = (columns: Record<string, Column>) =>
  Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [
      name,
      'files' in column
        ? column.files.map((file) => Buffer.from(file).toString())
        : 'ragged' in column
          ? column.ragged.rows.map(({ data }) => Array.from(data, Number))
          : Array.from(column.tensor.data, Number),
    ]),
  );
