import { basename } from 'node:path';
import { ModelFileError } from '../keras/index.js';
import { metadataNames, readMetadata } from '../onnx/metadata.js';
import { planPath, type StringPlan } from '../strings/plan.js';
import { PlanError, writePlan } from '../strings/plan-file.js';
import { InternalSignal } from '../support/errors.js';
import { isSystemError, readWhole, reasonOf } from '../support/files.js';
import type { Signature } from '../support/tensor.js';
import type { OptimizedModel } from './compile-messages.js';
import { optimize, signatureOf } from './onnx-engine.js';

/**
 * What an ONNX model does with strings: the file beside it that `convert` wrote, as the model says. Undefined where it has none.
 * @param engine what the ONNX model takes and gives by itself
 * @throws ModelFileError where the file is not there, or is not that file
 */
async function stringsBeside(
  path: string,
  metadata: ReadonlyMap<string, string>,
  engine: Signature,
): Promise<StringPlan | undefined> {
  const hash = metadata.get(metadataNames.strings);
  if (hash === undefined) return undefined;
  const { decodeForeignPlan, mostPlanBytes } = await import('../strings/foreign-plan.js');
  const [model, file] = [path, planPath(path)].map((one) => basename(one));
  const advice = `${model} takes or gives numbers in the place of strings, and ${file} says which: lay it beside it as it was written, or convert the model again.`;
  try {
    return decodeForeignPlan(await readWhole(planPath(path), mostPlanBytes), hash, engine);
  } catch (cause) {
    if (cause instanceof PlanError)
      throw new ModelFileError('model_damaged', `${file} ${cause.message}. ${advice}`, { cause });
    if (!isSystemError(cause) && !(cause instanceof InternalSignal)) throw cause;
    const reason = isSystemError(cause) ? reasonOf(cause) : 'it is no file, or too large';
    throw new ModelFileError('model_weights_missing', `${file} can't be read: ${reason}. ${advice}`, { cause });
  }
}

/**
 * An ONNX file as it is. Where it doesn't say whether it mixes rows, it may, if it takes any number of them; a fixed number can't
 * be served otherwise than together.
 * @throws ModelFileError where what it does with strings is not beside it
 */
export async function optimizeOnnxFile(path: string, output: string): Promise<OptimizedModel> {
  const metadata = await readMetadata(path);
  const engineSignature = await optimize(path, output);
  const strings = await stringsBeside(path, metadata, engineSignature);
  if (strings) await writePlan(planPath(output), strings);
  const { inputs, outputs } = strings ?? engineSignature;
  const mixes = metadata.get(metadataNames.batchDependent);
  const batchDependent = mixes === undefined ? inputs.some(({ shape }) => shape[0] === null) : mixes !== 'false';
  const hints = metadata.get(metadataNames.hints);
  return {
    engine: 'onnx',
    signature: { inputs, outputs, batchDependent },
    hints: hints === undefined ? null : (await import('./hints-schema.js')).parseHints(hints),
    ...(strings && { strings: true }),
  };
}

/** What an ONNX file takes and gives, with the strings that are done beside it. @throws ModelFileError as above */
export async function signatureOfOnnxFile(path: string): Promise<Signature> {
  const signature = await signatureOf(path);
  return (await stringsBeside(path, await readMetadata(path), signature)) ?? signature;
}
