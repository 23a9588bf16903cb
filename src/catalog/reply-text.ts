import type { Tensor, TensorInfo, Tensors } from '../tensor.js';
import { bothClasses, type Label, topPredictions } from './labels.js';
import { encodeTexts, namedTexts, rowOf, rowOfEach } from './tensor-text.js';

/** What a model gave, to be written as the reply of `POST /predict`. */
export interface PredictionsToWrite {
  outputs: Tensors;
  /** In the order of the reply. */
  infos: readonly TensorInfo[];
  /** Of a classifier: a row is then the likeliest labels with their probabilities. */
  classes?: { labels: readonly Label[]; topK: number };
  /** Whether there is one row, which stands alone. */
  single?: boolean;
}

/** Whether tensors have rows in common, by what a signature says of them: then JSON has them row by row, else one by one. */
export const haveRows = (infos: readonly TensorInfo[]): boolean =>
  infos[0]?.shape[0] !== undefined && infos.every(({ shape }) => shape[0] === infos[0]!.shape[0]);

/**
 * The reply in JSON, in UTF-8: `{"predictions": […], "success": true}` with an element for every row. Where the outputs have
 * no rows in common, `predictions` is an object of whole outputs. NaN and infinities, which JSON lacks, are null; integers have
 * all their digits.
 */
export const writePredictions = (predictions: PredictionsToWrite): Uint8Array<ArrayBuffer>[] =>
  encodeTexts(replyTexts(predictions));

function* replyTexts(predictions: PredictionsToWrite): Generator<string> {
  yield '{"predictions":';
  yield* predictionTexts(predictions);
  yield ',"success":true}';
}

function* predictionTexts({ outputs, infos, classes, single }: PredictionsToWrite): Generator<string> {
  const tensors = infos.map(({ name }) => [JSON.stringify(name), outputs[name]!] as const);
  const [[, first]] = tensors as [readonly [string, Tensor]];
  const rows = first.shape[0];
  if (!haveRows(infos) || rows === undefined || tensors.some(([, { shape }]) => shape[0] !== rows))
    return yield* namedTexts(tensors, 'null');
  if (classes && single) return yield labelsText(first, classes);
  yield '[';
  for (let row = 0; row < rows; row++) {
    if (row > 0) yield ',';
    if (classes) yield labelsText(rowOf(first, row), classes);
    else yield* namedTexts(rowOfEach(tensors, row), 'null');
  }
  yield ']';
}

function labelsText({ data }: Tensor, { labels, topK }: NonNullable<PredictionsToWrite['classes']>): string {
  const top = topPredictions(bothClasses(data as Float32Array, labels), labels, topK);
  return JSON.stringify(top.map(({ label, probability }) => ({ label, probability })));
}
