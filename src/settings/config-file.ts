import { dirname, isAbsolute, join } from 'node:path';
import { decodeText } from '../support/decode-text.js';
import { FileSizeError, isSystemError, NoFileError, readWhole, reasonOf } from '../support/files.js';
import { nearestName } from '../support/nearest-name.js';
import type { Given } from './config.js';
import { ConfigError } from './config-error.js';
import { type FileKey, fileKeys } from './config-keys.js';
import { allowedBy, itemsOf, type ValueSchema } from './parsers.js';
import type { SettingName } from './settings.js';
import { type Placed, PlaceError, readEntries } from './yaml-entries.js';

/** Bytes of a configuration file: far more than one with every setting has. */
const maxBytes = 256 * 1024;

/** What a configuration file says. */
export interface ConfigFile {
  values: ReadonlyMap<SettingName, Given>;
  /** What is served, as in the file; and where that stands. */
  models: Given | undefined;
  /** The folder that paths are relative to. */
  folder: string;
}

/**
 * Reads a configuration file: YAML 1.2, of which JSON is a part. Whether values can be used is for `readSettings` to say.
 * @throws ConfigError naming the file, the line, the column and the key
 */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  const text = decodeText(await readFile(path));
  if (text === undefined) throw new ConfigError(`The configuration ${path} is no text in UTF-8`);
  try {
    return parseConfigFile(path, text);
  } catch (error) {
    if (!(error instanceof PlaceError)) throw error;
    throw new ConfigError(`${path}:${error.place.line}:${error.place.column} ${error.message}`);
  }
}

async function readFile(path: string): Promise<Buffer> {
  try {
    return await readWhole(path, maxBytes);
  } catch (error) {
    if (error instanceof NoFileError) throw new ConfigError(`The configuration ${path} is ${error.what}, no file`);
    if (error instanceof FileSizeError)
      throw new ConfigError(`The configuration ${path} has more than ${maxBytes} bytes, which no settings take`);
    if (isSystemError(error)) throw new ConfigError(`The configuration ${path} can't be read: ${reasonOf(error)}`);
    throw error;
  }
}

/** What the text of a configuration file says. @throws PlaceError */
export function parseConfigFile(path: string, text: string): ConfigFile {
  const folder = dirname(path);
  const lines = new Map<string, number>();
  const values = new Map<string, Given>();
  for (const { key, value } of readEntries(text)) {
    const known = fileKeys.get(String(key.value));
    if (!known) throw unknownKey(key);
    const { name } = known;
    if (lines.has(name)) throw new PlaceError(key, `${name} stands twice, first on line ${lines.get(name)}`);
    lines.set(name, key.line);
    values.set(name, given(name, known, value, path));
  }
  const ofSettings = [...values].flatMap(([name, given]) => {
    const { setting } = fileKeys.get(name)!;
    return setting ? [[setting, given] as const] : [];
  });
  return { values: new Map(ofSettings), models: values.get('models'), folder };
}

function unknownKey(key: Placed): PlaceError {
  const name = typeof key.value === 'string' ? key.value.slice(0, 80) : 'what stands here';
  const nearest = nearestName(name, [...fileKeys.keys()]);
  return new PlaceError(key, `${name} is no setting${nearest ? `. Did you mean ${nearest}?` : ''}`);
}

/** What a value is called in messages. */
const typeNames: Record<string, string> = {
  string: 'a text',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
};

/** The type of a value, in JSON Schema's words. A broken number is refused by who reads whole ones. */
const typeOf = ({ value }: Placed): string =>
  Array.isArray(value) ? 'array' : typeof value === 'number' ? 'integer' : typeof value;

/** Whether a text stands for leaving a setting open, such as none. */
const isWord = (schema: ValueSchema, text: string): boolean => allowedBy(schema).includes(text);

/** @throws PlaceError for a value of another type than the schema has */
function given(name: string, key: Pick<FileKey, 'schema' | 'isPath' | 'fallback'>, value: Placed, file: string): Given {
  if (value.value === null) throw new PlaceError(value, `${name} has no value: leave it out to have the default`);
  if (value.value === '' && (key.schema.minLength ?? key.schema.anyOf?.some(({ minLength }) => minLength)))
    throw new PlaceError(value, `${name} must not be empty`);
  const allowed = allowedBy(key.schema);
  if (!allowed.includes(typeOf(value)) && !allowed.some((word) => word === value.value)) {
    const names = allowed.map((type) => typeNames[type] ?? type).join(' or ');
    const isBare = ['integer', 'boolean'].includes(typeOf(value));
    const hint =
      isBare && allowed.includes('string') ? `: write it in quotes, "${String(value.value).slice(0, 40)}"` : '';
    throw new PlaceError(value, `${name} must be ${names}, but is ${typeNames[typeOf(value)] ?? 'a mapping'}${hint}`);
  }
  const place = {
    source: 'file',
    from: `${file}:${value.line}`,
    name: `${file}:${value.line}:${value.column} ${name}`,
  } as const;
  if (!Array.isArray(value.value)) {
    const text = String(value.value);
    const one = { ...place, text: key.isPath && text !== key.fallback ? beside(file, text) : text };
    // One of a list may stand by itself; commas are for the command line.
    return allowed.includes('array') && !isWord(key.schema, text) ? { ...one, items: [one] } : one;
  }
  const schema = itemsOf(key.schema);
  const items = value.value.map((item: Placed, index) => given(`${name}[${index}]`, { ...key, schema }, item, file));
  return { ...place, text: items.map(({ text }) => text).join(','), items };
}

/** A path in a file is beside it. */
const beside = (file: string, path: string): string => (isAbsolute(path) ? path : join(dirname(file), path));
