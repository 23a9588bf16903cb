import { type TSchema, Type } from 'typebox';
import type { TensorInfo } from '../support/tensor.js';
import { namesOf } from './datapoint-names.js';
import type { Described } from './describe-inputs.js';
import { inputKind } from './kinds.js';

/** A key that a datapoint may have in JSON, a form or a table of CSV. */
export interface DatapointKey {
  key: string;
  input: string;
  /** Of which column of the input it is; undefined where it is the whole input. */
  column?: string;
  kind: string;
  /** Of the value in JSON. */
  schema: TSchema;
  /** Whether it may be left out. */
  optional: boolean;
  /** Whether people would take it: columns, `image`, else the name of the input. The others are alternatives. */
  usual: boolean;
}

/** Puts a schema where others can refer to it, by what it is of the model: `Datapoint`. @returns what stands in its place */
export type Share = (part: string, schema: TSchema) => TSchema;

const inPlace: Share = (_part, schema) => schema;

/** All keys that a datapoint may have, in the order of the inputs. @param share for the values of an only input, and of tables */
export function datapointKeys(
  { inputs, kinds }: Pick<Described, 'inputs' | 'kinds'>,
  share: Share = inPlace,
): DatapointKey[] {
  const named = [...namesOf(inputs, kinds.inputs)];
  return inputs.flatMap((info, index) => {
    const own = named.filter(([, { input }]) => input === info.name);
    const { kind, spec } = kinds.inputs[info.name]!;
    const { schema, byColumn } = inputKind(kind).describe(info, spec);
    const { properties = {}, required = [] } = (byColumn ?? {}) as ObjectSchema;
    const value = described(schema, info);
    // Objects that stand in others have names: programs that write clients find none for them by themselves.
    const hasNames = inputKind(kind).columns !== undefined;
    const whole = inputs.length === 1 ? share('Value', value) : hasNames ? share(`Value${index + 1}`, value) : value;
    const columns = own.filter(([, { column }]) => column !== undefined);
    const names = own.filter(([, named]) => named.column === undefined && !named.ignored);
    const [name] = inputs.length === 1 ? names.slice(-1) : names;
    const usual = (columns.length > 0 ? columns : [name!]).map(([key]) => key);
    return own.map(([key, { input, column, ignored }]) => ({
      key,
      input,
      column,
      kind,
      schema: ignored ? Type.Unknown() : column === undefined ? whole : (properties[column] ?? Type.Unknown()),
      optional: column !== undefined && !required.includes(column),
      usual: usual.includes(key),
    }));
  });
}

interface ObjectSchema {
  properties?: Record<string, TSchema>;
  required?: string[];
}

/** With the type and shape, where nothing else is said of it. */
const described = (schema: TSchema, { type, shape }: TensorInfo): TSchema => ({
  description: `\`${type}\`, ${shapeText(shape)}`,
  ...schema,
});

/** A shape for people: `shape (any, 3)`. */
export const shapeText = (shape: TensorInfo['shape']): string =>
  `shape (${shape.map((size) => size ?? 'any').join(', ')})`;

/** An object of these keys and no others. @param all whether those that a datapoint needs have to be there */
export const objectOf = (
  keys: readonly DatapointKey[],
  schemaOf: (key: DatapointKey) => TSchema,
  all: boolean,
): TSchema =>
  Type.Object(
    Object.fromEntries(
      keys.map((key) => [key.key, all && !key.optional ? schemaOf(key) : Type.Optional(schemaOf(key))]),
    ),
    { additionalProperties: false },
  );
