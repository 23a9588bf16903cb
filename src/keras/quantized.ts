import { asList, asText, isObject, lookUp } from './config.js';
import { ModelFileError } from './errors.js';
import { quote } from './limits.js';
import type { Config, ConfigValue, Layer } from './model.js';
import type { Variable } from './variables.js';

/** How a layer turns its inputs into small integers before it multiplies them: Keras's `AbsMaxQuantizer`. */
export interface InputsQuantizer {
  low: number;
  high: number;
  epsilon: number;
}

/** How Keras quantized a layer (`model.quantize()`). */
export interface Quantization {
  mode: 'int8' | 'int4' | 'float8' | 'gptq' | 'awq' | 'ternary';
  /** Of a weight in the file; two of 4 bits are in one byte. */
  bits: number;
  /** Whether several inputs share a scale and a zero point, instead of one scale for a whole row of the table or unit. */
  grouped: boolean;
  /** Undefined where only the weights are quantized. */
  inputs: InputsQuantizer | undefined;
}

/** What the dtype policies of each mode are called: `int4/128_from_float32` has groups of 128, `gptq/3/-1_from_float32` 3 bits and no groups. */
const policies: Record<Quantization['mode'], RegExp> = {
  int8: /^int8$/,
  int4: /^int4(?:\/(?<group>-1|\d+))?$/,
  float8: /^float8$/,
  gptq: /^gptq\/(?<bits>[2348])\/(?<group>-1|\d+)$/,
  awq: /^awq\/(?<bits>4)\/(?<group>-1|\d+)$/,
  ternary: /^ternary$/,
};

const allModes = ['int8', 'int4', 'float8', 'gptq', 'awq'];
const tableModes = ['int8', 'int4'];

/** The classes that Keras quantizes, and the modes of each. */
export const quantizedLayers: Readonly<Record<string, readonly string[]>> = {
  Dense: [...allModes, 'ternary'],
  EinsumDense: allModes,
  Embedding: tableModes,
  ReversibleEmbedding: tableModes,
  TernaryDense: ['ternary'],
};

const standardQuantizer: InputsQuantizer = { low: -127, high: 127, epsilon: 1e-7 };

/**
 * How a layer was quantized, by its dtype policy and its `quantization_config`; undefined where it wasn't.
 *
 * @throws ModelFileError `model_format_unsupported` for a class, a mode or a quantizer that Keras doesn't have
 */
export function quantizationOf(layer: Layer): Quantization | undefined {
  const [policy = '', source] = String(layer.config.dtype).split('_from_');
  if (source === undefined) return undefined;
  for (const mode of lookUp(quantizedLayers, layer.className) ?? []) {
    const match = policies[mode as Quantization['mode']].exec(policy);
    if (!match) continue;
    const { group, bits } = match.groups ?? {};
    const config = quantizationConfig(layer);
    const size = config?.class_name === 'Int4QuantizationConfig' ? (settingsOf(config).block_size ?? -1) : group;
    if ((mode === 'float8' || mode === 'ternary') && layer.config.lora_rank)
      throw refused(layer, `is of ${mode} and adapted (LoRA), which Keras has no answer for`);
    return {
      mode: mode as Quantization['mode'],
      bits: Number(bits ?? (mode === 'int4' ? 4 : 8)),
      grouped: mode === 'int4' && Number(size ?? -1) > 0,
      inputs: tableModes.includes(mode) ? inputsQuantizer(layer, mode, config) : undefined,
    };
  }
  throw refused(layer, `was quantized to ${quote(policy).slice(1, -1)} by Keras, which is not supported`);
}

/** The configs that Keras has; others are somebody's own. */
const configs: ReadonlySet<ConfigValue | undefined> = new Set([
  'Int8QuantizationConfig',
  'Int4QuantizationConfig',
  'Float8QuantizationConfig',
  'GPTQConfig',
  'AWQConfig',
  'TernaryQuantizationConfig',
]);

function quantizationConfig(layer: Layer): Config | undefined {
  const config = layer.config.quantization_config;
  if (config === undefined || config === null) return undefined;
  if (isObject(config) && configs.has(config.class_name)) return config;
  const name = quote(asText(isObject(config) ? config.class_name : config) ?? '');
  throw refused(layer, `was quantized by a config of its own, ${name}, which can't be known`);
}

const settingsOf = (object: Config): Config => (isObject(object.config) ? object.config : {});

/** Without a config, Dense and EinsumDense quantize their inputs in int8 alone, and ReversibleEmbedding always. */
function inputsQuantizer(layer: Layer, mode: string, config: Config | undefined): InputsQuantizer | undefined {
  const { className } = layer;
  if (className === 'Embedding') return undefined;
  if (!config) return mode === 'int8' || className === 'ReversibleEmbedding' ? standardQuantizer : undefined;
  const quantizer = settingsOf(config).activation_quantizer;
  if (quantizer === undefined || quantizer === null) return undefined;
  const name = isObject(quantizer) ? quantizer.class_name : undefined;
  const settings = isObject(quantizer) ? settingsOf(quantizer) : {};
  const { value_range: range, epsilon = standardQuantizer.epsilon, output_dtype: dtype = 'int8', axis } = settings;
  const [low, high] = range === undefined ? [standardQuantizer.low, standardQuantizer.high] : asList(range);
  const isByte = (value: unknown): value is number => Number.isInteger(value) && Math.abs(value as number) <= 128;
  // Dense and EinsumDense say the axes themselves.
  const alongLast = className !== 'ReversibleEmbedding' || axis == null || [axis].flat().join() === '-1';
  const known = name === 'AbsMaxQuantizer' && dtype === 'int8' && alongLast && typeof epsilon === 'number';
  if (known && isByte(low) && isByte(high) && low <= high && high <= 127) return { low, high, epsilon };
  const shown = JSON.stringify({ name, ...settings }).slice(0, 120);
  throw refused(layer, `quantizes its inputs by ${shown}, which is not supported`);
}

/**
 * Keras can't load what GPTQ or AWQ made out of whole-model HDF5 files: nothing there says that it was calibrated.
 * @throws ModelFileError `model_format_unsupported`
 */
export function refuseCalibrated(layer: Layer): void {
  const mode = quantizationOf(layer)?.mode;
  if (mode !== 'gptq' && mode !== 'awq') return;
  throw new ModelFileError(
    'model_format_unsupported',
    `The ${layer.className} layer ${quote(layer.name)} was quantized by ${mode.toUpperCase()}, which Keras can't load out of HDF5. Save the model ` +
      "with model.save('model.keras').",
  );
}

const refused = ({ className, name }: Layer, what: string): ModelFileError =>
  new ModelFileError(
    'model_format_unsupported',
    `The ${className} layer ${quote(name)} ${what}. Give the model as it was before model.quantize().`,
  );

/** The error of a layer whose weights are quantized though its config doesn't say so, as `quantize` leaves attention layers. */
export const quantizedUnsaid = (layer: Layer): ModelFileError =>
  refused(layer, "has weights that Keras quantized, of which the file doesn't say how: Keras can't load it either");

/** The error of a layer that lacks what Keras 3.15 leaves out as it saves; undefined for any other. */
export function zerosLost(layer: Layer, expected: readonly string[], found: number): ModelFileError | undefined {
  const mode = quantizationOf(layer)?.mode;
  if ((mode !== 'gptq' && mode !== 'awq') || found !== expected.length - 1) return undefined;
  return refused(
    layer,
    `was quantized by ${mode.toUpperCase()}, and Keras left its zero points out of the file: it can't load it either`,
  );
}

/** Names of what a grouped weight has besides its scales. */
const groups = (name: string, { grouped }: Quantization): string[] => (grouped ? [`${name}_zero`, 'g_idx'] : []);

const calibrated = (bias: string[], ...more: string[]) => [
  ...bias,
  'quantized_kernel',
  'kernel_scale',
  'kernel_zero',
  ...more,
  'g_idx',
];

/** The variables of each mode in the order of `variable_serialization_spec` in Keras, for layers with a kernel. */
const kernelVariables: Record<Quantization['mode'], (bias: string[], quantization: Quantization) => string[]> = {
  int8: (bias) => ['kernel', ...bias, 'kernel_scale'],
  int4: (bias, quantization) => ['kernel', ...bias, 'kernel_scale', ...groups('kernel', quantization)],
  float8: (bias) => [
    'kernel',
    ...bias,
    ...['inputs', 'kernel', 'outputs_grad'].flatMap((name) => [`${name}_scale`, `${name}_amax_history`]),
  ],
  gptq: (bias) => calibrated(bias),
  awq: (bias) => calibrated(bias, 'awq_scales'),
  ternary: (bias) => ['kernel', ...bias, 'kernel_scale'],
};

function tableVariables(own: readonly string[], quantization: Quantization): string[] {
  return own.flatMap((name) => {
    const [zero, index] = groups(name, quantization);
    const made = [name, `${name}_scale`, ...(zero ? [zero] : [])];
    return index && name === 'embeddings' ? [...made, index] : made;
  });
}

/**
 * A layer's variables, with those that quantizing it added, in the order in which Keras numbers them in its files.
 * @param own those of a layer of its class that isn't quantized
 * @throws ModelFileError `model_format_unsupported`, as {@link quantizationOf} does
 */
export function quantizedVariables(layer: Layer, own: Variable[]): Variable[] {
  const quantization = quantizationOf(layer);
  if (!quantization) return own;
  const names = own.map(({ name }) => name);
  const hasKernel = names[0] === 'kernel';
  const made = hasKernel
    ? kernelVariables[quantization.mode](names.slice(1), quantization)
    : tableVariables(names, quantization);
  const trains = (name: string) => name === 'bias' || quantization.mode === 'float8';
  return made.map((name) => ({ name, trainable: trains(name) }));
}
