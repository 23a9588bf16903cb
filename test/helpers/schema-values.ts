import fc from 'fast-check';

/** What of JSON Schema the documents' requests are written in. */
interface Schema {
  anyOf?: Schema[];
  const?: unknown;
  enum?: unknown[];
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema | false;
  prefixItems?: Schema[];
  minItems?: number;
  maxItems?: number;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  examples?: unknown[];
  pattern?: string;
  minLength?: number;
}

/** Elements from which on all of an array are one value: pictures are made of thousands. */
const many = 8;

/** Values that a schema without references allows. */
export function valuesOf(schema: object): fc.Arbitrary<unknown> {
  const { anyOf, const: only, enum: choices, type, examples = [] }: Schema = schema;
  if (anyOf) return fc.oneof(...anyOf.map(valuesOf));
  if ('const' in schema) return fc.constant(only);
  if (choices) return fc.constantFrom(...choices);
  const types = [type ?? 'unknown'].flat().map((name) => byType[name]!(schema));
  return fc.oneof(...types, ...(examples.length > 0 ? [fc.constantFrom(...examples)] : []));
}

const byType: Record<string, (schema: Schema) => fc.Arbitrary<unknown>> = {
  unknown: () => fc.jsonValue(),
  null: () => fc.constant(null),
  boolean: () => fc.boolean(),
  string: ({ pattern, minLength }) =>
    pattern ? fc.stringMatching(new RegExp(pattern)) : fc.string({ unit: 'binary', minLength }),
  integer: ({ minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER }) => {
    const bounds = {
      min: Math.max(minimum, Number.MIN_SAFE_INTEGER),
      max: Math.min(maximum, Number.MAX_SAFE_INTEGER),
    };
    return fc
      .oneof(fc.maxSafeInteger(), fc.integer({ min: -2, max: 300 }))
      .filter((value) => value >= bounds.min && value <= bounds.max);
  },
  number: ({ minimum, exclusiveMinimum, maximum = Number.MAX_VALUE }) =>
    fc.oneof(
      fc.double({
        min: exclusiveMinimum ?? minimum ?? -Number.MAX_VALUE,
        minExcluded: exclusiveMinimum !== undefined,
        max: maximum,
        noNaN: true,
      }),
      fc
        .integer({ min: -2, max: 300 })
        .filter((value) => value > (exclusiveMinimum ?? -1e9) && value >= (minimum ?? -1e9) && value <= maximum),
    ),
  object: ({ properties = {}, required = [] }) =>
    fc.record(Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, valuesOf(one)])), {
      requiredKeys: required,
    }),
  array: ({ items, prefixItems, minItems = 0, maxItems = minItems + 2 }) => {
    if (prefixItems) return fc.tuple(...prefixItems.map(valuesOf));
    const value = valuesOf(items || {});
    return minItems >= many
      ? value.map((one) => Array(minItems).fill(one))
      : fc.array(value, { minLength: minItems, maxLength: Math.min(maxItems, minItems + 2) });
  },
};

const nothing = Symbol('nothing');
/** What is put in the place of a value, or beside it. */
const others: fc.Arbitrary<unknown> = fc.constantFrom<unknown>(
  nothing,
  null,
  true,
  'x',
  '',
  '1',
  -1,
  0.5,
  1e39,
  1e308,
  [],
  {},
  [[]],
  { b64: '' },
);

/** Values with one place changed, left out or added to. They may be allowed all the same. */
export const changedIn = (values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc
    .tuple(values, others, fc.array(fc.nat(), { minLength: 12, maxLength: 12 }))
    .map(([value, other, way]) => change(value, other, way));

/** @param way numbers that say which way to go into the value, and where to stop */
function change(value: unknown, other: unknown, [turn = 0, child = 0, ...way]: readonly number[]): unknown {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const stops = keys.length === 0 || turn % 4 === 0;
  if (stops)
    return turn % 8 === 0 && keys.length > 0 ? added(value as object, other) : other === nothing ? null : other;
  const key = keys[child % keys.length]!;
  const isGone = other === nothing && (turn % 2 === 0 || way.length === 0);
  if (Array.isArray(value)) {
    const index = Number(key);
    return isGone ? value.toSpliced(index, 1) : value.with(index, change(value[index], other, way));
  }
  const { [key]: inner, ...rest } = value as Record<string, unknown>;
  return isGone ? rest : { ...rest, [key]: change(inner, other, way) };
}

const added = (value: object, other: unknown): unknown => {
  const more = other === nothing ? 0 : other;
  return Array.isArray(value) ? [...value, more] : { ...value, unknown: more };
};
