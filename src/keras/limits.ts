import { ModelFileError } from './errors.js';
import type { ConfigValue } from './model.js';
import { markFloats } from './python-floats.js';

const MEGABYTE = 2 ** 20;

/** Bounds on what is read from a model file. Far above what real models need; there to keep a hostile file cheap. */
export const limits = {
  /** Entries in a zip's central directory. */
  zipEntries: 10_000,
  /** Bytes of a JSON text: the config of a model. */
  jsonBytes: 256 * MEGABYTE,
  jsonDepth: 200,
  /** Values in one JSON text. */
  jsonValues: 5_000_000,
  /** Groups and datasets in an HDF5 file, optimizer state left out. */
  hdf5Objects: 50_000,
  hdf5Depth: 64,
  /** Bytes of one chunk of a chunked dataset, and so the most that is inflated at once. */
  hdf5ChunkBytes: 128 * MEGABYTE,
  /** Bytes of WebAssembly's memory: a chunk, as it is packed and unpacked, and then some. */
  hdf5HeapBytes: 512 * MEGABYTE,
  /** Bytes read of a contiguous dataset at a time. */
  hdf5SliceBytes: 16 * MEGABYTE,
  /** Bytes of an attribute. */
  hdf5AttributeBytes: 256 * MEGABYTE,
  /** Bytes of what a model was compiled with; longer ones are passed over. */
  trainingConfigBytes: MEGABYTE,
  /** Weights may unpack to this many times the bytes of the file … */
  expansion: 20,
  /** … plus this many bytes. */
  expansionBytes: 256 * MEGABYTE,
  /** Bytes read of a chunked dataset at a time, unless one chunk has more. */
  hdf5ChunkedSliceBytes: 64 * MEGABYTE,
  /** Milliseconds of computing without progress after which the reading of HDF5 is given up, … */
  hdf5StallMilliseconds: 5_000,
  /** … and of the clock, for a disk that doesn't answer. */
  hdf5SilenceMilliseconds: 60_000,
  /** Layers of a model, those inside others counted. */
  layers: 20_000,
  /** Models and wrappers inside one another. */
  layerDepth: 32,
  /** Calls of layers, counted like the layers. */
  calls: 100_000,
} as const;

/** The most bytes that weights may take in memory when they come out of `fileBytes` bytes. */
export const expandedLimit = (fileBytes: number): number => fileBytes * limits.expansion + limits.expansionBytes;

/** A name out of the file, cut so that a message stays readable. */
export function quote(name: unknown, length = 80): string {
  const text = typeof name === 'string' ? name : (JSON.stringify(name) ?? String(name));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters must not reach a terminal or a log.
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
  return `"${plain.length > length ? `${plain.slice(0, length)}…` : plain}"`;
}

/**
 * JSON text as a value, bounded in depth and count. Python's `NaN`, `Infinity` and `-Infinity` are read as the strings
 * that stand for them, since Keras writes JSON with them.
 *
 * @param what - the name of the text in messages, such as `config.json`
 * @throws ModelFileError `model_damaged`, `model_too_large`
 */
export function parseJson(text: string, what: string): ConfigValue {
  if (text.length > limits.jsonBytes)
    throw new ModelFileError('model_too_large', `${what} is too long to be a config.`);
  let value: ConfigValue;
  try {
    value = parseTolerant(markFloats(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text));
  } catch (cause) {
    throw new ModelFileError(
      'model_damaged',
      `${what} is not valid JSON. The file may be cut off: copy or download it again.`,
      { cause },
    );
  }
  measure(value, what);
  return value;
}

function parseTolerant(text: string): ConfigValue {
  try {
    return JSON.parse(text);
  } catch (error) {
    const quoted = text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (token) =>
      token.startsWith('"') ? token : `"${token}"`,
    );
    if (quoted === text) throw error;
    return JSON.parse(quoted);
  }
}

function measure(root: ConfigValue, what: string): void {
  let values = 0;
  let level: ConfigValue[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    values += level.length;
    if (depth > limits.jsonDepth || values > limits.jsonValues) {
      throw new ModelFileError(
        'model_too_large',
        `${what} is nested deeper than ${limits.jsonDepth} levels or holds more than ${limits.jsonValues} values.`,
      );
    }
    const next: ConfigValue[] = [];
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue;
      for (const child of Array.isArray(value) ? value : Object.values(value)) next.push(child);
    }
    level = next;
  }
}
