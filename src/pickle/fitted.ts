import { cellsOf } from './cells.js';
import { ColumnTransformer, FunctionTransformer, Pipeline } from './compositions.js';
import { LabelBinarizer, LabelEncoder, OneHotEncoder, OrdinalEncoder } from './encoders.js';
import { PickleError } from './error.js';
import { Fields } from './fields.js';
import { SimpleImputer } from './imputer.js';
import { PowerTransformer } from './powers.js';
import { scalers } from './scalers.js';
import {
  type Accepted,
  type Column,
  type Fitted,
  type TransformerKind,
  type Transformers,
  TransformSignal,
} from './transformer.js';
import { Instance, type PickleValue } from './values.js';

/** What each class of scikit-learn does, by its name. */
const kinds: Record<string, TransformerKind> = {
  ...scalers,
  PowerTransformer,
  SimpleImputer,
  OneHotEncoder,
  OrdinalEncoder,
  LabelEncoder,
  LabelBinarizer,
  FunctionTransformer,
  Pipeline,
  ColumnTransformer,
} as Record<string, TransformerKind>;

/** Transformers in transformers: an object that holds itself has no end. */
const most = { nested: 10, objects: 200 };

const runner = (read: Transformers['read']): Transformers => ({
  read,
  transform,
  inverse,
  invertible,
  accepts,
});

/**
 * What a fitted transformer of scikit-learn does, as data.
 * @throws PickleError where it is no transformer, isn't fitted, or does what isn't known here
 */
export function readFitted(value: PickleValue): Fitted {
  let count = 0;
  const inner =
    (depth: number) =>
    (one: PickleValue): Fitted => {
      if (depth > most.nested || ++count > most.objects)
        throw new PickleError('pickle_too_large', 'has too many transformers in transformers');
      return read(one, runner(inner(depth + 1)));
    };
  const fitted = inner(0)(value);
  try {
    outputsOf(fitted);
  } catch (error) {
    if (!(error instanceof TransformSignal)) throw error;
    throw new PickleError('pickle_damaged', `holds a ${fitted.kind} whose parts don't fit each other`, {
      cause: error,
    });
  }
  return fitted;
}

function read(value: PickleValue, transformers: Transformers): Fitted {
  if (!(value instanceof Instance) || !Object.hasOwn(kinds, value.className)) {
    const what = value instanceof Instance ? `a ${value.className}` : 'no object of scikit-learn';
    throw new PickleError('pickle_unsupported', `holds ${what}, of which no transformation is known`);
  }
  const kind = kinds[value.className]!;
  const fields = new Fields(value);
  const spec = kind.read(fields, transformers);
  const names = kind.names?.(spec) ?? namesIn(fields);
  const counts = [fields.count('n_features_in_'), kind.inputs?.(spec), names?.length].filter(
    (one) => one !== undefined,
  );
  const [inputs] = counts;
  if (new Set(counts).size > 1) fields.unsupported('whose attributes are of different numbers of columns');
  return { kind: value.className, ...(inputs !== undefined && { inputs }), ...(names && { names }), spec };
}

function namesIn(fields: Fields): string[] | undefined {
  const names = cellsOf(fields.value('feature_names_in_'));
  return names?.every((name) => typeof name === 'string') ? names : undefined;
}

/**
 * What scikit-learn's `transform` gives for columns of rows, in double precision.
 * @throws TransformSignal
 */
export function transform(fitted: Fitted, columns: readonly Column[]): Column[] {
  const { inputs = columns.length, kind, spec } = fitted;
  if (columns.length !== inputs) throw new TransformSignal(undefined, 0, columns.length, `of ${inputs} columns`);
  return kinds[kind]!.transform(columns, spec, all);
}

/**
 * What scikit-learn's `inverse_transform` gives.
 * @throws TransformSignal
 */
export function inverse({ kind, spec }: Fitted, columns: readonly Column[]): Column[] {
  return kinds[kind]!.inverse!(columns, spec, all);
}

/** Whether a transformer has an inverse, which brings an answer back into the units of its target. */
export function invertible({ kind, spec }: Fitted): boolean {
  const { inverse: own, invertible: asked } = kinds[kind]!;
  return own !== undefined && (asked?.(spec, all) ?? true);
}

/** What each of so many columns of rows may have in it. */
export const accepts = ({ kind, spec }: Fitted, count: number): readonly Accepted[] =>
  kinds[kind]!.accepts?.(spec, count, all) ?? Array.from({ length: count }, () => ({}));

const all = runner(readFitted);

/** How many columns a transformer makes of those that it takes. */
export const outputsOf = (fitted: Fitted): number =>
  transform(
    fitted,
    Array.from({ length: fitted.inputs ?? 1 }, () => new Float64Array()),
  ).length;
