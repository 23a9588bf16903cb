import { ModelFileError } from './errors.js';
import type { Config, ConfigValue, KerasDType } from './model.js';

export { lookUp } from '../support/look-up.js';

/** A JSON object, as opposed to a list or null. */
export const isObject = (value: ConfigValue | undefined): value is Config =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value as a list, or an empty list. */
export const asList = (value: ConfigValue | undefined): ConfigValue[] => (Array.isArray(value) ? value : []);

/** The value as text, or undefined. */
export const asText = (value: ConfigValue | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

/**
 * A list of axis lengths, null for any, or undefined when it is something else.
 * @throws ModelFileError `model_damaged` for a length that there can't be, such as -3
 */
export function asShape(value: ConfigValue | undefined): (number | null)[] | undefined {
  const list = isObject(value) ? value.items : value;
  if (!Array.isArray(list) || list.length > 32) return undefined;
  const isAxis = (axis: ConfigValue): axis is number | null =>
    axis === null || (typeof axis === 'number' && Number.isSafeInteger(axis) && axis >= 0);
  if (list.every(isAxis)) return list;
  const odd = list.find((axis) => typeof axis === 'number' && !isAxis(axis));
  if (odd !== undefined) throw brokenConfig(`${JSON.stringify(list)} is no shape, for ${odd} is no size`);
  return undefined;
}

const dtypes: readonly string[] = [
  'bool',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'int8',
  'int16',
  'int32',
  'int64',
  'float16',
  'bfloat16',
  'float32',
  'float64',
  'string',
] satisfies KerasDType[];

/** Whether a dtype has half precision, in which Keras treats some numbers apart. */
export const isHalf = (dtype: ConfigValue | undefined): dtype is 'float16' | 'bfloat16' =>
  dtype === 'float16' || dtype === 'bfloat16';

/** A dtype by name; `standard` when the config has none. */
export function asDType(value: ConfigValue | undefined, standard: KerasDType = 'float32'): KerasDType {
  const name = policyName(value);
  return name !== undefined && dtypes.includes(name) ? (name as KerasDType) : standard;
}

/**
 * The dtype of an input. Names of policies and old names of floats are float32, in which every float is served.
 * @throws ModelFileError `model_format_unsupported` for a type of numbers that there are none of here
 */
export function inputDType(input: string, value: ConfigValue | undefined): KerasDType {
  const name = policyName(value);
  if (name === undefined || !/^(float[48]|complex|q?u?int[24]?$|qu?int|resource|variant)/.test(name))
    return asDType(value);
  throw new ModelFileError(
    'model_format_unsupported',
    `The input ${JSON.stringify(input.slice(0, 80))} is of the dtype ${name.slice(0, 40)}, which is not supported. Save the model with ` +
      'an input of float32.',
  );
}

/**
 * The name of a dtype policy, however it is written: `"mixed_float16"`, `{"class_name": "DTypePolicy", …}`; of one that quantizes,
 * `"int8_from_float32"`.
 */
export function policyName(value: ConfigValue | undefined): string | undefined {
  if (!isObject(value)) return asText(value);
  const config = value.config;
  if (!isObject(config)) return undefined;
  const { name, mode, source_name: source } = config;
  if (typeof mode === 'string' && typeof source === 'string') return `${mode}_from_${source}`;
  return asText(name) ?? policyName(config.default_policy);
}

/** The dtype in which a layer computes by its policy; undefined when its config has none. */
export const computeDType = ({ config }: { config: Config }): string | undefined =>
  policyName(config.dtype)?.replace(/^([\w/-]+_from_)?(mixed_)?/, '');

/** What only training needs. */
const unused = /(_initializer|_regularizer|_constraint)$|^(activity_regularizer|batch_input_shape|seed)$/;

/** A layer's config with values in one form whoever wrote it, and without what inference never asks for. */
export function tidyConfig(config: Config): Config {
  const used = Object.entries(config).filter(([key]) => !unused.test(key));
  return Object.fromEntries(
    used.map(([key, value]) => [key, key === 'dtype' ? (policyName(value) ?? null) : tidyValue(value)]),
  );
}

/** Arrays, which have a dtype beside their value, and floats that are whole. */
export const arrays: ReadonlySet<ConfigValue | undefined> = new Set(['__numpy__', '__tensor__', '__float__']);

/**
 * Tuples and shapes become lists, arrays their values, references to functions their names. Other objects stay as they
 * are: what they stand for is the compiler's to know.
 */
export function tidyValue(value: ConfigValue): ConfigValue {
  if (Array.isArray(value)) return value.map(tidyValue);
  if (!isObject(value)) return value;
  const { class_name: className, config } = value;
  if ((className === '__tuple__' || className === 'TensorShape') && Array.isArray(value.items)) {
    return value.items.map(tidyValue);
  }
  if (arrays.has(className) && isObject(config)) return config.value ?? null;
  if (className === 'function' && typeof config === 'string') return config;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, tidyValue(child)]));
}

/** The error of a config that does not hold together. */
export const brokenConfig = (reason: string): ModelFileError =>
  new ModelFileError('model_damaged', `The model's config is broken: ${reason}.`);

/** The name that a layer's config or its entry gives it; that of its class, as models of their own classes have none. */
export function nameOf(entry: Config): string {
  const config = isObject(entry.config) ? entry.config : {};
  return asText(config.name) ?? asText(entry.name) ?? asText(entry.class_name) ?? 'model';
}
