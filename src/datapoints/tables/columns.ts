import { Type } from 'typebox';

/** What a number may go through before its offset is taken off. */
interface Transform {
  of(value: number): number;
  inverse(value: number): number;
  /** What a value must be more than. */
  over?: number;
  /** What a value must at least be. */
  from?: number;
}

export type TransformName = 'log1p' | 'log' | 'sqrt';

export const transforms: Record<TransformName, Transform> = {
  log1p: { of: Math.log1p, inverse: Math.expm1, over: -1 },
  log: { of: Math.log, inverse: Math.exp, over: 0 },
  sqrt: { of: Math.sqrt, inverse: (root) => Math.max(0, root) ** 2, from: 0 },
};

/**
 * A column of numbers: the model gets (transform(value) − offset) / scale, in the order of a scikit-learn pipeline of a
 * FunctionTransformer and a StandardScaler.
 */
export interface NumberColumn {
  name: string;
  transform?: TransformName;
  offset?: number;
  scale?: number;
  /** What an absent value counts as, as if it had been sent. */
  missing?: number;
}

/** A name or number of a category; equal texts are one. */
export type Category = string | number | boolean;

/** A column of categories: the model gets the place of one in the list, or a number for each of them, of which one is 1. */
export interface CategoryColumn {
  name: string;
  categories: readonly Category[];
  encoding?: 'ordinal' | 'one-hot';
  /** Whether the first category has no number of its own, as in scikit-learn's `OneHotEncoder(drop="first")`. */
  drop_first?: boolean;
  /** Whether what is none of the categories is taken, too: as the place behind the last. */
  others?: boolean;
  /** Whether what is absent is a category, too: the second place behind the last. */
  absent?: true;
  missing?: Category;
}

/** A column of texts, which the model gets as they are. */
export interface TextColumn {
  name: string;
  /** What its values are; what they usually are, where there are `others`. */
  categories?: readonly Category[];
  others?: boolean;
  missing?: Category;
}

/** A column of which the model gets numbers. */
export type NumericColumn = NumberColumn | CategoryColumn;
export type TableColumn = NumericColumn | TextColumn;

export const isCategories = (column: TableColumn): column is CategoryColumn =>
  (column as Partial<CategoryColumn>).categories !== undefined;

/** Whether a value may be absent. */
export const isOptional = (column: TableColumn): boolean =>
  column.missing !== undefined || (column as Partial<CategoryColumn>).absent === true;

/** How many numbers of the model a column is. */
export function widthOf(column: TableColumn): number {
  if (!isCategories(column) || column.encoding !== 'one-hot') return 1;
  return column.categories.length - (column.drop_first ? 1 : 0);
}

const mostColumns = 10_000;
const mostCategories = 100_000;

const category = { minLength: 1, maxLength: 1000 };
const Category = Type.Union([Type.String(category), Type.Number(), Type.Boolean()], {
  description: 'a text of up to 1000 characters, a number, true or false',
});
const name = Type.String({ minLength: 1, maxLength: 200, description: 'a name of up to 200 characters' });

/** `columns` of a card. */
export const Columns = Type.Array(
  Type.Object(
    {
      name,
      transform: Type.Optional(
        Type.Enum(Object.keys(transforms) as TransformName[], {
          description: '"log1p", "log" or "sqrt", which is done to each value first',
        }),
      ),
      offset: Type.Optional(Type.Number({ description: 'a number, which is taken off each value' })),
      scale: Type.Optional(Type.Number({ description: 'a number other than 0, by which what is left is divided' })),
      categories: Type.Optional(
        Type.Array(Category, {
          minItems: 1,
          maxItems: mostCategories,
          description: 'a list of all that the value can be, in the order in which the model knows it',
        }),
      ),
      encoding: Type.Optional(
        Type.Enum(['ordinal', 'one-hot'], {
          description: '"ordinal", the place of the category in the list, or "one-hot", a number for each of them',
        }),
      ),
      drop_first: Type.Optional(
        Type.Boolean({ description: 'true or false: whether the first category has no number in "one-hot"' }),
      ),
      others: Type.Optional(
        Type.Boolean({ description: 'true or false: whether a text that is none of the categories is taken, too' }),
      ),
      missing: Type.Optional(
        Type.Union([Type.String(category), Type.Number(), Type.Boolean()], {
          description: 'what an absent value counts as, a number or one of the categories',
        }),
      ),
    },
    { additionalProperties: false, description: 'an object with the name of a column' },
  ),
  {
    minItems: 1,
    maxItems: mostColumns,
    description:
      'a list of columns, {"name": …, "offset": …, "scale": …} or {"name": …, "categories": […]}, in the order of the model\'s numbers',
  },
);

/** `ignored` of a card. */
export const Ignored = Type.Array(name, {
  maxItems: mostColumns,
  description: 'a list of names that a datapoint may have and that are passed over',
});
