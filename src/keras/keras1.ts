import { asText, isObject, lookUp } from './config.js';
import type { Config, ConfigValue } from './model.js';

/** Renames of Keras 1's arguments (`keras.legacy.interfaces` of Keras 2 lists them). */
const renamed: Record<string, string> = {
  nb_filter: 'filters',
  output_dim: 'units',
  border_mode: 'padding',
  subsample: 'strides',
  subsample_length: 'strides',
  stride: 'strides',
  pool_length: 'pool_size',
  length: 'size',
  atrous_rate: 'dilation_rate',
  inner_activation: 'recurrent_activation',
  bias: 'use_bias',
  p: 'rate',
  sigma: 'stddev',
};

/** Of Embedding, `output_dim` is the name to this day. */
const kept: Record<string, string[]> = { Embedding: ['output_dim'], Bidirectional: ['p'] };

const dropped = new Set([
  'filter_length',
  'nb_row',
  'nb_col',
  'kernel_dim1',
  'kernel_dim2',
  'kernel_dim3',
  'dim_ordering',
  'consume_less',
  'init',
  'inner_init',
  'forget_bias_init',
]);

const kernelSizes = [['filter_length'], ['nb_row', 'nb_col'], ['kernel_dim1', 'kernel_dim2', 'kernel_dim3']];

const dataFormats: Record<string, string> = { tf: 'channels_last', th: 'channels_first' };

/** Merge layers by Merge's `mode`. */
const mergeModes: Record<string, string> = {
  sum: 'Add',
  mul: 'Multiply',
  concat: 'Concatenate',
  ave: 'Average',
  max: 'Maximum',
  dot: 'Dot',
};

/** Signs of Keras 1 in a layer's config. */
const signs = [
  'nb_filter',
  'border_mode',
  'dim_ordering',
  'inner_activation',
  'W_regularizer',
  'pool_length',
  'consume_less',
];

/**
 * The data format of layers that don't say theirs: that of those that do. Where none does: channels first on Theano, as a
 * rule, and for an input that looks so.
 */
export function defaultDataFormat(config: ConfigValue, theano: boolean): string {
  const text = JSON.stringify(config);
  if (text.includes('"dim_ordering":"th"')) return 'channels_first';
  if (text.includes('"dim_ordering":"tf"')) return 'channels_last';
  const looksSo = /"batch_input_shape":\[(null|\d+),[134],(null|\d+),(null|\d{2,}|[05-9])\]/.test(text);
  return theano || looksSo ? 'channels_first' : 'channels_last';
}

/** Whether a layer's config is Keras 1's. `output_dim` alone is a sign too, but not in an Embedding. */
export function isKeras1(className: string, config: Config): boolean {
  if (className === 'Merge' || (className === 'BatchNormalization' && 'mode' in config)) return true;
  if (signs.some((key) => key in config)) return true;
  if (className === 'UpSampling1D' && 'length' in config) return true;
  if (withoutOrdering.test(className)) return !('data_format' in config);
  return (className === 'Dense' && 'output_dim' in config) || (/Dropout$/.test(className) && 'p' in config);
}

/** Layers whose configs should have `dim_ordering` and don't. */
const withoutOrdering = /^(UpSampling|ZeroPadding|Cropping)[23]D$/;

/**
 * A layer of Keras 1 as Keras 2 writes it.
 *
 * @param dataFormat - of layers that don't say theirs
 */
export function fromKeras1(
  className: string,
  config: Config,
  dataFormat: string,
): { className: string; config: Config } {
  if (className === 'Merge') return fromMerge(config);
  const modern: Config = {};
  for (const [key, value] of Object.entries(config)) {
    const keeps = lookUp(kept, className)?.includes(key);
    if (!dropped.has(key)) modern[(keeps ? undefined : lookUp(renamed, key)) ?? key] = value;
  }
  const sizes = kernelSizes.find(([first]) => first! in config);
  if (sizes) modern.kernel_size = sizes.map((key) => config[key] ?? null);
  if ('dim_ordering' in config)
    modern.data_format = lookUp(dataFormats, String(config.dim_ordering)) ?? 'channels_last';
  else if (withoutOrdering.test(className)) modern.data_format = dataFormat;
  if (className === 'ZeroPadding2D' || className === 'Cropping2D') padSides(modern);
  // Statistics of each sample or of each batch, in place of moving averages: nothing since has it.
  const unknown = className === 'BatchNormalization' && (config.mode === 1 || config.mode === 2);
  return { className: unknown ? `BatchNormalization(mode=${config.mode})` : className, config: modern };
}

function fromMerge(config: Config): { className: string; config: Config } {
  const mode = asText(config.mode) ?? '';
  const className = lookUp(mergeModes, mode);
  // A mode that is a function, and `cos`, which has an axis more than the Dot of today.
  if (className === undefined) return { className: `Merge(mode=${mode || 'function'})`, config };
  const modern: Config = { name: config.name ?? null };
  if (className === 'Concatenate') modern.axis = config.concat_axis ?? -1;
  if (className === 'Dot') modern.axes = config.dot_axes ?? -1;
  return { className, config: modern };
}

/** `(top, bottom, left, right)`, or a dict of them, is `((top, bottom), (left, right))` now. */
function padSides(config: Config): void {
  const { padding } = config;
  const sides: ConfigValue[] | undefined = isObject(padding)
    ? ['top_pad', 'bottom_pad', 'left_pad', 'right_pad'].map((side) => padding[side] ?? 0)
    : Array.isArray(padding) && padding.length === 4
      ? padding
      : undefined;
  if (sides) config.padding = [sides.slice(0, 2), sides.slice(2)];
}

/**
 * A Sequential that begins with a Merge of others has several inputs: it is a functional model in all but its config.
 *
 * @returns undefined for any other Sequential
 */
export function fromMergedSequential(entry: Config): Config | undefined {
  const layers = Array.isArray(entry.config) ? entry.config : [];
  const [merge, ...rest] = layers.filter(isObject);
  if (merge?.class_name !== 'Merge' || !isObject(merge.config) || !Array.isArray(merge.config.layers)) return undefined;
  const { layers: branches, ...config } = merge.config;
  const entries: Config[] = [];
  const add = (layer: Config, name: string, from: string[]) => {
    const inputs = from.map((source) => [source, 0, 0]);
    entries.push({ ...layer, name, inbound_nodes: inputs.length > 0 ? [inputs] : [] });
    return name;
  };
  const merged = (branches as ConfigValue[]).filter(isObject).map((branch, index) => {
    const [first] = Array.isArray(branch.config) ? branch.config.filter(isObject) : [];
    const input: Config = { class_name: 'InputLayer', config: isObject(first?.config) ? first.config : {} };
    const source = add(
      input,
      `${asText(input.config && isObject(input.config) ? input.config.name : undefined)}_input`,
      [],
    );
    return add({ class_name: 'Sequential', config: branch.config ?? [] }, `branch_${index + 1}`, [source]);
  });
  const inputs = entries
    .filter(({ class_name: className }) => className === 'InputLayer')
    .map(({ name }) => [name!, 0, 0]);
  let last = add({ class_name: 'Merge', config }, asText(config.name) ?? 'merge', merged);
  for (const layer of rest)
    last = add(layer, isObject(layer.config) ? (asText(layer.config.name) ?? 'layer') : 'layer', [last]);
  return {
    class_name: 'Functional',
    config: { name: 'sequential', layers: entries, input_layers: inputs, output_layers: [[last, 0, 0]] },
  };
}
