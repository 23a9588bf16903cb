import { copyFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { ModelFileError } from '../keras/errors.js';
import { savedModelFiles } from '../keras/saved-model-files.js';
import { makeFolder } from '../support/files.js';
import type { Runnable } from './runnable.js';
import { nativeAdvice, type TensorFlow } from './runtime.js';
import { readSavedSignature } from './saved-model-file.js';
import { type PreparedModel, type SavedModelFile, savedModelFolder } from './stored-model.js';

/** tfjs-node warns at every run of int64 that it does what is wanted. */
function quietly<Result>(body: () => Result): Result {
  const { warn } = console;
  console.warn = () => undefined;
  try {
    return body();
  } finally {
    console.warn = warn;
  }
}

/**
 * Loads a SavedModel.
 * @throws ModelFileError `model_engine_missing` without the native library, `model_damaged`
 */
export async function loadSavedModel({ node }: TensorFlow, file: SavedModelFile, folder: string): Promise<Runnable> {
  if (!node) throw nativeMissing();
  const { name, tags, inputs, outputs } = file.saved;
  const model = await node.loadSavedModel(folder, [...tags], name);
  return {
    run(tensors) {
      const results = quietly(() =>
        model.predict(Object.fromEntries(inputs.map((input, index) => [input.name, tensors[index]!]))),
      );
      return outputs.map((output) => (results as Record<string, (typeof tensors)[number]>)[output.name]!);
    },
    dispose: () => model.dispose(),
  };
}

const nativeMissing = () =>
  new ModelFileError(
    'model_engine_missing',
    `This is a TensorFlow SavedModel, which needs TensorFlow's native library. ${nativeAdvice()}. Or save the model where it ` +
      "was trained: model.save('model.keras').",
  );

/**
 * Copies a SavedModel to where it is stored, and loads it.
 *
 * @param path of the stored model
 * @param signature the name of the one that is served
 * @throws ModelFileError
 */
export async function prepareSavedModel(
  load: () => Promise<TensorFlow>,
  folder: string,
  path: string,
  signature: string | undefined,
): Promise<PreparedModel> {
  const saved = await readSavedSignature(folder, signature);
  const tensorflow = await load().catch(() => undefined);
  if (!tensorflow?.node) throw nativeMissing();
  const target = savedModelFolder(path);
  for (const source of await savedModelFiles(folder)) {
    const copy = join(target, relative(folder, source));
    await makeFolder(dirname(copy));
    await copyFile(source, copy);
  }
  const file: SavedModelFile = { format: 'saved-model', saved };
  const { inputs, outputs } = saved;
  try {
    const runnable = await loadSavedModel(tensorflow, file, target);
    runnable.dispose();
  } catch (error) {
    const reason = (error as Error).message.replaceAll(target, 'the folder').replace(/\s+/g, ' ').slice(0, 500);
    throw new ModelFileError('model_damaged', `TensorFlow can't run the SavedModel: ${reason}`, { cause: error });
  }
  return { model: { ...file, signature: { inputs, outputs, batchDependent: true } }, weights: [] };
}
