import { Type } from 'typebox';
import { at, quoted } from '../../json/place.js';
import type { Cell } from '../../pickle/cells.js';
import { accepts, outputsOf, transform } from '../../pickle/fitted.js';
import { type Accepted, type Fitted, type Column as FittedColumn, TransformSignal } from '../../pickle/transformer.js';
import { CardError } from '../../support/card-error.js';
import { repeated } from '../../support/repeated.js';
import type { Tensor, TensorData, TensorInfo, TensorType } from '../../support/tensor.js';
import { InstancesError, plural, show } from '../json-tensor.js';
import type { CardFile, Column, ColumnReader, Place } from '../kind.js';
import { numberTypes } from '../number-types.js';
import { zeros } from '../steps.js';
import { checkNames } from './check-columns.js';
import { isCategories, type NumericColumn, type TableColumn } from './columns.js';
import { tableReader } from './table-reader.js';
import type { FittedTable, TableSpec } from './table-spec.js';

/** `transform` of a card. */
export const Transform = Type.Union([Type.String({ minLength: 1 }), Type.Null()], {
  description: 'the name of a pickle beside the model, a fitted transformer of scikit-learn, or null for none',
});

/**
 * The columns of rows as a fitted transformer takes them.
 * @param given columns of the card, which have names alone, or categories whose places the transformer gets
 * @param width of the model's tensor
 * @throws CardError
 */
export function fittedTable(
  said: CardFile,
  given: readonly TableColumn[] | undefined,
  width: number,
  type: TensorType,
  place: Place,
): Pick<Required<TableSpec>, 'columns' | 'fitted'> {
  const fitted = said.content as Fitted;
  const what = `${place('transform')} names ${said.file}, which is a ${fitted.kind} and`;
  if (type === 'string') throw new CardError(`${what} makes numbers, where the model takes strings.`);
  const count = fitted.inputs ?? given?.length ?? width;
  const outputs = outputsOf({ ...fitted, inputs: count });
  if (outputs !== width)
    throw new CardError(`${what} makes ${plural(outputs, 'number')} of a row where the model takes ${width}.`);
  const [foreign] = (given ?? []).flatMap((column) => Object.keys(column).filter((key) => !ofFitted.includes(key)));
  if (foreign) throw new CardError(`${place('columns')}: ${foreign} can't stand beside "transform", which says it.`);
  const names =
    given?.map(({ name }) => name) ?? fitted.names ?? Array.from({ length: count }, (_, index) => `x${index}`);
  if (names.length !== count)
    throw new CardError(`${what} takes ${plural(count, 'column')}, but ${place('columns')} has ${names.length}.`);
  checkNames(names, place('columns'));
  const all = accepts(fitted, count);
  const places = names.flatMap((_, index) => (all[index]!.unused ? [] : [index]));
  const categories = given?.map((column) => (isCategories(column) ? column.categories.map(String) : undefined)) ?? [];
  const columns = places.map((index) => {
    const column = columnOf(names[index]!, all[index]!, what);
    return categories[index] ? encodedOf(column, categories[index], place) : column;
  });
  const encoded = places.flatMap((index) =>
    categories[index] ? [[names[index]!, categories[index].length] as const] : [],
  );
  return {
    columns,
    fitted: {
      file: said.file,
      transformer: { ...fitted, inputs: count },
      places,
      width,
      ...(given && { named: given }),
      ...(encoded.length > 0 && { encoded: new Map(encoded) }),
      unused: names.filter((_, index) => all[index]!.unused),
    },
  };
}

/** What a card says of it. @param ignored names that are passed over, those of unused columns among them */
export function spellFitted(
  { file, named, unused }: FittedTable,
  ignored: readonly string[] = [],
): Record<string, unknown> {
  const passed = ignored.filter((name) => !unused.includes(name));
  return {
    transform: file,
    ...(named && { columns: [...named] }),
    ...(passed.length > 0 && { ignored: passed }),
  };
}

/** What a card may say of a column beside a transformer. */
const ofFitted = ['name', 'categories'];

/** A column of numbers of which a card has categories: it takes these, and the numbers of their places. @throws CardError */
function encodedOf(column: NumericColumn, categories: readonly string[], place: Place): NumericColumn {
  const here = `${place('columns')}: categories of ${quoted(column.name)}`;
  if (isCategories(column)) throw new CardError(`${here} can't stand beside "transform", which says them.`);
  const all = [...categories, ...categories.keys()];
  const twice = repeated(all.map(String));
  if (twice !== undefined)
    throw new CardError(`${here} have ${quoted(twice)} twice, if the numbers of their places count.`);
  return { name: column.name, categories: all };
}

/** @throws CardError */
function columnOf(name: string, { categories, others, missing }: Accepted, what: string): NumericColumn {
  const absent = missing === undefined || missing === null ? {} : { missing };
  if (!categories) {
    if (typeof missing === 'string') throw new CardError(`${what} leaves texts in ${quoted(name)}.`);
    return { name, ...(absent as { missing?: number }) };
  }
  const known = categories.filter((category) => category !== null);
  const twice = repeated(known.map(String));
  if (twice !== undefined) throw new CardError(`${what} has the category ${quoted(twice)} of ${quoted(name)} twice.`);
  return {
    name,
    categories: known,
    ...(others && { others }),
    ...(known.length < categories.length && { absent: true }),
    ...absent,
  };
}

/** In the place of a number: that the step isn't there, and is filled up. No number in JSON is infinite. */
const filled = Number.NEGATIVE_INFINITY;

/** A text that is no category. */
const unknown = '\0';

/** Reads rows as they are sent, and transforms them all at once. */
export function fittedReader(input: TensorInfo, spec: TableSpec, rows: number): ColumnReader<Column> {
  const { fitted, ...raw } = spec;
  const fitting = raw.fitting && { ...raw.fitting, value: filled };
  const own: TensorInfo = { ...input, type: 'float64', shape: [...input.shape.slice(0, -1), raw.columns.length] };
  const reader = tableReader(own, { ...raw, ...(fitting && { fitting }) }, rows);
  const places: string[] = [];
  const made = (tensor: Tensor, placeOf: (row: number) => string) => transformed(tensor, input, spec, fitted!, placeOf);
  return {
    write(value, place) {
      places.push(place);
      reader.write(value, place);
    },
    writeAll(values, place) {
      for (let index = 0; index < values.length; index++) places.push(at(place, index));
      reader.writeAll(values, place);
    },
    finish() {
      const column = reader.finish();
      if ('ragged' in column) {
        const tensors = column.ragged.rows.map((row, index) => made(row, (step) => at(places[index]!, step)));
        return { ragged: { type: input.type, rows: tensors } };
      }
      if (!('tensor' in column)) return column;
      const steps = spec.hasSteps ? column.tensor.shape[1]! : 1;
      return { tensor: made(column.tensor, (row) => places[Math.floor(row / steps)]!) };
    },
  };
}

/** The model's tensor of a tensor of rows. @throws InstancesError */
function transformed(
  { shape, data }: Tensor,
  { type, shape: { length: axes } }: TensorInfo,
  { columns, fitting }: TableSpec,
  { transformer, places, width, encoded }: FittedTable,
  placeOf: (row: number) => string,
): Tensor {
  const step = columns.length;
  const count = data.length / step;
  const result = zeros(type, count, width, placeOf(0));
  const inputs = Array.from({ length: transformer.inputs! }, (): FittedColumn => new Float64Array(count));
  for (const [index, column] of columns.entries())
    inputs[places[index]!] = valuesOf(
      column as NumericColumn,
      data as Float64Array,
      index,
      step,
      encoded?.get(column.name),
    );
  const outputs = run(transformer, inputs, (row, place) => `${placeOf(row)}${nameOf(columns, places, place)}`);
  const { least, most, whole } = numberTypes[type];
  const put = type === 'int64' || type === 'uint64' ? BigInt : Number;
  const filling = put(fitting?.value ?? 0);
  for (const [index, output] of outputs.entries())
    for (let row = 0; row < count; row++) {
      const value = output[row]!;
      const isFilled = data[row * step] === filled;
      if (
        !isFilled &&
        !(typeof value === 'number' && value >= least && value <= most && (!whole || Number.isInteger(value)))
      )
        throw new InstancesError(placeOf(row), `${placeOf(row)} can't be prepared: it gives the model ${show(value)}.`);
      (result as { [at: number]: unknown })[row * width + index] = isFilled ? filling : put(value as number);
    }
  const sizes = [...shape.slice(0, -1), width];
  return { type, shape: axes > 1 ? sizes : [count], data: result as TensorData };
}

const nameOf = (columns: readonly TableColumn[], places: readonly number[], place: number | undefined): string => {
  const column = place === undefined ? undefined : columns[places.indexOf(place)];
  return column ? `.${column.name}` : '';
};

function run(
  transformer: Fitted,
  inputs: readonly FittedColumn[],
  placeOf: (row: number, column: number | undefined) => string,
): FittedColumn[] {
  try {
    return transform(transformer, inputs);
  } catch (error) {
    if (!(error instanceof TransformSignal)) throw error;
    const place = placeOf(error.row, error.column);
    throw new InstancesError(place, `${place} should be ${error.expected}, but is ${show(error.value)}.`);
  }
}

/**
 * The values of a column among cells, in which categories are by their places.
 * @param encoded how many categories stand for their places
 */
function valuesOf(
  column: NumericColumn,
  data: Float64Array,
  index: number,
  step: number,
  encoded?: number,
): FittedColumn {
  const count = data.length / step;
  // What is filled up is transformed like anything else, and overwritten.
  const at = (row: number) => (data[row * step] === filled ? Number.NaN : data[row * step + index]!);
  if (encoded !== undefined) return Float64Array.from({ length: count }, (_, row) => at(row) % encoded);
  if (!isCategories(column)) return Float64Array.from({ length: count }, (_, row) => at(row));
  const { categories } = column;
  return Array.from({ length: count }, (_, row): Cell => {
    const place = at(row);
    if (place === categories.length + 1) return null;
    return categories[Number.isNaN(place) ? 0 : place] ?? unknown;
  });
}
