import type { ModelCard } from '../../schemas/card.js';
import { type Examples, ExamplesError, examplesIn } from '../cards/examples/examples.js';
import { changesOf, isSame } from '../cards/examples/hypotheses.js';
import { imagesOf as imageCount, search, type Verdict, verdictOf } from '../cards/examples/search.js';
import type { Classifier, Trial } from '../cards/examples/trial.js';
import type { ServedModel } from '../catalog/served-model.js';
import { type BinarySpec, bothProbabilities } from '../datapoints/kinds/binary.js';
import type { ImageSpec } from '../datapoints/kinds/image.js';
import { isImage } from '../datapoints/kinds.js';
import type { LabelledSpec } from '../datapoints/labels.js';
import type { ImageDecoder } from '../images/decoder.js';
import { isSystemError, reasonOf } from '../support/files.js';
import type { Tensor } from '../support/tensor.js';
import { CommandError } from './errors.js';
import { CountLine } from './progress.js';
import { formatTable, printable } from './table.js';

/** The most examples that are looked at: more tell little more. */
const mostExamples = 400;
/** The most ways that are listed. */
const mostListed = 8;

/** What examples tell of a model. */
export interface Told {
  /** What is printed. */
  lines: string[];
  /** What a card should say; undefined where nothing is significantly better than what is served. */
  card?: Pick<ModelCard, 'image' | 'labels'>;
}

/**
 * Tries how images may have been prepared when a model was trained, on examples of its classes.
 * @param folder has a folder of pictures for each class
 * @throws CommandError
 */
export async function tellOfExamples(model: ServedModel, folder: string, decoder: ImageDecoder): Promise<Told> {
  const classifier = classifierOf(model);
  const found = await readExamples(folder, model, classifier.classes);
  const { examples } = found;
  const line = new CountLine(process.stderr, imageCount(classifier, examples.length), 'images');
  let done = 0;
  try {
    const trials = await search(classifier, decoder, examples, () => line.show(++done));
    const now = (hypothesis: Trial['hypothesis']) => isSame(hypothesis, classifier.spec.settings);
    return told(trials, verdictOf(trials, examples, { classes: classifier.classes, now }), found, classifier);
  } catch (error) {
    throw error instanceof ExamplesError ? new CommandError(error.message, { cause: error }) : error;
  } finally {
    line.clear();
  }
}

/** @throws CommandError where a model is none that says of an image which class it is */
function classifierOf(model: ServedModel): Classifier {
  const { inputs, outputs, kinds, name } = model;
  const [output, ...others] = outputs;
  const claimed = output && kinds.outputs[output.name]!;
  const classOf = claimed && others.length === 0 ? answers[claimed.kind]?.(claimed.spec) : undefined;
  if (!isImage(kinds) || !classOf)
    throw new CommandError(`${name}: examples are for models that say of an image which class it is`);
  const input = inputs[0]!;
  const spec = kinds.inputs[input.name]!.spec as ImageSpec;
  return {
    input,
    spec,
    taken: { channels: spec.options.channels ?? 3, channelsFirst: spec.preparation.channelsFirst ?? false },
    classes: (claimed!.spec as LabelledSpec).count,
    predict: async (given) => (await model.predict(given)).outputs[output!.name]!,
    classOf,
  };
}

/** The class that a row says, by the kind of the output. */
const answers: Record<string, (spec: unknown) => Classifier['classOf']> = {
  classes: () => largest,
  binary(spec) {
    const { logits, threshold } = spec as BinarySpec;
    return ({ data }) => (bothProbabilities(data as Float32Array, logits)[1] >= threshold ? 1 : 0);
  },
};

function largest({ data }: Tensor): number {
  const numbers = Array.from(data, Number);
  return numbers.indexOf(Math.max(...numbers));
}

/** @throws CommandError */
async function readExamples(
  folder: string,
  { outputs, kinds, assumptions }: ServedModel,
  classes: number,
): Promise<Examples> {
  const { name } = outputs[0]!;
  const { spec } = kinds.outputs[name]!;
  const ofLabels = assumptions.find(({ key }) => key === `outputs.${name}.labels`);
  const labels = ofLabels?.value === null ? [] : (spec as LabelledSpec).labels;
  const options = { classes, most: mostExamples };
  try {
    return await examplesIn(folder, { ...options, labels }).catch((error) => {
      // Labels that were guessed need not be right.
      if (ofLabels?.certainty !== 'guess' || labels.length === 0) throw error;
      return examplesIn(folder, { ...options, labels: [] });
    });
  } catch (cause) {
    if (cause instanceof ExamplesError) throw new CommandError(`${folder} ${cause.message}`, { cause });
    if (isSystemError(cause))
      throw new CommandError(
        cause.code === 'ENOTDIR'
          ? `${folder} is a file: examples are a folder that has one with pictures for each class`
          : `${folder}: ${reasonOf(cause)}`,
        { cause },
      );
    throw cause;
  }
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function told(trials: readonly Trial[], verdict: Verdict, found: Examples, { spec, classes }: Classifier): Told {
  const { examples, labels, passedOver } = found;
  const { best, isBetter, isGood, order } = verdict;
  const beyond = passedOver > 0 ? `, of ${examples.length + passedOver}` : '';
  const image = isBetter && !order ? changesOf(best.hypothesis, spec.settings) : {};
  const named = order ? order.classes.map((number) => labels[number]!) : labels;
  const isNew = order || (found.order === 'alphabet' && isGood);
  const card = {
    ...(Object.keys(image).length > 0 && { image }),
    ...(isNew && { labels: named }),
  };
  return {
    lines: [
      `${examples.length} examples${beyond} of ${classes} classes; accuracy, with the interval that it is in at 95 %:`,
      '',
      ...table(trials, verdict.now),
      '',
      ...sentences(verdict, found, image, named),
      ...equals(trials, verdict),
    ],
    ...(Object.keys(card).length > 0 && { card }),
  };
}

const columns = ['accuracy', 'interval', 'scaling', 'color', 'invert', 'resize', 'interpolation', ''];

function table(trials: readonly Trial[], now: Trial): string[] {
  const listed = trials.slice(0, mostListed);
  const rows = [...listed, ...(listed.includes(now) ? [] : [now])].map((trial) => {
    const { accuracy, hypothesis } = trial;
    const { scaling, color, invert, resize, interpolation, antialias } = hypothesis;
    const { share, least, most } = accuracy;
    const averaging = antialias ? '' : ', not averaged';
    const values = [scaling, color, invert, resize, interpolation + averaging].map((value) =>
      typeof value === 'string' ? value : JSON.stringify(value),
    );
    return [percent(share), `${percent(least)} to ${percent(most)}`, ...values, trial === now ? 'as served' : ''];
  });
  return formatTable(
    columns.map((title) => ({ title })),
    rows,
    process.stdout.columns ?? 120,
  );
}

function sentences(
  { best, now, isBetter, isGood, order }: Verdict,
  { labels, order: from }: Examples,
  image: object,
  named: readonly string[],
): string[] {
  if (order)
    return [
      `The labels seem to be in another order: with ${list(named)} in place of ${list(labels)} ${percent(order.accuracy.share)} are right.`,
    ];
  if (!isGood)
    return [
      'None is better than guessing: the examples may be of other classes, or be prepared in a way that isn’t tried here.',
    ];
  const alphabet = from === 'alphabet' ? [`The classes are in the order of the alphabet: ${list(labels)}.`] : [];
  if (isBetter) return [...alphabet, `Significantly better than what is served: ${JSON.stringify(image)}.`];
  if (best === now) return [...alphabet, 'What is served is the best.'];
  return [...alphabet, 'What is served is not significantly worse than the best: more examples would tell.'];
}

/** Of several that are as good the card gets the one that differs least from what is served. */
function equals(trials: readonly Trial[], { best, isBetter }: Verdict): string[] {
  const others = trials.filter((trial) => trial !== best && trial.accuracy.share === best.accuracy.share).length;
  return isBetter && others > 0
    ? [`Of ${others + 1} ways that are as good it differs least; more examples may tell.`]
    : [];
}

const list = (names: readonly string[]): string =>
  printable(names.slice(0, 10).join(', ') + (names.length > 10 ? ', …' : ''));
