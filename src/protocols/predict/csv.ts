import { knownNames, type Names, namesOf } from '../../datapoints/datapoint-names.js';
import { InstancesError, plural } from '../../datapoints/json-tensor.js';
import type { Column, ColumnReader, TextReader } from '../../datapoints/kind.js';
import { type Claimed, inputKind, type ModelKinds } from '../../datapoints/kinds.js';
import { textReaderOf } from '../../datapoints/text-reader.js';
import { numberOfText } from '../../datapoints/text-value.js';
import { batchSizeOf } from '../../inference/batch.js';
import { JsonError } from '../../json/error.js';
import { NumberArray } from '../../json/number-array.js';
import { bytesIn, type ModelInput } from '../../serving/model-input.js';
import { formatBytes } from '../../support/bytes.js';
import { unknownName } from '../../support/nearest-name.js';
import { repeated } from '../../support/repeated.js';
import type { Signature, TensorInfo } from '../../support/tensor.js';
import { ProtocolRequestError } from '../errors.js';
import { CsvReader, type CsvRows } from './csv-records.js';

export const csvType = 'text/csv';

/** A body of CSV, and what it is for. */
export interface CsvToRead {
  /** In UTF-8, in one chunk or several. */
  body: readonly Uint8Array[];
  signature: Signature;
  /** What the inputs are. */
  kinds: ModelKinds['inputs'];
  /** Rows of a batch, at most. */
  batchRows: number;
  /** Rows of all of it, at most. */
  maxRows: number;
}

/** Rows that are run at once: enough to fill several runs, few enough to be held. */
const mostBatchRows = 2 ** 14;
/** Values of such rows, and numbers that the model gets for them. */
const [mostValues, mostNumbers] = [2 ** 19, 2 ** 22];
/** Bytes of tensors that are held until they are run. Categories and absent values are made of little CSV. */
const mostHeld = 2 ** 26;

/**
 * How the rows of CSV are run: in batches, each within the limit of rows; all at once by a model whose answer to a row depends on
 * others.
 */
export function csvRows(model: Signature, maxRows: number): Pick<CsvToRead, 'batchRows' | 'maxRows'> {
  if (batchSizeOf(model) === undefined) return { batchRows: Number.POSITIVE_INFINITY, maxRows };
  return { batchRows: Math.min(mostBatchRows, maxRows), maxRows: Number.POSITIVE_INFINITY };
}

/** The message for CSV that is larger than it may be. */
export const csvTooLarge = (limit: number): string =>
  `The CSV is larger than ${formatBytes(limit)}, the most that this server takes.`;

/** Rows of CSV, all of which were read and checked. */
export interface CsvBatches {
  /** Tensors; past some bytes of them a batch is CSV again, to be read when it is run. */
  batches: (ModelInput | Uint8Array<ArrayBuffer>)[];
  rows: number;
}

/**
 * The rows of CSV (RFC 4180), whose header names inputs and columns in any order, in batches. All of it is read and checked.
 *
 * @throws ProtocolRequestError, InstancesError: the message begins with the line, the header being the first
 */
export function readCsv({ body, signature, kinds, batchRows, maxRows }: CsvToRead): CsvBatches {
  const csv = new CsvReader(body);
  const header = csv.header();
  if (!header)
    throw new ProtocolRequestError(
      `The CSV is empty. Its first line has the names of the columns: ${list(knownNames(namesOf(signature.inputs, kinds)))}.`,
    );
  const plans = plansOf(header, signature, kinds);
  const numeric = new Set(plans.flatMap(({ cells }) => cells.filter(isNumber).map(({ index }) => index)));
  const areNumbers = header.map((_, index) => numeric.has(index));
  const most = Number.isFinite(batchRows) ? rowsOfBatch(batchRows, header.length, signature) : maxRows + 1;
  const batches: (ModelInput | Uint8Array<ArrayBuffer>)[] = [];
  let count = 0;
  let held = 0;
  for (let rows = csv.read(areNumbers, most); rows; rows = csv.read(areNumbers, most)) {
    const batch = rows;
    count += batch.length;
    if (count > maxRows)
      throw new ProtocolRequestError(
        `There are more than ${plural(maxRows, 'row')}, the most that one request can have.`,
        'content_too_large',
      );
    const input = Object.fromEntries(plans.map((plan) => [plan.input.name, readColumn(batch, plan)]));
    const bytes = bytesIn(input);
    const isHeld = batches.length === 0 || held + bytes <= mostHeld;
    if (isHeld) held += bytes;
    batches.push(isHeld ? input : batch.bytes());
  }
  if (count === 0) throw new ProtocolRequestError('The CSV has no rows, only a header.');
  return { batches, rows: count };
}

/** How many rows a batch has, at least one. */
function rowsOfBatch(most: number, values: number, { inputs }: Signature): number {
  return Math.max(
    1,
    Math.floor(Math.min(most, mostValues / values, mostNumbers / Math.max(1, ...inputs.map(numbersOf)))),
  );
}

/** How many numbers a row of an input is; one along an axis of any size. */
const numbersOf = ({ shape }: TensorInfo): number => shape.slice(1).reduce<number>((all, size) => all * (size ?? 1), 1);

/** About what it is to read CSV, in bytes or numbers: a value may be a category, which is a number for each that there is. */
export function workOf(bytes: number, { inputs }: Signature, kinds: ModelKinds['inputs']): number {
  const perValue = inputs.map((input) => {
    const { kind, spec } = kinds[input.name]!;
    const columns = inputKind(kind).columns?.(spec).length ?? 0;
    return columns > 0 ? numbersOf(input) / columns : 1;
  });
  return bytes * Math.max(1, ...perValue);
}

/** A value in each record, and what it is of an input. */
interface CsvCell {
  name: string;
  index: number;
  read: TextReader;
}

/** How an input is read. */
interface CsvPlan {
  input: TensorInfo;
  claimed: Claimed;
  /** The only cell is the whole value; else there is one for each column that the header has, in the columns' order. */
  isWhole: boolean;
  cells: readonly (CsvCell | undefined)[];
  columns: readonly string[];
}

const isNumber = (cell: CsvCell | undefined): cell is CsvCell => cell?.read === numberOfText;

/** How the inputs are read of records with this header. @throws ProtocolRequestError, InstancesError */
function plansOf(header: readonly string[], { inputs }: Signature, kinds: ModelKinds['inputs']): CsvPlan[] {
  const names = namesOf(inputs, kinds);
  const given = header.map((cell) => (names.has(cell) ? cell : cell.trim()));
  checkHeader(given, names, inputs, kinds);
  return inputs.map((input) => {
    const claimed = kinds[input.name]!;
    const parts = given.flatMap((name, index) => {
      const { input: of, column, ignored } = names.get(name)!;
      return of === input.name && !ignored
        ? [{ column, cell: { name, index, read: textReaderOf(claimed, column) } }]
        : [];
    });
    const cells = new Map(parts.map(({ column, cell }) => [column, cell]));
    const whole = cells.get(undefined);
    if (parts.length === 0)
      throw headerError(`there is no column "${input.name}". There are ${list(knownNames(names))}.`);
    if (whole && parts.length > 1) throw headerError(`"${input.name}" is given as a whole and by its columns.`);
    const columns = inputKind(claimed.kind).columns?.(claimed.spec) ?? [];
    return {
      input,
      claimed,
      isWhole: whole !== undefined,
      cells: whole ? [whole] : columns.map((column) => cells.get(column)),
      columns,
    };
  });
}

/** The value of a cell in JSON. @throws InstancesError */
function valueIn(rows: CsvRows, row: number, { name, index, read }: CsvCell): unknown {
  const number = rows.number(row, index);
  if (!Number.isNaN(number)) return number;
  try {
    return read(rows.text(row, index)) ?? null;
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new InstancesError(name, error.message.replace('The body', name));
  }
}

/** One input of all rows. @throws InstancesError that names the line */
function readColumn(rows: CsvRows, plan: CsvPlan): Column {
  const { input, claimed, isWhole, cells, columns } = plan;
  const { kind, spec } = claimed;
  const readerOf = () => inputKind(kind).reader(input, spec, rows.length);
  const numbers = numbersIn(rows, plan);
  if (numbers)
    try {
      const reader = readerOf();
      reader.writeAll(numbers, '');
      return reader.finish();
    } catch (error) {
      // Row by row it is found again, with its line.
      if (!(error instanceof InstancesError)) throw error;
    }
  const reader = readerOf();
  for (let row = 0; row < rows.length; row++)
    try {
      const values = cells.map((cell) => cell && valueIn(rows, row, cell));
      if (isWhole) reader.write(values[0], cells[0]!.name);
      else writeRow(reader, values, columns);
    } catch (error) {
      if (!(error instanceof InstancesError)) throw error;
      throw new InstancesError(error.place, `Line ${rows.line(row)}: ${error.message}`);
    }
  return reader.finish();
}

/** Writes a datapoint of a table: a list takes the least time, and an object has the names for messages. */
function writeRow(reader: ColumnReader<Column>, values: readonly unknown[], columns: readonly string[]): void {
  try {
    reader.write(values, '');
  } catch (error) {
    reader.write(Object.fromEntries(columns.map((column, index) => [column, values[index]])), '');
    throw error;
  }
}

/** An input in one piece, where all of it are numbers; undefined where something else is among them, be it wrong or not. */
function numbersIn(rows: CsvRows, { cells, isWhole }: CsvPlan): NumberArray | undefined {
  if (!cells.every(isNumber)) return undefined;
  const width = cells.length;
  const numbers = new Float64Array(rows.length * width);
  let next = 0;
  for (let row = 0; row < rows.length; row++)
    for (const cell of cells) {
      const value = valueIn(rows, row, cell);
      if (typeof value !== 'number') return undefined;
      numbers[next++] = value;
    }
  return new NumberArray(numbers, 0, isWhole ? [rows.length] : [rows.length, width]);
}

function checkHeader(
  columns: readonly string[],
  names: Names,
  inputs: readonly TensorInfo[],
  kinds: ModelKinds['inputs'],
): void {
  const picture = inputs.find(({ name }) => kinds[name]!.kind === 'image');
  if (picture)
    throw new ProtocolRequestError(`CSV can’t hold images, and "${picture.name}" is one. Send a form, or JSON.`);
  const [only = ''] = columns;
  const separator = columns.length === 1 && !names.has(only) && [';', '\t', '|'].find((one) => only.includes(one));
  if (separator)
    throw headerError(`the columns are separated by ${JSON.stringify(separator)}. Separate them by commas.`);
  if (!columns.some((name) => names.has(name)))
    throw headerError(
      `that should be the names of the columns, and ${JSON.stringify(only.slice(0, 40))} is none. There are ${list(knownNames(names))}.`,
    );
  if (columns.includes('') && !names.has(''))
    throw headerError('a column has no name. Leave it out (pandas writes one without index=False).');
  const message = unknownName(
    columns.filter((name) => !names.has(name)),
    knownNames(names),
    'column',
  );
  if (message !== undefined) throw headerError(message);
  const twice = repeated(columns);
  if (twice !== undefined) throw headerError(`there are two columns "${twice}".`);
}

const headerError = (message: string) => new InstancesError('', `Line 1: ${message}`);

const list = (names: readonly string[]): string =>
  names
    .slice(0, 20)
    .map((name) => JSON.stringify(name))
    .join(', ') + (names.length > 20 ? ', …' : '');
