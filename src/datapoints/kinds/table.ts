import type { InputHints } from '../../inference/model-hints.js';
import { CardError } from '../../support/card-error.js';
import type { TensorInfo, TensorType } from '../../support/tensor.js';
import { fittedFile } from '../fitted-file.js';
import { isList, isObject } from '../json-tensor.js';
import type { CardFile, InputKind, TextReader } from '../kind.js';
import { numberTypes } from '../number-types.js';
import { fittingKeys, fittingOf, spelledFitting } from '../steps.js';
import { checkColumns } from '../tables/check-columns.js';
import {
  type CategoryColumn,
  Columns,
  Ignored,
  isCategories,
  type TableColumn,
  type TextColumn,
} from '../tables/columns.js';
import { describeTable } from '../tables/describe-table.js';
import { fittedReader, fittedTable, spellFitted, Transform } from '../tables/fitted-table.js';
import { tableReader } from '../tables/table-reader.js';
import type { TableSpec } from '../tables/table-spec.js';
import { textTableReader } from '../tables/text-columns.js';
import { arrayOrObjectOf, jsonOfText, numberOfText } from '../text-value.js';

/** Numbers and categories with names: an object by column name, or a list in the columns' order. */
export const table: InputKind<TableSpec> = {
  name: 'table',
  strings: true,
  card: { columns: Columns, ignored: Ignored, transform: Transform, ...fittingKeys },
  files: { transform: fittedFile },
  errors: [],
  media: [],
  claim(input, { signature, hints }, card, place) {
    const given = card?.columns as TableColumn[] | undefined;
    const texts = input.type === 'string';
    const isSingle = widthIn(input) === 1 && input.shape.length <= 2;
    const words = hints?.inputs?.[signature.inputs.indexOf(input)]?.words;
    const isColumn = isSingle && (signature.inputs.length > 1 || words !== undefined);
    const transform = (card?.transform ?? undefined) as CardFile | undefined;
    if (card?.kind !== 'table' && !given && !transform && !isColumn) return undefined;
    const listed = given ?? (isSingle ? [{ name: input.name, ...(words && choicesOf(words)) }] : undefined);
    if (!listed && !transform) throw new CardError(`${place('kind')} is table, which needs "columns" or "transform".`);
    const width = widthIn(input);
    if (width === undefined)
      throw new CardError(
        `${place('kind')} can't be table: the input has not the shape (batch, columns)${texts ? '.' : ' or (batch, time, columns) of numbers.'}`,
      );
    if (!transform) checkColumns(listed!, width, input.type, place);
    const fitted = transform && fittedTable(transform, given, width, input.type, place);
    const columns = fitted?.columns ?? listed!;
    const passed = card?.ignored as string[] | undefined;
    const ignored = fitted ? [...new Set([...fitted.fitted.unused, ...(passed ?? [])])] : passed;
    const own = ignored?.find((name) => columns.some((column) => column.name === name));
    if (own !== undefined) throw new CardError(`${place('ignored')} has ${JSON.stringify(own)}, which is a column.`);
    const hasSteps = input.shape.length === 3;
    const { fitting, assumptions } = hasSteps ? fittingOf(input, card, place) : noFitting(card ?? {}, place);
    return {
      spec: {
        columns,
        ...(fitted && { fitted: fitted.fitted }),
        ...(ignored && { ignored }),
        ...(texts && { texts }),
        ...(hasSteps && { hasSteps }),
        ...(fitting && { fitting }),
      },
      certainty: given || transform || card?.kind === 'table' ? 'certain' : 'likely',
      ...(!given && !transform && { basis: words ? 'the layer that takes it is StringLookup' : basisOf(texts) }),
      ...(assumptions.length > 0 && { assumptions }),
    };
  },
  spell: ({ columns, fitted, ignored, fitting }) => ({
    ...(fitted ? spellFitted(fitted, ignored) : { columns: [...columns], ...(ignored && { ignored }) }),
    ...spelledFitting(fitting),
  }),
  columns: ({ columns, hasSteps }) => (hasSteps ? [] : columns.map(({ name }) => name)),
  fields: ({ columns }) => columns,
  ignored: ({ ignored = [], hasSteps }) => (hasSteps ? [] : ignored),
  textReader(spec, name) {
    const column = name === undefined ? onlyColumn(spec) : columnsOf(spec).get(name);
    if (!column) return jsonOfText;
    if (spec.texts) return categoryOfText;
    if (!isCategories(column)) return numberOfText;
    return name === undefined ? wholeReader(column) : categoryOfText;
  },
  // A fitted transformer computes in double precision, whatever the model does.
  describe: (input, spec) => describeTable(spec.fitted ? { ...input, type: 'float64' } : input, spec),
  isOne: (value, _input, { columns: { length }, hasSteps }) =>
    hasSteps ? isOneOfSteps(value, length) : !isList(value) || (value.length === length && isFlat(value.at(0))),
  reader: (input, spec, rows) =>
    (spec.fitted ? fittedReader : spec.texts ? textTableReader : tableReader)(input, spec, rows),
};

const basisOf = (texts: boolean): string => `it is one ${texts ? 'text' : 'number'} beside other inputs`;

/** What a column is of which the model's words are known. */
const choicesOf = ({ known, others }: NonNullable<InputHints['words']>): Pick<TextColumn, 'categories' | 'others'> => ({
  categories: known,
  ...(others && { others }),
});

/** How many numbers the columns of an input are: undefined where they can't be columns. */
function widthIn({ shape, type }: TensorInfo): number | undefined {
  const known: Partial<Record<TensorType, unknown>> = numberTypes;
  const most = type === 'string' ? 2 : known[type] ? 3 : 0;
  if (shape.length < 1 || shape.length > most) return undefined;
  return (shape.length === 1 ? 1 : shape.at(-1)) ?? undefined;
}

function noFitting(card: Record<string, unknown>, place: (key: string) => string): ReturnType<typeof fittingOf> {
  const said = Object.keys(fittingKeys).find((key) => card[key] !== undefined);
  if (said) throw new CardError(`${place(said)} means nothing here: a datapoint is one row.`);
  return { assumptions: [] };
}

const isFlat = (value: unknown): boolean => !isList(value) && !isObject(value);

/** Whether a value is one list of rows, not a list of those: rows of one column may be bare values. */
function isOneOfSteps(value: unknown, columns: number): boolean {
  if (!isList(value)) return true;
  const first = value.at(0);
  return !isList(first) || (isFlat(first.at(0)) && (columns > 1 || first.length === 1));
}

const onlyColumn = ({ columns, hasSteps }: TableSpec): TableColumn | undefined =>
  columns.length === 1 && !hasSteps ? columns[0] : undefined;

const categoryOfText = (text: string): string | undefined => (text === '' ? undefined : text);

/** Reads a table of one column: a text that is no category may be the table in JSON. */
const wholeReader = ({ categories }: CategoryColumn): TextReader => {
  const texts = new Set(categories.map(String));
  return (text) => (texts.has(text) ? text : (arrayOrObjectOf(text) ?? categoryOfText(text)));
};

const byName = new WeakMap<TableSpec, ReadonlyMap<string, TableColumn>>();

function columnsOf(spec: TableSpec): ReadonlyMap<string, TableColumn> {
  const known = byName.get(spec);
  if (known) return known;
  const columns = new Map(spec.columns.map((column) => [column.name, column]));
  byName.set(spec, columns);
  return columns;
}
