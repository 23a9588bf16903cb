import { Type } from 'typebox';
import { LabelPrediction } from '../../../schemas/predict.js';
import { referTo } from '../../../schemas/reference.js';
import type { Tensor } from '../../support/tensor.js';
import { numberCells } from '../cells.js';
import { evidenceOf, widthOf } from '../evidence.js';
import type { Certainty, OutputKind } from '../kind.js';
import {
  type LabelledSpec,
  labelledCard,
  labelsWithThreshold,
  nameOfLabel,
  predictionsText,
  sigmoid,
  Threshold,
  topPredictions,
} from '../labels.js';

/** What is known of an output that says of each of several labels whether it holds. */
export interface MultiLabelSpec extends LabelledSpec {
  /** How probable a label has to be to hold. */
  threshold: number;
}

/** A probability for every label, of which any number may hold. */
export const multiLabel: OutputKind<MultiLabelSpec> = {
  name: 'multi-label',
  card: { ...labelledCard, threshold: Threshold },
  claim(output, facts, card, place) {
    const count = widthOf(output);
    if (count === undefined || (count < 2 && card?.kind !== 'multi-label')) return undefined;
    const evidence = evidenceOf(output, facts);
    const { activation, loss, task, fromLogits } = evidence;
    const reasons: [holds: boolean, certainty: Certainty, basis: string][] = [
      [task === 'binary' && (activation === 'sigmoid' || fromLogits), 'certain', `it was trained with ${loss}`],
      [task === undefined && activation === 'sigmoid', 'guess', 'its numbers come out of sigmoids'],
      [task === undefined && card?.threshold !== undefined, 'likely', 'the card has a threshold for its labels'],
    ];
    const [, certainty, basis] = reasons.find(([holds]) => holds) ?? [];
    if (card?.kind === undefined && !basis) return undefined;
    const labelled = labelsWithThreshold(facts, card, place, evidence, { count, unnamed: [], maker: 'sigmoid' });
    return { ...labelled, certainty: certainty ?? 'guess', basis };
  },
  spell: ({ labels, count, logits, threshold }) => ({
    labels: Array.from({ length: count }, (_, index) => labels[index] ?? String(index)),
    ...(logits !== undefined && { logits }),
    threshold,
  }),
  describe: () => ({
    schema: Type.Array(referTo(LabelPrediction), { description: 'All labels, the likeliest first.' }),
  }),
  labelCount: ({ count }) => count,
  predictions: (row, spec, topK) => topPredictions(probabilities(row, spec), spec.labels, topK),
  write: (row, spec, { topK = spec.count }) => [
    predictionsText(
      multiLabel.predictions!(row, spec, topK),
      ({ probability }) => `,"predicted":${probability >= spec.threshold}`,
    ),
  ],
  csv: {
    columns: (_output, { labels, count }, prefix) =>
      Array.from({ length: count }, (_, index) => prefix + nameOfLabel(labels[index], index)),
    cells: (row, spec) => numberCells(probabilities(row, spec)),
  },
};

const probabilities = ({ data }: Tensor, { logits }: MultiLabelSpec): Float32Array =>
  logits ? Float32Array.from(data as Float32Array, sigmoid) : (data as Float32Array);
