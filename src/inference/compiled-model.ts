import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import envPaths from 'env-paths';
import { modelFiles } from '../keras/index.js';
import { isBuilt, modulePath, packageVersion, sourceFolder } from '../package.js';
import type { EngineChoice, ModelSource } from './compile-messages.js';
import { compileInProcess } from './compile-process.js';
import { FileHashes, hashTexts } from './file-hashes.js';
import { type CachedModel, ModelCache } from './model-cache.js';

/** A model file made ready for an engine: compiled to ONNX and optimised for this processor, or stored for TensorFlow. */
export interface CompiledModel extends CachedModel {
  /** Removes the file, unless it is kept in the cache. */
  dispose(): Promise<void>;
}

/** Where compiled models are kept unless a folder is named. */
export const defaultCacheFolder = (): string => envPaths('keras-serve', { suffix: '' }).cache;

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

/** When the compiler was last changed: in a checkout it changes without the version. What npm installs has one date. */
async function compilerTime(): Promise<string> {
  const rooms = ['keras', 'onnx', 'tensorflow', 'inference'].map((room) => join(sourceFolder, room));
  // A build always writes the inference process.
  const files = isBuilt
    ? []
    : await Promise.all(rooms.map((room) => readdir(room, { recursive: true, withFileTypes: true })));
  const paths = files.flat().flatMap((file) => (file.isFile() ? join(file.parentPath ?? file.path, file.name) : []));
  const times = await Promise.all(
    [modulePath('inference/process-main'), ...paths].map(async (path) => (await stat(path)).mtimeMs),
  );
  return String(Math.max(...times));
}

/** What compiled models depend on beside their files: the same for all, so it is looked up once. */
const readEnvironment = async (): Promise<string[]> => [
  packageVersion,
  await compilerTime(),
  runtimeVersion(),
  await processor(),
];
let environment: Promise<string[]> | undefined;

/**
 * Compiles a model file, or finds it compiled in the cache.
 * @param source the model file
 * @param engine that is to run it
 * @param cacheFolder undefined to keep nothing: the compiled model then lives in a temporary folder
 * @throws ModelFileError
 */
export async function compileModelFile(
  source: ModelSource,
  cacheFolder: string | undefined,
  engine: EngineChoice = 'auto',
): Promise<CompiledModel> {
  if (cacheFolder === undefined) {
    const folder = await mkdtemp(join(tmpdir(), 'keras-serve-'));
    const path = join(folder, 'model');
    const dispose = () => rm(folder, { recursive: true, force: true });
    try {
      return { path, ...(await compileInProcess('optimize', { ...source, output: path, engine })), dispose };
    } catch (error) {
      await dispose();
      throw error;
    }
  }
  const files = await modelFiles(source.path, { weights: source.weights });
  const shape = JSON.stringify(source.inputShape ?? null);
  environment ??= readEnvironment();
  // Beside the models, and removed like one of them where there is no room.
  const hashes = new FileHashes(join(cacheFolder, 'hashes'));
  const contents = await Promise.all(files.map((file) => hashes.of(file)));
  const key = hashTexts([...(await environment), shape, engine, source.signature ?? '', ...contents]);
  const cache = new ModelCache(cacheFolder, maxCacheBytes);
  const cached = await cache.get(key, (output) => compileInProcess('optimize', { ...source, output, engine }));
  return { ...cached, dispose: async () => undefined };
}
