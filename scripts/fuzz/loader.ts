/** A process that loads one mutated model, pickle or function after the other, as the compile process does, and says how each ended. */
import { readFile } from 'node:fs/promises';
import { InferenceSession } from '../../src/inference/onnxruntime.js';
import { isOnnxFile, ModelFileError, readKerasModel } from '../../src/keras/index.js';
import { compile } from '../../src/onnx/compile.js';
import { PickleError } from '../../src/pickle/error.js';
import { readFitted } from '../../src/pickle/fitted.js';
import { readPickle } from '../../src/pickle/read-pickle.js';
import { FunctionError } from '../../src/python/error.js';
import { readFunction } from '../../src/python/read-function.js';
import { show } from '../../src/python/show.js';

/** What is to be loaded. */
export interface LoadRequest {
  model: string;
  weights: string | undefined;
}

/** How it ended. `fault` is an error that is none of ours: one that no reader foresaw. */
export type LoadOutcome = (
  | { kind: 'loaded' }
  | { kind: 'refused'; code: string; message: string }
  | { kind: 'refused by the engine'; message: string }
  | { kind: 'fault'; message: string }
) & {
  /** The most that the process ever had in memory, in bytes. */
  memory: number;
};

type Ending = LoadOutcome extends infer T ? (T extends { memory: number } ? Omit<T, 'memory'> : never) : never;

async function loadPickle(file: string): Promise<Ending> {
  try {
    readFitted(readPickle(await readFile(file)));
    return { kind: 'loaded' };
  } catch (error) {
    if (error instanceof PickleError) return { kind: 'refused', code: error.code, message: error.message };
    return { kind: 'fault', message: (error as Error).stack ?? String(error) };
  }
}

/** As a Lambda of a model holds it. */
async function loadFunction(file: string): Promise<Ending> {
  try {
    show(readFunction(await readFile(file)).value);
    return { kind: 'loaded' };
  } catch (error) {
    if (error instanceof FunctionError) return { kind: 'refused', code: 'function', message: error.message };
    return { kind: 'fault', message: (error as Error).stack ?? String(error) };
  }
}

async function load({ model, weights }: LoadRequest): Promise<Ending> {
  if (model.endsWith('.pkl')) return loadPickle(model);
  if (model.endsWith('.code')) return loadFunction(model);
  let onnx: Buffer;
  try {
    if (await isOnnxFile(model)) return { kind: 'refused by the engine', message: 'ONNX' };
    onnx = compile(await readKerasModel(model, { weights })).bytes.toBuffer();
  } catch (error) {
    if (error instanceof ModelFileError) return { kind: 'refused', code: error.code, message: error.message };
    return { kind: 'fault', message: (error as Error).stack ?? String(error) };
  }
  try {
    const session = await InferenceSession.create(onnx, { logSeverityLevel: 4, intraOpNumThreads: 1 });
    await session.release();
    return { kind: 'loaded' };
  } catch (error) {
    return { kind: 'refused by the engine', message: (error as Error).message };
  }
}

process.on('message', async (request: LoadRequest) => {
  const ending = await load(request);
  process.send?.({ ...ending, memory: process.resourceUsage().maxRSS * 1024 });
});
process.on('disconnect', () => process.exit(0));
