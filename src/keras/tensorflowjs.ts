import { stat } from 'node:fs/promises';
import { asList, asShape, asText, isObject } from './config.js';
import type { Contents } from './contents.js';
import { ModelFileError } from './errors.js';
import { widenFloat16 } from './floats.js';
import { limits, quote } from './limits.js';
import type { Config, ConfigValue, Weight } from './model.js';
import { pathBeside, withSource } from './source.js';
import type { NamedWeight } from './weights.js';

/** A weight as the manifest describes it: `WeightsManifestEntry` of TensorFlow.js. */
interface Entry {
  name: string;
  shape: number[];
  dtype: string;
  quantization: { dtype: string; scale: number; min: number } | undefined;
}

const itemBytes: Record<string, number> = {
  float32: 4,
  int32: 4,
  bool: 1,
  uint8: 1,
  uint16: 2,
  float16: 2,
  complex64: 8,
};

/** Whether a JSON file is the `model.json` of TensorFlow.js. */
export const isTensorflowJs = (json: Config): boolean => 'modelTopology' in json || 'weightsManifest' in json;

/**
 * Reads a TensorFlow.js layers model, saved by TensorFlow.js or by its converter: the layers are in `model.json`, the
 * weights in shards beside it.
 *
 * @throws ModelFileError
 */
export async function readTensorflowJs(path: string, json: Config): Promise<Contents> {
  const topology = isObject(json.modelTopology) ? json.modelTopology : {};
  const entry = isObject(topology.model_config) ? topology.model_config : topology;
  if (isGraphModel(json) || asText(entry.class_name) === undefined) {
    throw new ModelFileError(
      'model_format_unsupported',
      "This is a TensorFlow.js graph model, which holds TensorFlow's operations, not Keras layers: the TensorFlow engine serves " +
        'it as it is (--engine auto or tensorflow). For anything else, give the Keras model that it was converted from, or ' +
        'convert that to a layers model (--output_format=tfjs_layers_model).',
    );
  }
  const weights: NamedWeight[] = [];
  for (const group of asList(json.weightsManifest)) {
    if (isObject(group)) weights.push(...(await readGroup(path, group)));
  }
  const kerasVersion = asText(topology.keras_version);
  const training = topology.training_config;
  return {
    architecture: { container: 'tensorflowjs', entry, kerasVersion, training },
    weights: { layout: 'list', weights },
  };
}

/** Whether the `model.json` of TensorFlow.js is a graph model: TensorFlow's operations, not Keras's layers. */
export const isGraphModel = (json: Config): boolean =>
  json.format === 'graph-model' || (isObject(json.modelTopology) && 'node' in json.modelTopology);

/** A TensorFlow.js graph model. */
export interface GraphModelContents {
  /** `model.json`, its weights described one after the other: `ModelArtifacts` of TensorFlow.js. */
  artifacts: Config;
  /** The bytes of all weights. */
  weights: Uint8Array<ArrayBuffer>;
}

/**
 * Reads a TensorFlow.js graph model: its `model.json` and the shards that this names, which lie beside it.
 *
 * @throws ModelFileError `model_weights_missing` for a missing shard, `model_damaged` for shards of the wrong size
 */
export async function readGraphModel(path: string, json: Config): Promise<GraphModelContents> {
  const { weightsManifest, ...artifacts } = json;
  const groups = asList(weightsManifest).map((group) => (isObject(group) ? group : {}));
  const specs = groups.map((group) => asList(group.weights));
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (const [index, group] of groups.entries()) {
    const shards = await findShards(path, asList(group.paths));
    const available = shards.reduce((sum, { size }) => sum + size, 0);
    // The length of texts is in the shards alone.
    const hasTexts = specs[index]!.some((spec) => isObject(spec) && spec.dtype === 'string');
    const needed = hasTexts
      ? available
      : specs[index]!.reduce<number>((sum, spec) => sum + byteLength(readEntry(spec)), 0);
    checkLength(available, needed, needed !== available);
    pieces.push(new Uint8Array((await readShards(shards, [available]))[0]!));
  }
  const weights = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    weights.set(piece, offset);
    offset += piece.length;
  }
  return { artifacts: { ...artifacts, weightSpecs: specs.flat() }, weights };
}

function checkLength(available: number, needed: number, isWrong: boolean): void {
  if (!isWrong) return;
  throw new ModelFileError(
    'model_damaged',
    `The shards of the TensorFlow.js model hold ${available} bytes, but its weights need ${needed}. Copy or download them again.`,
  );
}

async function readGroup(path: string, group: Config): Promise<NamedWeight[]> {
  const entries = asList(group.weights).map(readEntry);
  if (entries.length > limits.hdf5Objects)
    throw new ModelFileError('model_too_large', 'The manifest lists too many weights.');
  const shards = await findShards(path, asList(group.paths));
  const available = shards.reduce((sum, { size }) => sum + size, 0);
  const needed = entries.reduce((sum, entry) => sum + byteLength(entry), 0);
  checkLength(available, needed, !(needed <= available));
  const bytes = await readShards(shards, entries.map(byteLength));
  return entries.map((entry, index) => ({ name: entry.name, weight: decode(entry, bytes[index]!) }));
}

function readEntry(value: ConfigValue): Entry {
  const { name, shape, dtype, quantization } = isObject(value) ? value : {};
  const sizes = asShape(shape);
  const stored = isObject(quantization) ? asText(quantization.dtype) : asText(dtype);
  if (typeof name !== 'string' || typeof dtype !== 'string' || !sizes || sizes.includes(null)) {
    throw new ModelFileError('model_damaged', 'The manifest of the TensorFlow.js model is broken.');
  }
  if (stored === undefined || !Object.hasOwn(itemBytes, stored)) {
    throw new ModelFileError('model_format_unsupported', `The weight ${quote(name)} is of type ${quote(stored)}.`);
  }
  const { scale, min } = isObject(quantization) ? quantization : {};
  return {
    name,
    shape: sizes as number[],
    dtype,
    quantization: isObject(quantization)
      ? { dtype: stored, scale: typeof scale === 'number' ? scale : 1, min: typeof min === 'number' ? min : 0 }
      : undefined,
  };
}

const byteLength = ({ shape, dtype, quantization }: Entry): number =>
  shape.reduce((product, length) => product * length, itemBytes[quantization?.dtype ?? dtype]!);

interface Shard {
  path: string;
  size: number;
}

async function findShards(model: string, names: ConfigValue[]): Promise<Shard[]> {
  const shards: Shard[] = [];
  for (const name of names) {
    const path = pathBeside(model, name);
    const size = await stat(path).then(
      (found) => found.size,
      () => undefined,
    );
    if (size === undefined) {
      throw new ModelFileError(
        'model_weights_missing',
        `The shard ${quote(name)} of the TensorFlow.js model is missing. Put it beside model.json.`,
      );
    }
    shards.push({ path, size });
  }
  return shards;
}

/** Cuts the shards, one after another, into pieces of the given lengths. */
async function readShards(shards: Shard[], lengths: number[]): Promise<ArrayBuffer[]> {
  const pieces = lengths.map((length) => new Uint8Array(length));
  let piece = 0;
  let filled = 0;
  for (const { path, size } of shards) {
    await withSource(path, async ({ file }) => {
      for (let position = 0; position < size && piece < pieces.length; ) {
        const target = pieces[piece]!;
        const length = Math.min(size - position, target.length - filled);
        const { bytesRead } = length > 0 ? await file.read(target, filled, length, position) : { bytesRead: 0 };
        if (bytesRead < length)
          throw new ModelFileError('model_damaged', 'A shard of the TensorFlow.js model is cut off.');
        position += length;
        filled += length;
        if (filled === target.length) {
          piece++;
          filled = 0;
        }
      }
    });
  }
  return pieces.map(({ buffer }) => buffer);
}

function decode({ shape, dtype, quantization }: Entry, bytes: ArrayBuffer): Weight {
  if (!quantization) {
    if (dtype === 'int32') return { dtype, shape, data: new Int32Array(bytes) };
    if (dtype === 'bool' || dtype === 'uint8') return { dtype, shape, data: new Uint8Array(bytes) };
    return { dtype: 'float32', shape, data: new Float32Array(bytes) };
  }
  if (quantization.dtype === 'float16') {
    return { dtype: 'float32', shape, data: widenFloat16(new Uint16Array(bytes)) };
  }
  const levels = quantization.dtype === 'uint8' ? new Uint8Array(bytes) : new Uint16Array(bytes);
  const { scale, min } = quantization;
  if (dtype === 'int32') {
    return { dtype, shape, data: Int32Array.from(levels, (level) => Math.round(level * scale + min)) };
  }
  return { dtype: 'float32', shape, data: Float32Array.from(levels, (level) => level * scale + min) };
}
