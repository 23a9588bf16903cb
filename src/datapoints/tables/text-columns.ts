import { type TSchema, Type } from 'typebox';
import { quoted } from '../../json/place.js';
import { repeated } from '../../support/repeated.js';
import { tensorOfTexts } from '../../support/strings.js';
import type { TensorInfo } from '../../support/tensor.js';
import type { Column, ColumnReader } from '../kind.js';
import type { TextColumn } from './columns.js';
import type { PreparedColumn } from './prepared-columns.js';
import { refused, refusedCategory } from './refusals.js';
import { readRows } from './table-reader.js';
import type { TableSpec } from './table-spec.js';

/** Keys that say how numbers are made. */
const numeric = ['transform', 'offset', 'scale', 'encoding', 'drop_first'];

/** Why a column of texts can't be so, or undefined. */
export function wrongTexts(column: TextColumn): string | undefined {
  const { categories, others, missing } = column;
  const name = quoted(column.name);
  const foreign = numeric.find((key) => Object.hasOwn(column, key));
  if (foreign) return `${foreign} of ${name} means nothing where the model takes strings`;
  const twice = repeated((categories ?? []).map(String));
  if (twice !== undefined) return `${name} has the category ${quoted(twice)} twice`;
  if (others !== undefined && !categories) return `others of ${name} needs "categories"`;
  if (missing !== undefined && !preparedText(column).takes(missing))
    return `missing of ${name} must be one of its categories`;
  return undefined;
}

function preparedText(
  { name, categories, others = !categories, missing }: TextColumn,
  from = 0,
): PreparedColumn<string[]> {
  const known = new Set(categories?.map(String));
  const textOf = (value: unknown): string | undefined => {
    const given = value ?? missing;
    // Of larger numbers JSON has kept only the nearest that a float can hold.
    const isExact = typeof given === 'number' && Math.abs(given) <= Number.MAX_SAFE_INTEGER;
    const text = isExact ? String(given) : given;
    return typeof text === 'string' && (others || known.has(text)) ? text : undefined;
  };
  return {
    name,
    from,
    takes: (value) => textOf(value) !== undefined,
    write(value, cells, at) {
      const text = textOf(value);
      if (text === undefined) return false;
      cells[at] = text;
      return true;
    },
    refusal: (value, place) =>
      others ? refused(value, place, 'a text') : refusedCategory(value, place, categories ?? []),
  };
}

/** Reads datapoints of a table of texts. */
export function textTableReader({ shape }: TensorInfo, spec: TableSpec, rows: number): ColumnReader<Column> {
  const columns = (spec.columns as readonly TextColumn[]).map(preparedText);
  const texts: string[] = [];
  const sizes = [rows, ...(shape.length > 1 ? [columns.length] : [])];
  return {
    ...readRows(columns, spec, columns.length, () => texts),
    finish: () => ({ tensor: tensorOfTexts(texts, sizes) }),
  };
}

/** What a value of a column of texts may be. */
export function textSchema({ categories, others = !categories, missing }: TextColumn): TSchema {
  const nullable = missing === undefined ? [] : ['null'];
  const usual = (categories ?? []).map(String);
  if (others) return Type.Unsafe({ type: ['string', 'number', ...nullable], ...(categories && { examples: usual }) });
  const numbers = usual.filter((text) => String(Number(text)) === text).map(Number);
  return Type.Unsafe({ enum: [...usual, ...numbers, ...(missing === undefined ? [] : [null])] });
}

/** A value that a column of texts takes. */
export const textExample = ({ categories, missing }: TextColumn): unknown => categories?.[0] ?? missing ?? 'a text';
