import type { WriteOptions } from '../../datapoints/kind.js';
import { type ModelKinds, outputKind } from '../../datapoints/kinds.js';
import { haveRows } from '../../datapoints/rows.js';
import { rowCount, rowOf } from '../../datapoints/tensor-rows.js';
import { encodeTexts, namedTexts } from '../../datapoints/tensor-text.js';
import type { Size } from '../../images/framing.js';
import type { RaggedTensors, Tensor, TensorInfo } from '../../support/tensor.js';

/** What a model gave, to be written as the reply of `POST /predict`. */
export interface PredictionsToWrite extends Pick<WriteOptions, 'topK'> {
  outputs: RaggedTensors;
  /** In the order of the reply. */
  infos: readonly TensorInfo[];
  /** What the outputs are. */
  kinds: ModelKinds['outputs'];
  /** Whether there is one datapoint, whose prediction stands alone. */
  single?: boolean;
  /** The size of each datapoint's picture, where masks and images shall have it. */
  sources?: readonly Size[];
  /** Bytes that the reply may have. */
  maxSize: number;
  /** Which part of the list this is, where it is run and written in several. */
  part?: { isFirst: boolean; isLast: boolean };
}

/**
 * The reply in JSON, in UTF-8: `{"predictions": […], "success": true}` with an element for every datapoint. Where the outputs have
 * no rows in common, `predictions` is an object of whole outputs. NaN and infinities, which JSON lacks, are null; integers have
 * all their digits.
 */
export const writePredictions = (predictions: PredictionsToWrite): Uint8Array<ArrayBuffer>[] =>
  encodeTexts(replyTexts(predictions), predictions.maxSize);

const whole = { isFirst: true, isLast: true };

function* replyTexts(predictions: PredictionsToWrite): Generator<string> {
  const { isFirst, isLast } = predictions.part ?? whole;
  if (isFirst) yield '{"predictions":';
  yield* predictionTexts(predictions);
  if (isLast) yield ',"success":true}';
}

function* predictionTexts({
  outputs,
  infos,
  kinds,
  single,
  topK,
  sources,
  part = whole,
}: PredictionsToWrite): Generator<string> {
  const written = infos.map(({ name }) => {
    const { kind, spec } = kinds[name]!;
    return { name: JSON.stringify(name), tensor: outputs[name]!, kind: outputKind(kind), spec };
  });
  const rows = rowCount(written[0]!.tensor);
  if (!haveRows(infos) || rows === undefined || written.some(({ tensor }) => rowCount(tensor) !== rows))
    return yield* namedTexts(
      // What is ragged has a row for each datapoint, as all else.
      written.map(({ name, tensor }) => [name, tensor as Tensor] as const),
      'null',
    );
  const [first] = written;
  const textsOf = ({ tensor, kind, spec }: (typeof written)[number], row: number) =>
    kind.write(rowOf(tensor, row), spec, { topK, source: sources?.[row] });
  function* byName(row: number): Generator<string> {
    for (const output of written) {
      yield `${output === first ? '{' : ','}${output.name}:`;
      yield* textsOf(output, row);
    }
    yield '}';
  }
  const datapoint = written.length === 1 ? (row: number) => textsOf(first!, row) : byName;
  if (single) return yield* datapoint(0);
  if (part.isFirst) yield '[';
  for (let row = 0; row < rows; row++) {
    if (row > 0 || !part.isFirst) yield ',';
    yield* datapoint(row);
  }
  if (part.isLast) yield ']';
}
