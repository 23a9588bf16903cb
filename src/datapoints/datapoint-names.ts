import type { TensorInfo } from '../support/tensor.js';
import { inputKind, type ModelKinds } from './kinds.js';

/** What a key of a datapoint stands for: an input, a column of one, or nothing that counts. */
export interface Named {
  input: string;
  column?: string;
  /** Whether it may come and is passed over. */
  ignored?: true;
}

export type Names = ReadonlyMap<string, Named>;

/** A column's name that doesn't say alone which is meant: there it is `input.column`. */
export interface Clash {
  column: string;
  /** The inputs that have it as a column. */
  tables: readonly string[];
}

/**
 * All keys that a datapoint may have: the names of the inputs, those of the columns of tables, which are `input.column` where the
 * name alone is an input's or in two tables, `image` for the only image, and what tables ignore.
 */
export function namesOf(inputs: readonly TensorInfo[], kinds: ModelKinds['inputs']): Names {
  const names = new Map<string, Named>(inputs.map(({ name }) => [name, { input: name }]));
  const clashing = new Set(clashesOf(inputs, kinds).map(({ column }) => column));
  for (const one of columnsOf(inputs, kinds))
    names.set(clashing.has(one.column) ? `${one.input}.${one.column}` : one.column, one);
  for (const alias of ['image', 'text']) {
    const [only, ...others] = inputs.filter(({ name }) => kinds[name]!.kind === alias);
    if (only && others.length === 0 && !names.has(alias)) names.set(alias, { input: only.name });
  }
  for (const { name } of inputs) {
    const { kind, spec } = kinds[name]!;
    for (const key of inputKind(kind).ignored?.(spec) ?? [])
      if (!names.has(key)) names.set(key, { input: name, ignored: true });
  }
  return names;
}

/** The names of columns that are in two tables, or an input's. */
export function clashesOf(inputs: readonly TensorInfo[], kinds: ModelKinds['inputs']): Clash[] {
  const tables = new Map<string, string[]>();
  for (const { column, input } of columnsOf(inputs, kinds)) {
    const others = tables.get(column);
    if (others) others.push(input);
    else tables.set(column, [input]);
  }
  const isInput = new Set(inputs.map(({ name }) => name));
  return [...tables]
    .filter(([column, all]) => all.length > 1 || isInput.has(column))
    .map(([column, all]) => ({ column, tables: all }));
}

/** The columns of all tables, but for the only column of one that is called like its input: the input's name is its own. */
function columnsOf(
  inputs: readonly TensorInfo[],
  kinds: ModelKinds['inputs'],
): (Named & Required<Pick<Named, 'column'>>)[] {
  return inputs.flatMap(({ name }) => {
    const { kind, spec } = kinds[name]!;
    const columns = inputKind(kind).columns?.(spec) ?? [];
    if (columns.length === 1 && columns[0] === name) return [];
    return columns.map((column) => ({ input: name, column }));
  });
}

/** All names that count, those of columns first: one is more often meant than its table. */
export const knownNames = (names: Names): string[] => {
  const known = [...names].filter(([, { ignored }]) => !ignored);
  const [columns, inputs] = [true, false].map((isColumn) =>
    known.filter(([, { column }]) => (column !== undefined) === isColumn),
  );
  return [...columns!, ...inputs!].map(([name]) => name);
};
