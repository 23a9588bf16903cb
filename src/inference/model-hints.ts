import type { SeenScaling } from '../images/scaling-hypotheses.js';
import { oddsOf, scalingLikelihoods } from '../images/scaling-likelihood.js';
import type { KerasModel } from '../keras/index.js';
import { type Loss, lossesOf } from '../keras/losses.js';
import type { GuessedVocabulary, Layer } from '../keras/model.js';
import { type BackboneFamily, backboneFamily } from '../onnx/backbones.js';
import { compile } from '../onnx/compile.js';
import { firstNormalizationOf } from '../onnx/first-normalization.js';
import { type Front, frontModel, frontOf } from '../onnx/front.js';
import { inputLayersOf } from '../onnx/input-layers.js';
import { activationsOf } from '../onnx/output-activations.js';
import { type InputStatistics, statisticsOf } from './input-statistics.js';
import { InferenceSession, Tensor as OrtTensor } from './onnxruntime.js';

/** What a Keras model gives away about what it was trained on, beside its signature. Pure data; all of it may be absent. */
export interface ModelHints {
  /** The arithmetic at its front. */
  scaling?: {
    /** Its first layer or operation: `Rescaling`, `ops.TrueDivide`. */
    className: string;
    name: string;
    /** What it makes of pixels that are 0 and 255, where that could be found out. */
    range?: [from: number, to: number];
  };
  /** What its first convolution with batch normalisation behind it tells of the images that it was trained on. */
  pixels?: PixelHints;
  /** The model of keras.applications at its front. */
  backbone?: { family: BackboneFamily; name: string };
  /** Whether it is built as Teachable Machine builds its image models. */
  teachableMachine?: boolean;
  /** The file beside it that was taken for a layer's vocabulary, though its name doesn't say so. */
  vocabulary?: GuessedVocabulary;
  /** Of each input, in the signature's order. */
  inputs?: InputHints[];
  /** Of each output, in the signature's order. */
  outputs?: OutputHints[];
}

/** How the images were scaled that a model has seen in training, by the statistics of what it computes of them first. */
export interface PixelHints {
  /** The name of the convolution. */
  layer: string;
  scaling: SeenScaling;
  /** How many times as likely as each other scaling it is; less than 1 where a less usual one fits better. */
  odds: { [Other in SeenScaling]?: number };
  /** The mean of their pixels, from 0 to 1, before they were scaled. */
  brightness?: number;
}

/** What a Keras model gives away of an input. */
export interface InputHints {
  /** The layers that take it first, in nested models too: `Embedding`, `Conv2D`, `ops.Cast`; what Bidirectional wraps. */
  feeds?: string[];
  /** How many ids the `Embedding` knows that takes it. */
  ids?: number;
  /** What its strings usually are, where a `StringLookup` takes it. */
  words?: {
    /** The most usual ones, or all. */
    known: string[];
    /** Whether the model has numbers for others, too. */
    others: boolean;
  };
  /** What its numbers were like in training. */
  statistics?: InputStatistics;
}

/** What a Keras model gives away of an output. */
export interface OutputHints {
  /** The activation that made its numbers, such as `softmax`; `linear` for none, `l2_normalize` where their length is 1. */
  activation?: string;
  /** What it was trained with: Keras's class, such as `MeanSquaredError`, or the name of the model's own. */
  loss?: Loss;
}

/** The most inputs, and outputs, that something is told of; none of those behind them. */
export const maxHinted = 500;

/** What a model gives away. Never fails: what can't be found out is left out. */
export async function hintsOf(model: KerasModel): Promise<ModelHints> {
  const { guessedVocabulary: guess } = model;
  const hints = await findHints(model).catch(() => ({}));
  return { ...hints, ...(guess && { vocabulary: { layer: printable(guess.layer), file: printable(guess.file) } }) };
}

async function findHints(model: KerasModel): Promise<ModelHints> {
  const hints: ModelHints = { inputs: inputHints(model), outputs: outputHints(model) };
  if (model.graph.inputs[0]?.shape.length !== 4) return hints;
  const front = frontOf(model);
  return {
    ...hints,
    scaling: await scalingOf(model, front),
    pixels: pixelsOf(model, front),
    backbone: backboneOf(front),
    teachableMachine: isTeachableMachine(model, front) || undefined,
  };
}

/** The most words of an input that are told, and the longest. */
export const [maxWords, longestWord] = [200, 100];

const inputHints = ({ graph }: KerasModel): InputHints[] =>
  inputLayersOf(graph)
    .slice(0, maxHinted)
    .map((layers, index) => {
      const words = wordsOf(layers.get('StringLookup'));
      const ids = layers.get('Embedding')?.config.input_dim;
      const statistics = statisticsOf(layers, graph.inputs[index]!.shape);
      return {
        ...(layers.size > 0 && { feeds: [...layers.keys()].map(printable) }),
        ...(typeof ids === 'number' && { ids }),
        ...(words && { words }),
        ...(statistics && { statistics }),
      };
    });

/** The words that a lookup has in its config, without those that stand for others. */
function wordsOf(lookup: Layer | undefined): InputHints['words'] {
  const { vocabulary, mask_token: mask = null, oov_token: unknown = '[UNK]' } = lookup?.config ?? {};
  if (!Array.isArray(vocabulary) || lookup!.config.invert === true) return undefined;
  const texts = vocabulary.filter(
    (word): word is string => typeof word === 'string' && word !== mask && word !== unknown,
  );
  const known = texts.filter((word) => word === printable(word)).slice(0, maxWords);
  const isWhole = known.length === texts.length;
  return known.length > 0 ? { known, others: !isWhole || lookup!.config.num_oov_indices !== 0 } : undefined;
}

function outputHints(model: KerasModel): OutputHints[] {
  const losses = lossesOf(model);
  return activationsOf(model.graph)
    .slice(0, maxHinted)
    .map((activation, index) => {
      const loss = losses[index];
      return {
        ...(activation !== undefined && { activation: printable(activation) }),
        ...(loss && { loss: { ...loss, name: printable(loss.name) } }),
      };
    });
}

/** The most calls that are run to see what they do: nobody scales pixels in more steps. */
const maxMeasured = 100;

async function scalingOf(model: KerasModel, front: Front): Promise<ModelHints['scaling']> {
  const [first] = front.scaling;
  if (!first) return undefined;
  const { className, name } = first.layer;
  const measurable = front.scaling.length <= maxMeasured;
  const range = measurable ? await rangeOf(frontModel(model, front)).catch(() => undefined) : undefined;
  return { className: printable(className), name: printable(name), ...(range?.every(Number.isFinite) && { range }) };
}

/** What the arithmetic at the front makes of a black and a white pixel, on average over the channels: it is run. */
async function rangeOf(model: KerasModel): Promise<[from: number, to: number]> {
  const { bytes, inputs, outputs } = compile(model);
  const session = await InferenceSession.create(bytes.toBuffer(), { logSeverityLevel: 4, intraOpNumThreads: 1 });
  const { name, shape } = inputs[0]!;
  const [, ...sizes] = shape.map((size) => size ?? 1);
  const channels = sizes.reduce((product, size) => product * size, 1);
  const pixels = Float32Array.from({ length: 2 * channels }, (_, index) => (index < channels ? 0 : 255));
  const results = await session.run({ [name]: new OrtTensor('float32', pixels, [2, ...sizes]) });
  await session.release();
  const scaled = Array.from(results[outputs[0]!.name]!.data as Float32Array);
  return [mean(scaled.slice(0, scaled.length / 2)), mean(scaled.slice(scaled.length / 2))];
}

/** A name out of the file, for messages. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, '?').slice(0, longestWord);

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The least that statistics have to fit natural pictures to tell something of them, and the most that is said of them. */
const [leastFit, mostOdds] = [-3, 1e6];

/** The side of images where the model takes any. */
const usualSide = 128;

/** What the statistics tell, where nothing is done to pixels before. */
function pixelsOf({ graph }: KerasModel, front: Front): ModelHints['pixels'] {
  const seen = front.scaling.length === 0 ? firstNormalizationOf(front) : undefined;
  if (!seen) return undefined;
  const side = graph.inputs[0]!.shape[2] || usualSide;
  const [best, ...others] = scalingLikelihoods(seen, side);
  if (!best || !(best.fit > leastFit)) return undefined;
  const odds = others.map((other): [SeenScaling, number] => [
    other.scaling,
    Number(Math.min(oddsOf(best, other), mostOdds).toPrecision(3)),
  ]);
  if (!odds.every(([, times]) => Number.isFinite(times))) return undefined;
  const { scaling, brightness } = best;
  return { layer: printable(seen.name), scaling, odds: Object.fromEntries(odds), ...(brightness && { brightness }) };
}

/** The first model of keras.applications around the layers behind the front. */
function backboneOf({ models }: Front): ModelHints['backbone'] {
  for (const [{ calls }, name] of models) {
    const layers = calls.map(({ layer }) => layer.name);
    const family = backboneFamily(name, layers);
    if (family) return { family, name: printable(name) };
  }
  return undefined;
}

/** Teachable Machine: a Sequential of two, MobileNetV2 with a pooling layer, and the layers that were trained. */
function isTeachableMachine({ className, graph }: KerasModel, front: Front): boolean {
  const layers = graph.calls.map(({ layer }) => layer);
  return (
    className === 'Sequential' &&
    layers.length === 2 &&
    layers.every((layer) => layer.className === 'Sequential') &&
    backboneOf(front)?.family === 'MobileNetV2' &&
    activationsOf(graph)[0] === 'softmax'
  );
}
