import type { Cell } from '../../datapoints/kind.js';
import { type ModelKinds, outputKind } from '../../datapoints/kinds.js';
import { rowCount, rowOf } from '../../datapoints/tensor-rows.js';
import { encodeTexts } from '../../datapoints/tensor-text.js';
import type { RaggedTensors, TensorInfo } from '../../support/tensor.js';
import { ProtocolRequestError } from '../errors.js';
import type { PredictionsToWrite } from './reply.js';

/** The reply in CSV (RFC 4180), in UTF-8: a header, and a row for each datapoint. */
export const writeCsv = (predictions: PredictionsToWrite): Uint8Array<ArrayBuffer>[] =>
  encodeTexts(csvTexts(predictions), predictions.maxSize);

function* csvTexts({ outputs, infos, kinds, part }: PredictionsToWrite): Generator<string> {
  if (part?.isFirst !== false) yield csvLine(csvColumns(infos, kinds));
  for (const cells of csvCells(outputs, infos, kinds)) yield csvLine(cells);
}

/** The names of the columns. Every output has some. */
export const csvColumns = (infos: readonly TensorInfo[], kinds: ModelKinds['outputs']): string[] =>
  infos.flatMap((info) => {
    const { kind, spec } = kinds[info.name]!;
    return outputKind(kind).csv!.columns(info, spec, infos.length > 1 ? `${info.name}.` : '')!;
  });

/**
 * The cells of each row.
 * @throws ProtocolRequestError where the outputs haven't as many rows as one another
 */
export function* csvCells(
  outputs: RaggedTensors,
  infos: readonly TensorInfo[],
  kinds: ModelKinds['outputs'],
): Generator<readonly Cell[]> {
  const written = infos.map(({ name }) => ({ ...kinds[name]!, tensor: outputs[name]! }));
  const [rows, ...others] = new Set(written.map(({ tensor }) => rowCount(tensor)));
  if (rows === undefined || others.length > 0)
    throw new ProtocolRequestError(
      'text/csv has a row for each datapoint, which the outputs haven’t.',
      'not_acceptable',
    );
  const [first, ...more] = written.map(({ tensor, kind, spec }) => {
    const { csv } = outputKind(kind);
    return (row: number) => csv!.cells(rowOf(tensor, row), spec);
  });
  for (let row = 0; row < rows; row++) {
    const cells = first!(row);
    yield more.length === 0 ? cells : [...cells, ...more.flatMap((cellsOf) => cellsOf(row))];
  }
}

/** A line of CSV with its end. An empty cell that stands alone is quoted: without, many readers take it for no line. */
export const csvLine = (cells: readonly Cell[]): string =>
  `${cells.length === 1 && (cells[0] === null || cells[0] === '') ? '""' : cells.map(textOf).join(',')}\r\n`;

const textOf = (cell: Cell): string => {
  if (typeof cell !== 'string') return cell === null ? '' : String(cell);
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
};
