import type { Cell } from './cells.js';
import { type Column, cellOfColumn, type TransformerKind } from './transformer.js';

interface ImputerSpec {
  /** What counts as missing; null is NaN and None. */
  missing: Cell;
  /** What each column has in the place of what is missing; undefined where the column is left out. */
  statistics: readonly (Cell | undefined)[];
  /** Columns of which another one says where something was missing. */
  indicated: readonly number[];
}

/** What is missing, in the place of which each column has a value. */
export const SimpleImputer: TransformerKind<ImputerSpec> = {
  read(fields) {
    const known = fields.cells('statistics_');
    const drops = fields.text('strategy') !== 'constant' && !fields.flag('keep_empty_features', false);
    const indicated = fields.flag('add_indicator', false) ? [...fields.object('indicator_').numbers('features_')] : [];
    if (!indicated.every((index) => index in known)) fields.unsupported("whose indicator_ isn't understood");
    return {
      missing: fields.cell('missing_values'),
      statistics: known.map((value) => (drops && value === null ? undefined : value)),
      indicated,
    };
  },
  inputs: ({ statistics }) => statistics.length,
  // What is told apart by an indicator can't count as another value.
  accepts: ({ missing, statistics, indicated }) =>
    statistics.map((value, index) => {
      if (value === undefined) return { unused: true };
      return missing === null && value !== null && !indicated.includes(index) ? { missing: value } : {};
    }),
  transform(columns, { missing, statistics, indicated }) {
    const filled = columns.flatMap((column, index): Column[] => {
      const value = statistics[index];
      return value === undefined ? [] : [fill(column, missing, value)];
    });
    const indicators = indicated.map((index) => {
      const cell = cellOfColumn(columns[index]!);
      return Float64Array.from({ length: columns[index]!.length }, (_, row) => Number(cell(row) === missing));
    });
    return [...filled, ...indicators];
  },
};

function fill(column: Column, missing: Cell, value: Cell): Column {
  if (!(column instanceof Float64Array)) return column.map((cell) => (cell === missing ? value : cell));
  const is = missing === null ? Number.isNaN : (one: number) => one === missing;
  if (typeof value === 'string') return Array.from(column, (one) => (is(one) ? value : one));
  return column.map((one) => (is(one) ? (value === null ? Number.NaN : Number(value)) : one));
}
