import { hash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { KnownError } from '../support/errors.js';
import { FileSizeError, isSystemError, NoFileError, readWhole, reasonOf } from '../support/files.js';
import { isModelName, normalName } from '../support/model-name.js';
import type { KeyHolder } from './key-holder.js';

/** A file of API keys that can't be used. The message names the file and the line, never what could be a key. */
export class KeyFileError extends KnownError {
  readonly audience = 'operator';
  readonly code = 'key_file_invalid';
}

/** A key, by its SHA-256: the key itself is forgotten once it is read. */
export interface ApiKey extends KeyHolder {
  readonly digest: string;
}

/** What a file of keys says. */
export interface KeyFile {
  readonly keys: readonly ApiKey[];
  /** Whether a line has a key itself, not its hash. */
  readonly hasPlainKeys: boolean;
}

/** The most that a file of keys may have: bytes, keys, characters of a line. */
const limits = { bytes: 2 ** 20, keys: 1000, line: 10_000 };
/** Characters of a key: 16 of those that random keys are made of can't be guessed. */
const keyLength = { least: 16, most: 256 };

const keyName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** What `Authorization: Bearer` may carry: `b64token` of RFC 6750, section 2.1. */
const bearerToken = /^[A-Za-z0-9._~+/-]+=*$/;
const hashed = /^sha256:([0-9a-f]{64})$/i;

/** The SHA-256 of a key, in hexadecimal digits. */
export const digestOf = (key: string): string => hash('sha256', key);

/**
 * Reads a file of API keys.
 * @throws KeyFileError
 */
export async function readKeyFile(path: string): Promise<KeyFile> {
  let bytes: Buffer;
  try {
    bytes = await readWhole(path, limits.bytes);
  } catch (error) {
    throw isSystemError(error) || error instanceof NoFileError || error instanceof FileSizeError
      ? new KeyFileError(`The API keys ${path} can’t be read: ${unreadable(error)}.`)
      : error;
  }
  return parseKeys(bytes, path);
}

const unreadable = (error: NodeJS.ErrnoException | NoFileError | FileSizeError): string => {
  if (error instanceof NoFileError) return `that is ${error.what}`;
  return error instanceof FileSizeError ? 'the file has more than 1 MB' : reasonOf(error);
};

/** Whether everyone on the machine may read a file; false where the system has no such permissions. */
export const isReadableByAll = async (path: string): Promise<boolean> =>
  process.platform !== 'win32' && ((await stat(path)).mode & 0o004) !== 0;

/**
 * Reads lines of `name key` or `name sha256:<hex>`, then `models=a,b` and `admin`. Empty lines, and what follows a `#`, are passed over.
 * @param path of the file, for messages
 * @throws KeyFileError
 */
export function parseKeys(bytes: Uint8Array, path: string): KeyFile {
  const lines = textOf(bytes, path).split(/\r?\n/);
  const keys: ApiKey[] = [];
  /** Lines by what may stand in one alone. */
  const names = new Map<string, number>();
  const digests = new Map<string, number>();
  let hasPlainKeys = false;
  for (const [index, line] of lines.entries()) {
    const refuse = (what: string): never => {
      throw new KeyFileError(`${path}:${index + 1} ${what}.`);
    };
    if (line.length > limits.line) refuse(`has more than ${limits.line} characters`);
    const words = line
      .replace(/(^|\s)#.*/, '')
      .split(/\s+/)
      .filter(Boolean);
    if (words.length === 0) continue;
    if (keys.length === limits.keys) refuse(`has one key more than the ${limits.keys} that there may be`);
    const [name = '', secret = '', ...rest] = words;
    if (!keyName.test(name)) refuse('has to begin with a name: up to 64 of the letters A to Z, digits and ._-');
    const digest = readSecret(secret, refuse);
    hasPlainKeys ||= !hashed.test(secret);
    const sameName = names.get(name);
    if (sameName) refuse(`has the name of line ${sameName}: each key needs its own`);
    const sameKey = digests.get(digest);
    if (sameKey) refuse(`has the key of line ${sameKey}: nobody could tell whose it is`);
    names.set(name, index + 1);
    digests.set(digest, index + 1);
    keys.push({ name, digest, ...readRights(rest, refuse) });
  }
  if (keys.length === 0) throw new KeyFileError(`${path} has no key: a line is a name and a key.`);
  return { keys, hasPlainKeys };
}

function textOf(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new KeyFileError(`${path} isn’t text in UTF-8.`);
  }
}

type Refuse = (what: string) => never;

function readSecret(secret: string, refuse: Refuse): string {
  if (secret === '') refuse('has a name and no key');
  const [, digest] = hashed.exec(secret) ?? [];
  if (digest) return digest.toLowerCase();
  if (secret.startsWith('sha256:')) refuse('has a hash that isn’t 64 hexadecimal digits');
  if (!bearerToken.test(secret)) refuse('has a key with other characters than letters A to Z, digits and -._~+/=');
  if (secret.length < keyLength.least)
    refuse(
      `has a key of fewer than ${keyLength.least} characters, which can be guessed: openssl rand -hex 24 makes one`,
    );
  if (secret.length > keyLength.most) refuse(`has a key of more than ${keyLength.most} characters`);
  return digestOf(secret);
}

/** What a key is for, as its line says behind it. */
function readRights(words: readonly string[], refuse: Refuse): Pick<KeyHolder, 'models' | 'admin'> {
  let models: string[] | undefined;
  let admin = false;
  for (const word of words) {
    const isModels = word.startsWith('models=');
    // The word itself may be a key that is in the wrong place.
    if (!isModels && word !== 'admin') refuse('has something behind its key that is neither models=… nor admin');
    if (isModels ? models : admin) refuse(`says ${isModels ? 'models=' : 'admin'} twice`);
    if (isModels) models = word.slice('models='.length).split(',').map(normalName);
    else admin = true;
  }
  if (models && !models.every(isModelName))
    refuse('has models= without names of models, with commas and no spaces between them, behind it');
  return { ...(models && { models }), admin };
}
