import { type TSchema, Type } from 'typebox';
import { quoted } from '../../json/place.js';
import type { TensorInfo, TensorType } from '../../support/tensor.js';
import type { InputDescription } from '../kind.js';
import { numberTypes } from '../number-types.js';
import { lengthsOf, lengthText } from '../steps.js';
import { mostElements } from '../tensor-schema.js';
import {
  type CategoryColumn,
  isCategories,
  isOptional,
  type NumberColumn,
  type TableColumn,
  type TextColumn,
} from './columns.js';
import { isIn, numberRange, preparedColumn, valuesOf } from './prepared-columns.js';
import type { TableSpec } from './table-spec.js';
import { textExample, textSchema } from './text-columns.js';

/** Columns that a text names. */
const mostNamed = 20;

/** How a table is described to people and programs. */
export function describeTable(input: TensorInfo, spec: TableSpec): InputDescription {
  const { columns, ignored = [], hasSteps, fitting } = spec;
  const { type } = input;
  const schemas = columns.map((column) => valueSchema(column, type));
  const byColumn = Type.Object(
    {
      ...Object.fromEntries(ignored.map((name) => [name, Type.Optional(Type.Unknown())])),
      ...Object.fromEntries(
        columns.map((column, index) => [
          column.name,
          isOptional(column) ? Type.Optional(schemas[index]!) : schemas[index]!,
        ]),
      ),
    },
    { additionalProperties: false },
  );
  const row = Type.Union([byColumn, tuple(schemas), ...(columns.length === 1 ? schemas : [])]);
  const exampleRow = () => Object.fromEntries(columns.map((column) => [column.name, exampleOf(column, type)]));
  const named = columns.slice(0, mostNamed).map(({ name }) => quoted(name));
  const value = type === 'string' ? 'text' : columns.some(isCategories) ? 'value' : 'number';
  const text = `an object with a ${value} for ${named.join(', ')}${columns.length > mostNamed ? ', …' : ''}`;
  if (!hasSteps) return { schema: row, byColumn, example: exampleRow, text };
  const { least, most } = lengthsOf(input, fitting);
  return {
    schema: Type.Array(row, { minItems: least, ...(most !== undefined && { maxItems: most }) }),
    example: (length) => Array.from({ length: input.shape[1] ?? length }, exampleRow),
    text: `an array of ${lengthText(input, fitting)}rows, the oldest first, each ${text}`,
  };
}

/** A list with a value for each of these. */
function tuple(schemas: readonly TSchema[]): TSchema {
  const length = { minItems: schemas.length, maxItems: schemas.length };
  const [first] = schemas;
  const text = JSON.stringify(first);
  if (schemas.every((schema) => JSON.stringify(schema) === text)) return Type.Array(first!, length);
  return Type.Unsafe({ type: 'array', prefixItems: [...schemas], ...length });
}

/** What a value of a column may be: the very values that are taken. */
const valueSchema = (column: TableColumn, type: TensorType): TSchema =>
  type === 'string'
    ? textSchema(column as TextColumn)
    : isCategories(column)
      ? categorySchema(column)
      : numberSchema(column as NumberColumn, type);

function numberSchema(column: NumberColumn, type: TensorType): TSchema {
  const range = numberRange(column, type);
  const booleans = [false, true].filter((value) => isIn(Number(value), range));
  const types = [
    range.whole ? 'integer' : 'number',
    ...(booleans.length === 2 ? ['boolean'] : []),
    ...(column.missing === undefined ? [] : ['null']),
  ];
  const { format } = numberTypes[type];
  const schema = Type.Unsafe({
    type: types.length === 1 ? types[0] : types,
    ...(format && { format }),
    ...(range.isOpen ? { exclusiveMinimum: range.least } : { minimum: range.least }),
    maximum: range.most,
  });
  return booleans.length === 1 ? Type.Union([schema, Type.Literal(booleans[0]!)]) : schema;
}

function categorySchema(column: CategoryColumn): TSchema {
  const { categories, others: isOpen } = column;
  const nullable = isOptional(column) ? [null] : [];
  const any = { type: ['string', 'number', 'boolean', ...nullable.map(() => 'null')] };
  if (categories.length > mostElements) return Type.Unsafe(any);
  if (isOpen) return Type.Unsafe({ ...any, examples: [...categories] });
  const texts = new Set(categories.map(String));
  // As the card has them first: pages offer the values of an enum in their order.
  const others = categories.flatMap((category) => valuesOf(category, texts));
  return Type.Unsafe({ enum: [...new Set<unknown>([...categories, ...others]), ...nullable] });
}

/** A value that a column takes: what it was trained on in the middle, where that is known. */
function exampleOf(column: TableColumn, type: TensorType): unknown {
  if (type === 'string') return textExample(column as TextColumn);
  if (isCategories(column)) return column.categories[0];
  const number = column as NumberColumn;
  const { offset, transform, missing } = number;
  const { takes } = preparedColumn(number, type);
  const { least } = numberRange(number, type);
  const usual = type.startsWith('float') ? 0.5 : 1;
  return [missing, transform ? undefined : offset, usual, 1, least].find(
    (value) => value !== undefined && takes(value),
  );
}
