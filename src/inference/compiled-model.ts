import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelFiles, onlyVocabularyFile, vocabularyFiles } from '../keras/index.js';
import { codeVersion } from '../support/code-version.js';
import { KnownError } from '../support/errors.js';
import { isSystemError, reasonOf } from '../support/files.js';
import type { EngineChoice, ModelSource } from './compile-messages.js';
import { compileInProcess } from './compile-process.js';
import { FileHashes, hashOf, hashTexts } from './file-hashes.js';
import { type CachedModel, ModelCache } from './model-cache.js';
import { NoteFolder } from './note-folder.js';

/** A model file made ready for an engine: compiled to ONNX and optimised for this processor, or stored for TensorFlow. */
export interface CompiledModel extends CachedModel {
  /** Another one for other contents of its files, or where they are read otherwise; the same on every machine. */
  digest: string;
  /** What its owner should know of how it is kept: warnings for the log. */
  notes: { level: 'warn'; message: string; advice: string; general: true }[];
  /** Removes the file, unless it is kept in the cache. */
  dispose(): Promise<void>;
}

/** No folder that compiled models could be written to. The message says which were tried. */
export class NoRoomError extends KnownError {
  readonly audience = 'operator';
  readonly code = 'cache_unwritable';
}

/**
 * Where compiled models are kept unless a folder is named.
 * @throws what the system says where this user has no home
 */
const defaultCacheFolder = async (): Promise<string> => {
  // It looks for the user's home when it is loaded.
  const { default: envPaths } = await import('env-paths');
  return envPaths('keras-serve', { suffix: '' }).cache;
};

/**
 * A folder of notes in the cache, which goes like a model of it where there is no room; undefined where nothing is kept.
 * @param cacheFolder the user's own where it is undefined; null to keep nothing
 */
export async function notesIn(cacheFolder: string | null | undefined, name: string): Promise<NoteFolder | undefined> {
  const folder = cacheFolder === undefined ? await defaultCacheFolder().catch(() => null) : cacheFolder;
  return folder === null ? undefined : new NoteFolder(join(folder, name));
}

/** The most that the cache holds. */
const maxCacheBytes = 10 * 2 ** 30;

const runtimeVersion = (): string => createRequire(import.meta.url)('onnxruntime-node/package.json').version;

/**
 * What the optimised model depends on beside the file: the layout of its weights goes by the processor's vector instructions,
 * which its name alone does not tell on a virtual machine.
 */
async function processor(): Promise<string> {
  const information = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  const flags = /^(?:flags|Features)\s*:.*$/m.exec(information)?.[0] ?? '';
  return `${process.platform}-${process.arch} ${cpus()[0]?.model} ${flags}`;
}

/** What compiled models depend on beside their files: the same for all, so it is looked up once. */
const readEnvironment = async (): Promise<string[]> => [
  ...(await codeVersion(['images', 'keras', 'onnx', 'strings', 'tensorflow', 'inference'])),
  runtimeVersion(),
  await processor(),
];
let environment: Promise<string[]> | undefined;

const noRoom = (cause: NodeJS.ErrnoException): NoRoomError => {
  const reason = `the temporary folder ${tmpdir()} can't be written: ${reasonOf(cause, 'there is no such folder')}`;
  return new NoRoomError(
    `There is no room for compiled models: ${reason}. Mount a folder there, or give one with --cache-folder.`,
    { cause },
  );
};

/** @param contents the hashes of its files */
const digestOf = ({ inputShape, signature }: ModelSource, contents: readonly string[]): string =>
  hashTexts([JSON.stringify(inputShape ?? null), signature ?? '', ...contents]);

/** The hashes of a model's files, of which nothing is kept. */
async function hashFiles({ path, weights }: ModelSource): Promise<string[]> {
  const files = await modelFiles(path, { weights });
  return Promise.all(files.map(hashOf));
}

/** Compiles a model file into a temporary folder, for as long as it is used. @throws ModelFileError, NoRoomError */
async function compileForNow(source: ModelSource, engine: EngineChoice): Promise<CompiledModel> {
  const folder = await mkdtemp(join(tmpdir(), 'keras-serve-')).catch((error: NodeJS.ErrnoException) => {
    throw noRoom(error);
  });
  const path = join(folder, 'model');
  const dispose = () => rm(folder, { recursive: true, force: true });
  const hashing = hashFiles(source);
  hashing.catch(() => undefined);
  try {
    const compiled = await compileInProcess('optimize', { ...source, output: path, engine });
    return { path, ...compiled, digest: digestOf(source, await hashing), notes: [], dispose };
  } catch (error) {
    await dispose();
    throw isSystemError(error) ? noRoom(error) : error;
  }
}

/** What to say where compiled models can't be kept. */
const notKept = (folder: string, error: NodeJS.ErrnoException): CompiledModel['notes'][0] => ({
  level: 'warn',
  message: `The cache folder ${folder} can't be written (${reasonOf(error, 'there is no such folder')}): models are compiled anew at every start`,
  advice: '--cache-folder names another, --no-cache does without',
  general: true,
});

/**
 * Compiles a model file, or finds it compiled in the cache. Where the cache can't be written it does without, and notes that.
 * @param source the model file
 * @param cacheFolder the user's own where it is undefined; null to keep nothing: the compiled model then lives in a temporary
 *   folder
 * @param engine that is to run it
 * @throws ModelFileError
 * @throws NoRoomError when there is neither a cache nor a temporary folder
 */
export async function compileModelFile(
  source: ModelSource,
  cacheFolder: string | null | undefined,
  engine: EngineChoice = 'auto',
): Promise<CompiledModel> {
  if (cacheFolder === null) return compileForNow(source, engine);
  const files = await modelFiles(source.path, { weights: source.weights });
  const shape = JSON.stringify(source.inputShape ?? null);
  environment ??= readEnvironment();
  let folder = cacheFolder ?? 'of this user';
  try {
    folder = cacheFolder ?? (await defaultCacheFolder());
    // Beside the models, and removed like one of them where there is no room.
    const hashes = new FileHashes(join(folder, 'hashes'));
    const contents = await Promise.all(files.map((file) => hashes.of(file)));
    // Which layer a vocabulary is for, if any, goes by its name, or by what else lies there.
    const only = await onlyVocabularyFile(source.path);
    const vocabularies = [...(await vocabularyFiles(source.path)), only ?? ''].join('/');
    const key = hashTexts([...(await environment), shape, engine, source.signature ?? '', vocabularies, ...contents]);
    const cache = new ModelCache(folder, maxCacheBytes);
    const cached = await cache.get(key, (output) => compileInProcess('optimize', { ...source, output, engine }));
    return { ...cached, digest: digestOf(source, contents), notes: [], dispose: async () => undefined };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return { ...(await compileForNow(source, engine)), notes: [notKept(folder, error)] };
  }
}
