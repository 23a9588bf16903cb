import { copyFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { ModelFileError } from '../keras/errors.js';
import { savedModelFiles } from '../keras/saved-model-files.js';
import { makeFolder } from '../support/files.js';
import type { TensorInfo } from '../support/tensor.js';
import type { Runnable } from './runnable.js';
import { nativeAdvice, type TensorFlow } from './runtime.js';
import { readSavedSignature } from './saved-model-file.js';
import { type PreparedModel, type SavedModelFile, savedModelFolder } from './stored-model.js';
import { trialRun } from './trial-run.js';

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

/** What TensorFlow says of a variable that isn't there when a signature runs. */
const variableMissing = /could not find variable|uninitialized/i;

/**
 * Runs a SavedModel once on zeros, which need not be anything that it can run on.
 * @throws ModelFileError where its signature has none of its variables: `tf.saved_model.save()` writes models of Keras 3 so
 */
async function checkVariables(tensorflow: TensorFlow, runnable: Runnable, inputs: readonly TensorInfo[]) {
  const failure = await trialRun(tensorflow, runnable, inputs).catch((error: Error) => error);
  if (!(failure instanceof Error && variableMissing.test(failure.message))) return;
  throw new ModelFileError(
    'model_weights_missing',
    'The SavedModel was written by tf.saved_model.save() of a model of Keras 3: its signature finds none of its variables. ' +
      "Save the model by model.export(folder), or model.save('model.keras').",
    { cause: failure },
  );
}

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
    try {
      await checkVariables(tensorflow, runnable, inputs);
    } finally {
      runnable.dispose();
    }
  } catch (error) {
    if (error instanceof ModelFileError) throw error;
    const reason = (error as Error).message.replaceAll(target, 'the folder').replace(/\s+/g, ' ').slice(0, 500);
    throw new ModelFileError('model_damaged', `TensorFlow can't run the SavedModel: ${reason}`, { cause: error });
  }
  return { model: { ...file, signature: { inputs, outputs, batchDependent: true } }, weights: [] };
}
