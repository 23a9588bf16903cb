import { NumpyArray } from './arrays.js';
import { placeIn } from './categories.js';
import { type Cell, cellsOf } from './cells.js';
import type { Fields } from './fields.js';
import {
  type Accepted,
  type Column,
  cellOfColumn,
  type Fitted,
  type TransformerKind,
  TransformSignal,
} from './transformer.js';
import type { PickleValue } from './values.js';

/** A column of categories, and which number stands for each. */
interface Feature {
  categories: readonly Cell[];
  /** By the place of a category: where its 1 stands, or what it is encoded as; null where nothing is. */
  codes: readonly (number | null)[];
  /** The code of what is none of the categories; undefined where that is refused. */
  unknown?: number | null;
}

interface OneHotSpec {
  features: readonly (Feature & { width: number })[];
}

interface OrdinalSpec {
  features: readonly Feature[];
}

/** Categories of all columns together: files can have one list stand for many. */
const mostCategories = 1_000_000;

function categoriesOf(fields: Fields): Cell[][] {
  if (!fields.has('categories_')) {
    if (fields.has('feature_indices_'))
      fields.unsupported('of numbers as scikit-learn before 0.20 fitted it: fit and save it again');
    fields.unsupported('without categories_, as if it were not fitted');
  }
  let count = 0;
  return fields.list('categories_').map((one) => {
    const categories = cellsOf(one) ?? fields.unsupported("whose categories_ isn't understood");
    count += categories.length + 1;
    return count <= mostCategories ? categories : fields.unsupported(`of more than ${mostCategories} categories`);
  });
}

/** The groups of categories that are rare: by the place of a category its group; undefined where all are groups of their own. */
function groupsOf(fields: Fields, feature: number, categories: readonly Cell[]): readonly number[] | undefined {
  const groups = fields.has('_default_to_infrequent_mappings')
    ? fields.list('_default_to_infrequent_mappings')[feature]
    : null;
  if ((groups ?? null) === null) return undefined;
  const isGroup = (one: PickleValue) => typeof one === 'number' && one >= 0 && one < categories.length;
  if (
    groups instanceof NumpyArray &&
    groups.kind === 'i' &&
    groups.values.length === categories.length &&
    groups.values.every(isGroup)
  )
    return groups.values as readonly number[];
  return fields.unsupported("whose rare categories aren't understood");
}

/** The category of each column that has no number of its own. */
function droppedOf(fields: Fields): readonly (number | null)[] {
  if (fields.value('drop_idx_') === null) return [];
  const dropped = fields.list('drop_idx_');
  const isKnown = dropped.every((one) => one === null || typeof one === 'number');
  return isKnown ? (dropped as (number | null)[]) : fields.unsupported("whose dropped categories aren't understood");
}

/** A number for each category, of which one is 1. */
export const OneHotEncoder: TransformerKind<OneHotSpec> = {
  read(fields) {
    if (fields.value('_legacy_mode') === true) fields.unsupported('in the mode of scikit-learn before 0.20');
    const handling = fields.text('handle_unknown');
    if (!['error', 'ignore', 'infrequent_if_exist', 'warn'].includes(handling))
      fields.unsupported(`with handle_unknown ${handling.slice(0, 20)}`);
    const dropped = droppedOf(fields);
    const features = categoriesOf(fields).map((categories, feature) => {
      const grouped = groupsOf(fields, feature, categories);
      const groups = grouped ?? categories.map((_, place) => place);
      const out = dropped[feature] ?? null;
      const left = out === null ? undefined : groups[out];
      const code = (group: number) => (group === left ? null : left !== undefined && group > left ? group - 1 : group);
      const count = groups.reduce((most, group) => Math.max(most, group), -1) + 1;
      // Rare categories are the last group, and of more than one category.
      const rare = grouped ? code(count - 1) : null;
      const unknown = handling === 'error' ? undefined : handling === 'ignore' ? null : rare;
      return {
        categories,
        codes: groups.map(code),
        width: count - (left === undefined ? 0 : 1),
        ...(unknown !== undefined && { unknown }),
      };
    });
    return { features };
  },
  inputs: ({ features }) => features.length,
  accepts: ({ features }) => features.map(acceptedBy),
  transform: (columns, { features }) =>
    columns.flatMap((column, index): Column[] => {
      const feature = features[index]!;
      const outputs = Array.from({ length: feature.width }, () => new Float64Array(column.length));
      encode(column, feature, index, (row, code) => {
        if (code !== null) outputs[code]![row] = 1;
      });
      return outputs;
    }),
};

/** A number for the place of each category. */
export const OrdinalEncoder: TransformerKind<OrdinalSpec> = {
  read(fields) {
    const takesUnknown = fields.has('handle_unknown') && fields.text('handle_unknown') === 'use_encoded_value';
    const unknown = fields.value('unknown_value');
    const missing = fields.value('_missing_indices');
    const absent = fields.has('encoded_missing_value') ? fields.number('encoded_missing_value') : Number.NaN;
    const features = categoriesOf(fields).map((categories, feature): Feature => {
      const groups = groupsOf(fields, feature, categories);
      const codes = categories.map((_, place): number => groups?.[place] ?? place);
      const place = missing instanceof Map ? missing.get(feature) : undefined;
      if (typeof place === 'number' && place in codes) codes[place] = absent;
      return {
        categories,
        codes,
        ...(takesUnknown && { unknown: typeof unknown === 'number' ? unknown : Number.NaN }),
      };
    });
    return { features };
  },
  inputs: ({ features }) => features.length,
  accepts: ({ features }) => features.map(acceptedBy),
  transform: (columns, { features }) =>
    columns.map((column, index) => {
      const codes = new Float64Array(column.length);
      encode(column, features[index]!, index, (row, code) => {
        codes[row] = code!;
      });
      return codes;
    }),
};

/**
 * The texts that an `OrdinalEncoder` makes numbers of, by column; undefined of a column whose numbers aren't the places of texts.
 * @returns nothing for any other object
 */
export function wordsIn({ kind, spec }: Fitted): readonly (readonly string[] | undefined)[] {
  if (kind !== 'OrdinalEncoder') return [];
  return (spec as OrdinalSpec).features.map(({ categories, codes }) => {
    const areWords = categories.every((category, place) => typeof category === 'string' && codes[place] === place);
    return areWords ? (categories as readonly string[]) : undefined;
  });
}

const acceptedBy = ({ categories, unknown }: Feature): Accepted => ({
  categories,
  ...(unknown !== undefined && { others: true }),
});

/** Finds the code of every cell of a column. */
function encode(
  column: Column,
  { categories, codes, unknown }: Feature,
  index: number,
  take: (row: number, code: number | null) => void,
): void {
  const cell = cellOfColumn(column);
  const place = placeIn(categories);
  for (let row = 0; row < column.length; row++) {
    const at = place(cell(row));
    const code = at === undefined ? unknown : codes[at];
    if (code === undefined) throw new TransformSignal(index, row, cell(row), 'one of the categories', categories);
    take(row, code);
  }
}

interface LabelSpec {
  classes: readonly Cell[];
}

/** The labels of a target, in their order: the place of each is its number. */
export const LabelEncoder: TransformerKind<LabelSpec> = {
  read: (fields) => ({ classes: fields.cells('classes_') }),
  inputs: () => 1,
  accepts: ({ classes }) => [{ categories: classes }],
  transform(columns, { classes }) {
    const codes = classes.map((_, place) => place);
    return OrdinalEncoder.transform(columns, { features: [{ categories: classes, codes }] }, undefined as never);
  },
};

interface BinarizerSpec extends LabelSpec {
  negative: number;
  positive: number;
}

/** A number for each label of a target, and only one where there are two labels. */
export const LabelBinarizer: TransformerKind<BinarizerSpec> = {
  read: (fields) => ({
    classes: fields.cells('classes_'),
    negative: fields.number('neg_label'),
    positive: fields.number('pos_label'),
  }),
  inputs: () => 1,
  accepts: ({ classes }) => [{ categories: classes }],
  transform([column], { classes, negative, positive }) {
    const outputs = classes.map(() => new Float64Array(column!.length).fill(negative));
    const feature = { categories: classes, codes: classes.map((_, place) => place) };
    encode(column!, feature, 0, (row, code) => {
      outputs[code!]![row] = positive;
    });
    return classes.length === 2 ? outputs.slice(1) : outputs;
  },
};
