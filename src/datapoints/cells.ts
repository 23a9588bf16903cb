import type { TensorData, TensorInfo } from '../support/tensor.js';
import type { Cell, CellWriter } from './kind.js';
import type { Prediction } from './label.js';

/** Columns of a row of CSV that an output may have. */
const mostColumns = 10_000;

/** A number of a model; null where it is none. */
export const numberCell = (value: number | bigint): Cell =>
  typeof value === 'bigint' || Number.isFinite(value) ? value : null;

/** The cells of numbers. */
export function numberCells(data: TensorData | readonly number[]): Cell[] {
  const cells = new Array<Cell>(data.length);
  for (let index = 0; index < cells.length; index++) cells[index] = numberCell(data[index]!);
  return cells;
}

/** What has labels: the one that is the answer, with its probability. */
export const answerCells = <Spec>(answerOf: CellAnswer<Spec>): CellWriter<Spec> => ({
  columns: (_output, _spec, prefix) => [`${prefix}label`, `${prefix}probability`],
  cells(row, spec) {
    const [{ label, probability }] = answerOf(row, spec, 1) as [Prediction];
    return [label, numberCell(probability)];
  },
});

type CellAnswer<Spec> = (row: Parameters<CellWriter<Spec>['cells']>[0], spec: Spec, topK: 1) => Prediction[];

/** Columns of a row of numbers by their places: `y[0][1]`, and `y` of a single one. */
export function placeColumns({ name, shape }: TensorInfo): readonly string[] | undefined {
  const sizes = shape.slice(1);
  const count = sizes.reduce<number>((product, size) => product * (size ?? Number.POSITIVE_INFINITY), 1);
  if (!(count <= mostColumns)) return undefined;
  if (count === 1) return [name];
  return sizes.reduce<string[]>(
    (names, size) => names.flatMap((start) => Array.from({ length: size! }, (_, index) => `${start}[${index}]`)),
    [name],
  );
}
