import { createRequire } from 'node:module';
import util from 'node:util';
import { ModelFileError } from '../keras/errors.js';
import { installCommand } from '../support/package.js';

/** TensorFlow.js with a backend that computes. */
export interface TensorFlow {
  core: typeof import('@tensorflow/tfjs-core');
  layers: typeof import('@tensorflow/tfjs-layers');
  converter: typeof import('@tensorflow/tfjs-converter');
  /** The part that only the native library has; undefined on WebAssembly. */
  node: typeof import('@tensorflow/tfjs-node')['node'] | undefined;
  /** What computes: `TensorFlow 2.9.1`, `WebAssembly`. */
  name: string;
}

const nativePackage = '@tensorflow/tfjs-node';
const wasmPackage = '@tensorflow/tfjs-backend-wasm';
const commonPackages = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers', '@tensorflow/tfjs-converter'];

const require = createRequire(import.meta.url);

function isInstalled(name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** The command that installs the native library, or gets it for a package that is there without. */
const nativeCommand = (): string =>
  `${isInstalled(nativePackage) ? `npm rebuild ${nativePackage}` : installCommand([...commonPackages, nativePackage])} --ignore-scripts=false`;

/** How to get the native library. */
export const nativeAdvice = (): string =>
  `${nativeCommand()} (in a clone: npm run setup:tensorflow) installs it, docs/tensorflow.md says more`;

const engineMissing = (cause: unknown) =>
  new ModelFileError(
    'model_engine_missing',
    `The TensorFlow engine is not installed. ${installCommand([...commonPackages, wasmPackage])} installs it on WebAssembly, ` +
      `${nativeCommand()} on TensorFlow's native library, several times as fast (in a clone: npm ci, and npm run ` +
      'setup:tensorflow). docs/tensorflow.md says more.',
    { cause },
  );

/** Loads a package of TensorFlow.js. @throws ModelFileError `model_engine_missing` */
function demand<Package>(name: string): Package {
  try {
    return require(name);
  } catch (cause) {
    throw engineMissing(cause);
  }
}

/** tfjs-node 4.22 calls `util.isNullOrUndefined`, which Node.js has not had since version 23. */
export function restoreRemovedFunctions(module: object = util): void {
  if ('isNullOrUndefined' in module) return;
  Object.assign(module, { isNullOrUndefined: (value: unknown) => value === null || value === undefined });
}

/** tfjs-node 4.22 leaves the upper half of every int64 zero, so that -2 becomes 4294967294. */
function repairInt64(): void {
  const int64 = require('@tensorflow/tfjs-node/dist/int64_tensors.js') as {
    encodeInt32ArrayAsInt64(values: Int32Array): Int32Array;
  };
  int64.encodeInt32ArrayAsInt64 = (values) => new Int32Array(BigInt64Array.from(values, BigInt).buffer);
}

function loadNative(core: TensorFlow['core'], threads: number): Pick<TensorFlow, 'node' | 'name'> | undefined {
  restoreRemovedFunctions();
  // Read by the library when it is loaded; it says much about processors and graphics cards.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  process.env.TF_NUM_INTRAOP_THREADS ??= String(threads);
  process.env.TF_NUM_INTEROP_THREADS ??= '1';
  try {
    const { node } = require('@tensorflow/tfjs-node') as typeof import('@tensorflow/tfjs-node');
    repairInt64();
    const { binding } = core.backend() as unknown as { binding: { TF_Version: string } };
    return { node, name: `TensorFlow ${binding.TF_Version}` };
  } catch {
    return undefined;
  }
}

async function loadWasm(core: TensorFlow['core']): Promise<Pick<TensorFlow, 'node' | 'name'>> {
  const wasm = demand<typeof import('@tensorflow/tfjs-backend-wasm')>(wasmPackage);
  if (!(await core.setBackend('wasm'))) throw new Error('its WebAssembly backend does not start');
  const threads = wasm.getThreadsCount?.call(wasm);
  return { node: undefined, name: `WebAssembly${threads && threads > 1 ? ` (${threads} threads)` : ''}` };
}

let loaded: Promise<TensorFlow> | undefined;

async function load(threads: number): Promise<TensorFlow> {
  const parts: Pick<TensorFlow, 'core' | 'layers' | 'converter'> = {
    core: demand('@tensorflow/tfjs-core'),
    layers: demand('@tensorflow/tfjs-layers'),
    converter: demand('@tensorflow/tfjs-converter'),
  };
  const wanted = process.env.KERAS_SERVE_TENSORFLOW_BACKEND;
  const native = wanted === 'wasm' ? undefined : loadNative(parts.core, threads);
  return { ...parts, ...(native ?? (await loadWasm(parts.core))) };
}

/**
 * TensorFlow.js on TensorFlow's native library where that is installed, else on WebAssembly. Loaded when it is first asked
 * for. The environment variable `KERAS_SERVE_TENSORFLOW_BACKEND=wasm` passes over the native library.
 *
 * @param threads processor threads that one run may use; the first call counts, for they are the process's
 * @throws ModelFileError `model_engine_missing`
 */
export function loadTensorFlow(threads = 1): Promise<TensorFlow> {
  loaded ??= load(threads);
  return loaded;
}
