import { Type } from 'typebox';
import { ImagePrediction } from '../../../schemas/predict.js';
import { referTo } from '../../../schemas/reference.js';
import { answerCells } from '../cells.js';
import { evidenceOf, widthOf } from '../evidence.js';
import type { Certainty, Facts, OutputKind } from '../kind.js';
import {
  isNamed,
  type LabelledSpec,
  labelledCard,
  labelsOf,
  predictionsText,
  softmax,
  topPredictions,
} from '../labels.js';

/** Labels that a reply has where the client doesn't say how many. */
export const usualLabels = 5;

/** A number for every class: the likeliest labels with their probabilities. */
export const classes: OutputKind<LabelledSpec> = {
  name: 'classes',
  card: labelledCard,
  claim(output, facts, card, place) {
    const count = widthOf(output);
    if (count === undefined || count < 2) return undefined;
    const evidence = evidenceOf(output, facts);
    const { activation, loss, task } = evidence;
    const named = Array.isArray(card?.labels) || isNamed(facts, count);
    const reasons: [holds: boolean, certainty: Certainty, basis: string][] = [
      [activation === 'softmax', 'certain', 'its activation is softmax'],
      [task === 'classes', 'certain', `it was trained with ${loss}`],
      [task !== undefined || activation === 'sigmoid', 'guess', ''],
      [named, 'likely', 'there is a label for each of its numbers'],
      [isOfImage(facts) && activation === undefined, 'guess', 'it gives some numbers for an image'],
    ];
    const [, certainty, basis] = reasons.find(([holds]) => holds) ?? [];
    if (card?.kind === undefined && !basis && !card?.labels) return undefined;
    const { spec, assumptions } = labelsOf(facts, card, place, evidence, { count, unnamed: [], maker: 'softmax' });
    // Who names classes has said that they are.
    return { spec, certainty: certainty ?? 'guess', basis: card?.labels ? undefined : basis, assumptions };
  },
  spell: ({ labels, count, logits }) => ({
    labels: Array.from({ length: count }, (_, index) => labels[index] ?? String(index)),
    ...(logits !== undefined && { logits }),
  }),
  describe: () => ({
    schema: Type.Array(referTo(ImagePrediction), { description: 'The likeliest labels, the likeliest first.' }),
  }),
  labelCount: ({ count }) => count,
  predictions({ data }, { labels, logits }, topK) {
    const scores = data as Float32Array;
    return topPredictions(logits ? softmax(scores) : scores, labels, topK);
  },
  write: (row, spec, { topK = usualLabels }) => [predictionsText(classes.predictions!(row, spec, topK))],
  csv: answerCells((row, spec, topK) => classes.predictions!(row, spec, topK)),
};

const isOfImage = ({ inputs = {} }: Facts): boolean => Object.values(inputs).some(({ kind }) => kind === 'image');
