import { Type } from 'typebox';
import { ImagePrediction } from '../../../schemas/predict.js';
import { referTo } from '../../../schemas/reference.js';
import { answerCells } from '../cells.js';
import { evidenceOf, widthOf } from '../evidence.js';
import type { Certainty, OutputKind } from '../kind.js';
import {
  isNamed,
  type LabelledSpec,
  labelledCard,
  labelsWithThreshold,
  predictionOf,
  predictionsText,
  sigmoid,
  softmax,
  Threshold,
} from '../labels.js';
import { usualLabels } from './classes.js';

/** What is known of an output that says which of two it is. */
export interface BinarySpec extends LabelledSpec {
  /** How probable the second label has to be to be the answer. */
  threshold: number;
}

/** One number, how likely the second of two labels is, or a number for each of both: the answer comes first. */
export const binary: OutputKind<BinarySpec> = {
  name: 'binary',
  card: { ...labelledCard, threshold: Threshold },
  claim(output, facts, card, place) {
    const width = widthOf(output);
    if (width !== 1 && (width !== 2 || card?.kind !== 'binary')) return undefined;
    const evidence = evidenceOf(output, facts);
    const { activation, loss, task } = evidence;
    const named = Array.isArray(card?.labels) || card?.threshold !== undefined || isNamed(facts, 2);
    const reasons: [holds: boolean, certainty: Certainty, basis: string][] = [
      [task === 'binary', 'certain', `it was trained with ${loss}`],
      [task !== undefined && !named, 'guess', ''],
      [activation === 'sigmoid', 'likely', 'its one number comes out of a sigmoid'],
      [named, 'likely', 'there are two labels for its one number'],
    ];
    const [, certainty, basis] = reasons.find(([holds]) => holds) ?? [];
    if (card?.kind === undefined && !basis) return undefined;
    const labelled = labelsWithThreshold(facts, card, place, evidence, {
      count: 2,
      unnamed: ['0', '1'],
      maker: 'sigmoid',
    });
    return { ...labelled, certainty: certainty ?? 'guess', basis };
  },
  spell: ({ labels, logits, threshold }) => ({
    labels: [...labels],
    ...(logits !== undefined && { logits }),
    threshold,
  }),
  describe: () => ({
    schema: Type.Array(referTo(ImagePrediction), {
      description: 'Both labels: first the answer, which is the second one where that is likely enough.',
      maxItems: 2,
    }),
  }),
  labelCount: ({ count }) => count,
  predictions({ data }, { labels, logits, threshold }, topK) {
    const [first, second] = bothProbabilities(data as Float32Array, logits);
    const both = [first, second].map((probability, index) => predictionOf(labels[index], index, probability));
    return (second >= threshold ? both.reverse() : both).slice(0, topK);
  },
  write: (row, spec, { topK = usualLabels }) => [predictionsText(binary.predictions!(row, spec, topK))],
  csv: answerCells((row, spec, topK) => binary.predictions!(row, spec, topK)),
};

/** How likely the first and the second of two labels are. */
export function bothProbabilities(
  numbers: ArrayLike<number>,
  logits: boolean | undefined,
): [first: number, second: number] {
  if (numbers.length === 2) return Array.from(logits ? softmax(numbers) : numbers) as [number, number];
  const second = logits ? sigmoid(numbers[0]!) : numbers[0]!;
  return [1 - second, second];
}
