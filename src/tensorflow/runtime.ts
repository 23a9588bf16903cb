import { createRequire } from 'node:module';
import util from 'node:util';
import { ModelFileError } from '../keras/errors.js';

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

/** How to get the native library. */
export const nativeAdvice =
  'npm rebuild @tensorflow/tfjs-node --ignore-scripts=false (in a checkout: npm run setup:tensorflow) installs it, docs/tensorflow.md says more';

const require = createRequire(import.meta.url);

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
  const wasm = require('@tensorflow/tfjs-backend-wasm') as typeof import('@tensorflow/tfjs-backend-wasm');
  if (!(await core.setBackend('wasm'))) throw new Error('its WebAssembly backend does not start');
  const threads = wasm.getThreadsCount?.call(wasm);
  return { node: undefined, name: `WebAssembly${threads && threads > 1 ? ` (${threads} threads)` : ''}` };
}

let loaded: Promise<TensorFlow> | undefined;

async function load(threads: number): Promise<TensorFlow> {
  let parts: Pick<TensorFlow, 'core' | 'layers' | 'converter'>;
  try {
    parts = {
      core: require('@tensorflow/tfjs-core'),
      layers: require('@tensorflow/tfjs-layers'),
      converter: require('@tensorflow/tfjs-converter'),
    };
  } catch (cause) {
    throw new ModelFileError(
      'model_engine_missing',
      'The TensorFlow engine is not installed. Install it: npm install @tensorflow/tfjs-core @tensorflow/tfjs-layers ' +
        '@tensorflow/tfjs-converter @tensorflow/tfjs-backend-wasm, and @tensorflow/tfjs-node for the native library.',
      { cause },
    );
  }
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
