import type { Fields } from './fields.js';
import { isEmpty, placesOf, textsOf, widthOf } from './selections.js';
import {
  type Accepted,
  type Column,
  type Fitted,
  numbersOf,
  type TransformerKind,
  type Transformers,
  TransformSignal,
} from './transformer.js';
import { Known, type PickleValue } from './values.js';

interface PipelineSpec {
  steps: readonly Fitted[];
}

const passes = (value: PickleValue): boolean => value === null || value === 'passthrough';

/** Transformers one after the other. */
export const Pipeline: TransformerKind<PipelineSpec> = {
  read(fields, all) {
    const steps = fields.list('steps').map((step) => {
      const value = Array.isArray(step) && step.length === 2 ? step[1]! : undefined;
      return value ?? null;
    });
    return { steps: steps.filter((step) => !passes(step)).map(all.read) };
  },
  // What takes any number of columns gives as many.
  inputs: ({ steps }) => steps.find(({ inputs }) => inputs !== undefined)?.inputs,
  names: ({ steps: [first] }) => first?.names,
  accepts({ steps: [first, ...rest] }, count, all) {
    if (!first) return Array.from({ length: count }, () => ({}));
    const own = all.accepts(first, count);
    if (first.kind !== 'SimpleImputer' || rest.length === 0 || own.some(({ unused }) => unused)) return own;
    // What is filled in takes what comes after it takes.
    const later = all.accepts({ kind: 'Pipeline', spec: { steps: rest } }, count);
    return own.map((accepted, index) => ({ ...later[index], ...accepted }));
  },
  transform(columns, { steps }, all) {
    let current = [...columns];
    for (const step of steps)
      try {
        current = all.transform(step, current);
      } catch (error) {
        if (!(error instanceof TransformSignal) || current.length === columns.length) throw error;
        // Which of the first columns it comes from can't be said.
        throw new TransformSignal(undefined, error.row, error.value, error.expected, error.categories);
      }
    return current;
  },
  inverse: (columns, { steps }, all) =>
    steps.reduceRight<Column[]>((current, step) => all.inverse(step, current), [...columns]),
  invertible: ({ steps }, all) => steps.every(all.invertible),
};

type Unary = (value: number) => number;

/** The functions of NumPy that change numbers one by one. */
const unaries: Record<string, Unary> = {
  'numpy.log1p': Math.log1p,
  'numpy.expm1': Math.expm1,
  'numpy.log': Math.log,
  'numpy.log2': Math.log2,
  'numpy.log10': Math.log10,
  'numpy.exp': Math.exp,
  'numpy.sqrt': Math.sqrt,
  'numpy.square': (value) => value * value,
};

interface FunctionSpec {
  function?: string;
  inverse?: string;
}

function functionOf(fields: Fields, name: string): string | undefined {
  const value = fields.value(name);
  if (value === null) return undefined;
  if (value instanceof Known && Object.hasOwn(unaries, value.name)) return value.name;
  return fields.unsupported(`of a ${name} that isn't known`);
}

const applied = (columns: readonly Column[], name: string | undefined): Column[] =>
  columns.map((column, index) => (name ? numbersOf(column, index).map((value) => unaries[name]!(value)) : column));

/** A function of NumPy for every number, or none. */
export const FunctionTransformer: TransformerKind<FunctionSpec> = {
  read(fields) {
    for (const name of ['kw_args', 'inv_kw_args']) {
      const value = fields.value(name);
      if (value !== null && !(value instanceof Map && value.size === 0)) fields.unsupported(`with ${name}`);
    }
    const own = functionOf(fields, 'func');
    const inverse = functionOf(fields, 'inverse_func');
    return { ...(own && { function: own }), ...(inverse && { inverse }) };
  },
  transform: (columns, { function: name }) => applied(columns, name),
  inverse: (columns, { inverse }) => applied(columns, inverse),
};

interface Part {
  /** Which columns of a row it gets. */
  columns: readonly number[];
  /** Undefined where they pass as they are. */
  fitted?: Fitted;
  weight?: number;
}

const mostEntries = 200;

interface ColumnSpec {
  parts: readonly Part[];
  names?: readonly string[];
  width: number;
}

/** A transformer for some of the columns each, side by side. */
export const ColumnTransformer: TransformerKind<ColumnSpec> = {
  read(fields, all) {
    const listed = fields.list('transformers_');
    if (listed.length > mostEntries) fields.unsupported(`of ${listed.length} transformers`);
    const entries = listed.map((entry) => {
      if (!Array.isArray(entry) || entry.length !== 3 || typeof entry[0] !== 'string')
        return fields.unsupported("whose transformers_ aren't understood");
      return { name: entry[0], transformer: entry[1]!, selection: entry[2]! };
    });
    const used = entries.filter(({ transformer }) => transformer !== 'drop');
    const known = namesIn(fields);
    const names = known ?? namesSelected(used.map(({ selection }) => selection));
    const count = fields.count('n_features_in_') ?? fields.count('_n_features') ?? known?.length;
    // Names that are selected are all that it needs, however many columns there were.
    const width = known || !names ? (count ?? widthOf(entries.map(({ selection }) => selection))) : names.length;
    const placeByName = new Map(names?.map((name, place) => [name, place]));
    const weights = fields.value('transformer_weights');
    const parts = used.map(({ name, transformer, selection }): Part => {
      const columns = placesOf(selection, placeByName, width) ?? fields.unsupported("whose columns aren't understood");
      const weight = weights instanceof Map ? weights.get(name) : undefined;
      return {
        columns,
        ...(!passes(transformer) && { fitted: all.read(transformer) }),
        ...(typeof weight === 'number' && { weight }),
      };
    });
    return { parts, ...(names && { names }), width };
  },
  inputs: ({ width }) => width,
  names: ({ names }) => names,
  accepts({ parts }, count, all) {
    const accepted: Accepted[] = Array.from({ length: count }, () => ({ unused: true }));
    for (const { columns, fitted } of parts) {
      const own = fitted ? all.accepts(fitted, columns.length) : columns.map((): Accepted => ({}));
      for (const [index, column] of columns.entries()) accepted[column] = both(accepted[column]!, own[index]!);
    }
    return accepted;
  },
  transform: (columns, { parts }, all) => parts.flatMap((part) => transformPart(part, columns, all)),
};

/** What a column may have in it that two transformers get. */
function both(one: Accepted, other: Accepted): Accepted {
  if (one.unused) return other;
  if (other.unused) return one;
  const { missing, others, ...rest } = { ...one, ...other };
  return {
    ...rest,
    ...(one.others && other.others && { others }),
    ...(one.missing !== undefined && one.missing === other.missing && { missing }),
  };
}

function transformPart(
  { columns: places, fitted, weight }: Part,
  columns: readonly Column[],
  all: Transformers,
): Column[] {
  const own = places.map((place) => columns[place]!);
  if (own.length === 0) return [];
  try {
    const done = fitted ? all.transform(fitted, own) : own;
    if (weight === undefined || !fitted) return done;
    return done.map((column, index) => numbersOf(column, index).map((value) => value * weight));
  } catch (error) {
    if (!(error instanceof TransformSignal) || error.column === undefined) throw error;
    throw new TransformSignal(places[error.column], error.row, error.value, error.expected, error.categories);
  }
}

/** What the columns are called that it was fitted on. */
const namesIn = (fields: Fields): readonly string[] | undefined =>
  ['feature_names_in_', '_feature_names_in', '_df_columns'].map((name) => textsOf(fields.value(name))).find(Boolean);

/** The names that are selected, where all are: before 0.21 nothing else says what the columns are called. */
function namesSelected(selections: readonly PickleValue[]): readonly string[] | undefined {
  const selected = selections.map((selection) => (isEmpty(selection) ? [] : textsOf(selection)));
  if (selected.includes(undefined)) return undefined;
  const names = [...new Set(selected.flat() as string[])];
  return names.length > 0 ? names : undefined;
}
