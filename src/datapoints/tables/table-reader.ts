import { NumberArray } from '../../json/number-array.js';
import { at, quoted } from '../../json/place.js';
import { nearestName } from '../../support/nearest-name.js';
import type { TensorData, TensorInfo } from '../../support/tensor.js';
import { InstancesError, isList, isObject, type List, plural, wrong } from '../json-tensor.js';
import type { Column, ColumnReader } from '../kind.js';
import { stepsReader, zeros } from '../steps.js';
import { isCategories, type NumericColumn } from './columns.js';
import { type PreparedColumn, preparedColumns } from './prepared-columns.js';
import { type TableSpec, widthOfTable } from './table-spec.js';

/** Reads datapoints of a table: rows, or lists of them where the input has an axis of steps. */
export function tableReader(input: TensorInfo, spec: TableSpec, rows: number): ColumnReader<Column> {
  const { type, shape } = input;
  const width = widthOfTable(spec);
  const columns = preparedColumns(spec.columns as readonly NumericColumn[], type);
  if (spec.hasSteps) {
    const options = { fitting: spec.fitting, width, what: 'rows', rows };
    return stepsReader(input, options, rowWriter(columns, spec, width));
  }
  let data: TensorData | undefined;
  const cells = (place: string) => {
    data ??= zeros(type, rows, width, place);
    return data;
  };
  const reader = readRows(columns, spec, width, cells);
  return {
    write: reader.write,
    writeAll(values, place) {
      if (isBlock(values, columns.length)) writeBlock(values, columns, cells(place), width, place);
      else reader.writeAll(values, place);
    },
    finish: () => ({ tensor: { type, shape: [rows, ...(shape.length > 1 ? [width] : [])], data: data! } }),
  };
}

/**
 * Reads rows one after the other.
 * @param width of a row among the cells
 * @param cells what the rows are written into
 */
export function readRows<Cells>(
  columns: readonly PreparedColumn<Cells>[],
  spec: TableSpec,
  width: number,
  cells: (place: string) => Cells,
): Pick<ColumnReader<Column>, 'write' | 'writeAll'> {
  const write = rowWriter(columns, spec, width);
  let row = 0;
  return {
    write: (value, place) => write(value, cells(place), row++ * width, place),
    writeAll(values, place) {
      for (let index = 0; index < values.length; index++)
        write(values.at(index), cells(place), row++ * width, at(place, index));
    },
  };
}

/** Whether lists are numbers in one piece, one for each column. */
const isBlock = (values: List, columns: number): values is NumberArray =>
  values instanceof NumberArray &&
  (values.shape.length === 2 ? values.shape[1] === columns : values.shape.length === 1 && columns === 1);

function writeBlock(
  block: NumberArray,
  columns: readonly PreparedColumn[],
  data: TensorData,
  width: number,
  place: string,
): void {
  const numbers = block.data;
  for (let row = 0, next = 0; row < block.length; row++)
    for (const [index, column] of columns.entries()) {
      const value = numbers[next++]!;
      if (column.write(value, data, row * width + column.from)) continue;
      const here = at(place, row);
      throw column.refusal(value, block.shape.length === 1 ? here : at(here, index));
    }
}

/** Writes a row: an object by column name, a list in the columns' order, or the bare value of the only column. */
function rowWriter<Cells>(
  columns: readonly PreparedColumn<Cells>[],
  { ignored = [], columns: said, texts }: TableSpec,
  width: number,
): (row: unknown, cells: Cells, start: number, place: string) => void {
  const values = plural(columns.length, texts ? 'text' : said.some(isCategories) ? 'value' : 'number');
  const expected = `an object by column name, or an array of ${values}`;
  const names = columns.map(({ name }) => name);
  const known = new Set([...names, ...ignored]);
  const [only] = columns;
  return (row, cells, start, place) => {
    if (isObject(row)) {
      for (const key of Object.keys(row)) if (!known.has(key)) throw noColumn(key, names, place);
      for (const column of columns) {
        const value = Object.hasOwn(row, column.name) ? row[column.name] : undefined;
        if (!column.write(value, cells, start + column.from)) throw column.refusal(value, at(place, column.name));
      }
    } else if (isList(row) && row.length === columns.length) {
      for (const [index, column] of columns.entries()) {
        const value = row.at(index);
        if (!column.write(value, cells, start + column.from)) throw column.refusal(value, at(place, index));
      }
    } else if (columns.length === 1 && !isList(row)) {
      if (!only!.write(row, cells, start + only!.from)) throw only!.refusal(row, place);
    } else throw wrongRow(row, expected, width, place);
  };
}

function noColumn(key: string, names: readonly string[], place: string): InstancesError {
  const nearest = nearestName(key, names);
  const listed = names.slice(0, 20).map(quoted).join(', ') + (names.length > 20 ? ', …' : '');
  const hint = nearest ? `Did you mean ${quoted(nearest)}?` : `Columns are ${listed}.`;
  return new InstancesError(at(place, key), `${at(place, key)} is no column. ${hint}`);
}

function wrongRow(row: unknown, expected: string, width: number, place: string): InstancesError {
  // A value of one datapoint's, in the place of a datapoint.
  if (/^\[\d+\]$/.test(place) && !isList(row)) return wrong(place, `${expected}: a list is one of datapoints`, row);
  if (!isList(row) || row.length !== width) return wrong(place, expected, row);
  return new InstancesError(
    place,
    `${place} has ${plural(width, 'number')}, as the model’s tensor has, but should be ${expected}, before any preparation. ` +
      'Tensors as the model takes them go to TensorFlow Serving’s route, /v1/models/{name}:predict.',
  );
}
