import type { Column } from '../datapoints/kind.js';
import type { Tensors } from '../support/tensor.js';

/** What a request asks a model of, by input name. */
export type ModelInput = Record<string, Column>;

/** The same without what is ragged. */
export type WholeInput = Record<string, Exclude<Column, { ragged: unknown }>>;

/** Tensors as what a model is asked. */
export const inputOf = (tensors: Tensors): WholeInput =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, { tensor }]));

/** The tensors of the inputs that were read as such. */
export const tensorsOf = (input: ModelInput): Tensors =>
  Object.fromEntries(
    Object.entries(input).flatMap(([name, column]) => ('tensor' in column ? [[name, column.tensor] as const] : [])),
  );

/** How many rows an input was given. */
export function rowsIn(column: Column): number {
  if ('files' in column) return column.files.length;
  return 'ragged' in column ? column.ragged.rows.length : (column.tensor.shape[0] ?? 1);
}

/** Bytes that the tensors of a request take. */
export const bytesIn = (input: ModelInput): number =>
  Object.values(input)
    .flatMap((column) => ('ragged' in column ? column.ragged.rows : 'tensor' in column ? [column.tensor] : []))
    .reduce((sum, { data }) => sum + data.byteLength, 0);

/** The files in what a model is asked. */
export const filesOf = (input: ModelInput): readonly Uint8Array[] =>
  Object.values(input).flatMap((column) => ('files' in column ? column.files : []));
