import { quoted } from '../../json/place.js';
import { CardError } from '../../support/card-error.js';
import { repeated } from '../../support/repeated.js';
import type { TensorType } from '../../support/tensor.js';
import { plural } from '../json-tensor.js';
import type { Place } from '../kind.js';
import { numberTypes } from '../number-types.js';
import {
  type CategoryColumn,
  isCategories,
  type NumberColumn,
  type TableColumn,
  type TextColumn,
  widthOf,
} from './columns.js';
import { preparedColumn } from './prepared-columns.js';
import { wrongTexts } from './text-columns.js';

/**
 * Refuses columns that can't be so.
 * @param width of the model's tensor
 * @throws CardError
 */
export function checkColumns(columns: readonly TableColumn[], width: number, type: TensorType, place: Place): void {
  const here = place('columns');
  checkNames(
    columns.map(({ name }) => name),
    here,
  );
  for (const column of columns) {
    const reason =
      type === 'string'
        ? wrongTexts(column as TextColumn)
        : isCategories(column)
          ? wrongCategories(column, type)
          : wrongNumber(column as NumberColumn, type);
    if (reason) throw new CardError(`${here}: ${reason}.`);
  }
  const own = columns.reduce((sum, column) => sum + widthOf(column), 0);
  if (own === width) return;
  const numbers = own === columns.length ? '' : `, which are ${plural(own, 'number')},`;
  throw new CardError(`${here} has ${plural(columns.length, 'column')}${numbers} where the model takes ${width}.`);
}

/** Refuses names of columns that no row can be asked by. @throws CardError */
export function checkNames(names: readonly string[], here: string): void {
  const twice = repeated(names);
  if (twice !== undefined) throw new CardError(`${here} has two columns called ${quoted(twice)}.`);
  if (names.includes('__proto__'))
    throw new CardError(`${here} has a column called "__proto__", which JSON here never has.`);
}

const foreignOf = (column: TableColumn, keys: readonly string[]): string | undefined =>
  keys.find((key) => Object.hasOwn(column, key));

function wrongNumber(column: NumberColumn, type: TensorType): string | undefined {
  const { scale = 1, offset = 0, transform, missing } = column;
  const name = quoted(column.name);
  const foreign = foreignOf(column, ['encoding', 'drop_first', 'others']);
  if (foreign) return `${foreign} of ${name} needs "categories"`;
  if (scale === 0) return `the scale of ${name} must not be 0`;
  if (numberTypes[type].whole && (scale !== 1 || transform || !Number.isInteger(offset)))
    return `${name} can't be scaled, as the model takes whole numbers of the type ${type}`;
  if (missing !== undefined && !preparedColumn(column, type).takes(missing))
    return `missing of ${name} must be a number that the column takes`;
  return undefined;
}

function wrongCategories(column: CategoryColumn, type: TensorType): string | undefined {
  const { categories, encoding, drop_first, missing } = column;
  const name = quoted(column.name);
  const foreign = foreignOf(column, ['transform', 'offset', 'scale', 'others']);
  if (foreign) return `${foreign} of ${name} can't stand beside "categories"`;
  const twice = repeated(categories.map(String));
  if (twice !== undefined) return `${name} has the category ${quoted(twice)} twice`;
  if (drop_first && encoding !== 'one-hot') return `drop_first of ${name} needs "encoding": "one-hot"`;
  if (widthOf(column) === 0) return `drop_first of ${name} needs two categories or more`;
  if (encoding !== 'one-hot' && categories.length - 1 > numberTypes[type].most)
    return `${name} has more categories than ${type} can tell apart`;
  if (missing !== undefined && !categories.map(String).includes(String(missing)))
    return `missing of ${name} must be one of its categories`;
  return undefined;
}
