import { deflateSync, inflateSync } from 'node:zlib';
import { unzipSync, zipSync } from 'fflate';
import type { Random } from './random.js';
import type { Seed } from './seeds.js';

/** A change to the files of a model. */
export type Mutation = (files: Seed['files'], seed: Seed, random: Random) => Seed['files'] | undefined;

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Numbers at which arithmetic of sizes goes wrong. */
const numbers = [-1, 0, 1, 2, 3, 255, 65_535, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, 1e30, 0.5, -0.5];

const words = [
  '',
  'same',
  'valid',
  'causal',
  'channels_first',
  'relu',
  'softmax',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  'builtins',
  'float16',
  'string',
  'int64',
  '\u0000',
  'é'.repeat(300),
];

function deep(random: Random): Json {
  let value: Json = 1;
  for (let depth = random.pick([10, 150, 250, 1000]); depth > 0; depth--)
    value = random.below(2) ? [value] : { config: value };
  return value;
}

const values: ((random: Random) => Json)[] = [
  (random) => random.pick(numbers),
  (random) => random.pick(numbers),
  (random) => random.pick(words),
  () => null,
  (random) => random.below(2) === 0,
  (random) => Array.from({ length: random.below(6) }, () => random.pick(numbers)),
  () => ({}),
  (random) => ({
    class_name: random.pick(['Lambda', 'Dense', '__tuple__', '__numpy__', '__keras_tensor__', 'Functional']),
    config: {},
  }),
  deep,
];

/** Every place in a value: what holds it, and its key there. */
function places(root: Json): { holder: Json[] | Record<string, Json>; key: string }[] {
  const found: { holder: Json[] | Record<string, Json>; key: string }[] = [];
  const visit = (value: Json): void => {
    if (typeof value !== 'object' || value === null) return;
    const holder = value as Record<string, Json>;
    for (const key of Object.keys(holder)) {
      found.push({ holder, key });
      visit(holder[key]!);
    }
  };
  visit(root);
  return found;
}

/** Changes one to four places of a JSON value, and gives the text. */
function mutateJson(text: string, random: Random): string | undefined {
  let root: Json;
  try {
    root = JSON.parse(text);
    if (typeof root === 'string') root = JSON.parse(root) as Json;
  } catch {
    return undefined;
  }
  for (let count = 1 + random.below(4); count > 0; count--) {
    const all = places(root);
    if (all.length === 0) break;
    const { holder, key } = random.pick(all);
    const other = random.pick(all);
    const target = holder as Record<string, Json>;
    const set = (to: string, value: Json): void => {
      target[to] = value;
    };
    const change = () => set(key, random.pick(values)(random));
    const actions = [
      change,
      change,
      () => (typeof target[key] === 'number' ? set(key, random.pick(numbers)) : change()),
      () => set(key, structuredClone((other.holder as Record<string, Json>)[other.key]!)),
      () => (Array.isArray(holder) ? holder.splice(Number(key), 1) : delete target[key]),
      () =>
        Array.isArray(holder)
          ? holder.push(structuredClone(holder[Number(key)]!))
          : set(random.pick(words), structuredClone(target[key]!)),
      () => swapLike(all, key, target, random),
    ];
    random.pick(actions)();
  }
  return JSON.stringify(root);
}

/** Puts there what stands under the same key elsewhere: a class for a class, a shape for a shape. */
function swapLike(all: ReturnType<typeof places>, key: string, target: Record<string, Json>, random: Random): void {
  const alike = all.filter((place) => place.key === key);
  const { holder } = random.pick(alike);
  target[key] = structuredClone((holder as Record<string, Json>)[key]!);
}

/** Changes bytes: some replaced, cut out, doubled, zeroed or cut off. */
function mutateBytes(bytes: Uint8Array, random: Random, from = 0, to = bytes.length): Uint8Array {
  const result = Uint8Array.from(bytes);
  const place = () => from + random.below(Math.max(1, to - from));
  const actions = [
    () => {
      for (let count = 1 + random.below(16); count > 0; count--) result[place()] = random.below(256);
      return result;
    },
    () => {
      for (let count = 1 + random.below(8); count > 0; count--) result[place()]! ^= 1 << random.below(8);
      return result;
    },
    () => result.fill(random.pick([0, 255, 0x41]), place(), place()),
    () => result.slice(0, place()),
    () => {
      const start = place();
      return Buffer.concat([result.subarray(0, start), result.subarray(start + 1 + random.below(64))]);
    },
    () => {
      const start = place();
      return Buffer.concat([
        result.subarray(0, start),
        result.subarray(Math.max(0, start - 64), start),
        result.subarray(start),
      ]);
    },
    () => {
      const view = new DataView(result.buffer);
      const start = Math.max(0, Math.min(place(), result.length - 8));
      if (result.length >= 8)
        view.setBigUint64(start, random.pick([0n, 1n, 2n ** 31n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n]), true);
      return result;
    },
  ];
  return random.pick(actions)();
}

/** What begins a structure of HDF5, or the message in which a dataset says its shape. */
const structures = ['\x89HDF', 'TREE', 'HEAP', 'SNOD', 'GCOL', 'OHDR', 'FRHP', 'BTHD', 'BTLF', 'OCHK'];

/** Changes bytes right behind the beginning of a structure of HDF5. */
function mutateStructure(bytes: Uint8Array, random: Random): Uint8Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const starts: number[] = [];
  for (const sign of structures) {
    for (let at = buffer.indexOf(sign, 0, 'latin1'); at >= 0; at = buffer.indexOf(sign, at + 1, 'latin1'))
      starts.push(at);
  }
  if (starts.length === 0) return mutateBytes(bytes, random);
  const start = random.pick(starts);
  return mutateBytes(bytes, random, start, Math.min(bytes.length, start + 96));
}

/** Changes the JSON of a config inside of HDF5, which keeps its length. */
function mutateEmbedded(bytes: Uint8Array, random: Random): Uint8Array | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const start = text.search(/\{"(class_name|module)": ?"/);
  if (start < 0) return undefined;
  const end = endOfJson(text, start);
  const changed = end && mutateJson(text.slice(start, end), random);
  if (!changed || changed.length > end - start) return undefined;
  const result = Buffer.from(bytes);
  result.write(changed.padEnd(end - start), start, 'latin1');
  return result;
}

function endOfJson(text: string, start: number): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at++) {
    const letter = text[at]!;
    if (quoted) {
      if (letter === '\\') at++;
      else if (letter === '"') quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === '{' || letter === '[') depth++;
    else if ((letter === '}' || letter === ']') && --depth === 0) return at + 1;
  }
  return undefined;
}

/** Names of layers and weights in HDF5: letters of them are exchanged. */
function mutateNames(bytes: Uint8Array, random: Random): Uint8Array | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const names = [
    ...text.matchAll(/(layer_names|weight_names|model_config|keras_version|kernel|bias|gamma|vars|layers|dense|conv)/g),
  ];
  if (names.length === 0) return undefined;
  const { index } = random.pick(names);
  return mutateBytes(bytes, random, index, Math.min(bytes.length, index + 64));
}

const hdf5: ((bytes: Uint8Array, random: Random) => Uint8Array | undefined)[] = [
  mutateBytes,
  mutateStructure,
  mutateStructure,
  mutateEmbedded,
  mutateEmbedded,
  mutateNames,
];

/** Changes a field of a zip's directory: of its end, of an entry, or of an entry's local header. */
function mutateDirectory(bytes: Uint8Array, random: Random): Uint8Array {
  const buffer = Buffer.from(bytes);
  const sign = random.pick(['PK\x05\x06', 'PK\x01\x02', 'PK\x01\x02', 'PK\x03\x04']);
  const starts: number[] = [];
  for (let at = buffer.indexOf(sign, 0, 'latin1'); at >= 0; at = buffer.indexOf(sign, at + 1, 'latin1'))
    starts.push(at);
  const start = starts.length > 0 ? random.pick(starts) : 0;
  const length = sign === 'PK\x01\x02' ? 46 : sign === 'PK\x05\x06' ? 22 : 30;
  for (let count = 1 + random.below(3); count > 0; count--) {
    const at = start + 4 + random.below(length - 4);
    const width = random.pick([1, 2, 4]);
    if (at + width > buffer.length) continue;
    buffer.writeUIntLE(
      random.pick([0, 1, 8, 255, 2 ** (8 * width) - 1, random.below(2 ** (8 * width))]) % 2 ** (8 * width),
      at,
      width,
    );
  }
  return buffer;
}

/** Changes one entry of a zip, which is whole again afterwards. */
function mutateEntry(bytes: Uint8Array, random: Random): Uint8Array | undefined {
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(bytes);
  } catch {
    return undefined;
  }
  const name = random.pick([
    'config.json',
    'config.json',
    'config.json',
    'metadata.json',
    'model.weights.h5',
    'model.weights.h5',
  ]);
  const entry = entries[name];
  if (!entry) return undefined;
  const changed = name.endsWith('.json')
    ? Buffer.from(mutateJson(Buffer.from(entry).toString(), random) ?? '')
    : random.pick(hdf5)(entry, random);
  return changed && zipSync({ ...entries, [name]: changed }, { level: random.pick([0, 0, 6]) });
}

/** Changes what zlib packed, and packs it again. */
const mutatePacked = (bytes: Uint8Array, random: Random): Uint8Array =>
  deflateSync(mutateBytes(inflateSync(bytes), random));

const isPacked = (bytes: Uint8Array) => bytes[0] === 0x78;
const isZip = (bytes: Uint8Array) => bytes[0] === 0x50 && bytes[1] === 0x4b;
const isHdf5 = (bytes: Uint8Array) => bytes[0] === 0x89 && bytes[1] === 0x48;

/** Changes one file of a model in a way that fits what it is. */
export function mutate(seed: Seed, random: Random): Seed['files'] {
  for (;;) {
    const name = random.below(3) === 0 ? random.pick(Object.keys(seed.files)) : seed.model;
    const bytes = seed.files[name]!;
    const ways = isZip(bytes)
      ? [mutateBytes, mutateDirectory, mutateEntry, mutateEntry, mutateEntry, mutateEntry]
      : isHdf5(bytes)
        ? hdf5
        : name.endsWith('.json')
          ? [mutateBytes, mutateText, mutateText, mutateText]
          : isPacked(bytes)
            ? [mutateBytes, mutatePacked]
            : [mutateBytes];
    const changed = random.pick(ways)(bytes, random);
    if (changed) return { ...seed.files, [name]: changed };
  }
}

function mutateText(bytes: Uint8Array, random: Random): Uint8Array | undefined {
  const changed = mutateJson(Buffer.from(bytes).toString(), random);
  return changed === undefined ? undefined : Buffer.from(changed);
}
