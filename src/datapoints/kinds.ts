import { CardError } from '../support/card-error.js';
import { lookUp } from '../support/look-up.js';
import type { Tensor, TensorInfo } from '../support/tensor.js';
import {
  type Assumption,
  type Claim,
  certainties,
  type Facts,
  type InputKind,
  type KindCard,
  type OutputKind,
  type Place,
} from './kind.js';
import { binary } from './kinds/binary.js';
import { classes } from './kinds/classes.js';
import { type ImageSpec, image } from './kinds/image.js';
import { imageOutput } from './kinds/image-output.js';
import { mask } from './kinds/mask.js';
import { multiLabel } from './kinds/multi-label.js';
import { number } from './kinds/number.js';
import { sequence } from './kinds/sequence.js';
import { table } from './kinds/table.js';
import { tensorInput, tensorOutput } from './kinds/tensor.js';
import { text } from './kinds/text.js';
import type { Prediction } from './label.js';
import { topPredictions } from './labels.js';

/** What inputs can be; of claims that are as sure as one another the first counts. */
export const inputKinds: readonly InputKind[] = [image, table, text, sequence, tensorInput];
/** The same of outputs. */
export const outputKinds: readonly OutputKind[] = [
  multiLabel,
  classes,
  binary,
  number,
  mask,
  imageOutput,
  tensorOutput,
];

/** What an input or output is: plain data, of which the kind is found by its name where it arrives. */
export interface Claimed {
  kind: string;
  spec: unknown;
}

/** What all inputs and outputs of a model are, by their names. */
export interface ModelKinds {
  inputs: Record<string, Claimed>;
  outputs: Record<string, Claimed>;
}

/** What a card says of inputs and outputs. */
export interface KindCards {
  inputs?: Record<string, KindCard>;
  outputs?: Record<string, KindCard>;
}

/** What the inputs and outputs of a model are, and what of that no card says. */
export interface InferredKinds {
  kinds: ModelKinds;
  assumptions: Assumption[];
}

/**
 * What the inputs and outputs of a model are: what the card says, else the surest claim.
 * @param place where the card says something of an input or output, for messages
 * @throws CardError
 */
export function kindsOf(facts: Facts, cards: KindCards = {}, place: PlaceOf = usualPlace): InferredKinds {
  const { inputs, outputs } = facts.signature;
  const ins = claimAll(inputKinds, inputs, facts, cards.inputs, place('inputs'));
  const outs = claimAll(outputKinds, outputs, { ...facts, inputs: ins.claimed }, cards.outputs, place('outputs'));
  return {
    kinds: { inputs: ins.claimed, outputs: outs.claimed },
    assumptions: [...ins.assumptions, ...outs.assumptions],
  };
}

/** Where a card says something of an input or output, by its name. */
export type PlaceOf = (side: 'inputs' | 'outputs') => (name: string) => Place;

const usualPlace: PlaceOf = (side) => (name) => (key) => `${side}.${name}.${key}`;

interface Claiming {
  readonly name: string;
  readonly strings?: boolean;
  readonly card: Record<string, unknown>;
  claim(info: TensorInfo, facts: Facts, card: KindCard | undefined, place: Place): Claim<unknown> | undefined;
}

function claimAll(
  kinds: readonly Claiming[],
  infos: readonly TensorInfo[],
  facts: Facts,
  cards: Record<string, KindCard> = {},
  place: (name: string) => Place,
): { claimed: Record<string, Claimed>; assumptions: Assumption[] } {
  const names = infos.map(({ name }) => name);
  const side = kinds === inputKinds ? 'inputs' : 'outputs';
  const unknown = Object.keys(cards).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new CardError(`${side}.${unknown} is none of the model's ${side}: ${names.slice(0, 20).join(', ')}.`);
  const all = infos.map(
    (info) => [info.name, claimOne(kinds, info, facts, lookUp(cards, info.name), place(info.name))] as const,
  );
  return {
    claimed: Object.fromEntries(all.map(([name, { kind, spec }]) => [name, { kind, spec }])),
    assumptions: all.flatMap(([name, { assumptions }]) =>
      assumptions.map((one) => ({ ...one, key: `${side}.${name}.${one.key}` })),
    ),
  };
}

function claimOne(
  kinds: readonly Claiming[],
  info: TensorInfo,
  facts: Facts,
  card: KindCard | undefined,
  place: Place,
): Claimed & { assumptions: readonly Assumption[] } {
  const { kind: said, ...given } = card ?? {};
  const keys = withoutNone(given);
  const claims = kinds
    .filter(({ name, strings }) => (said === undefined || said === name) && (strings || info.type !== 'string'))
    .filter(({ card: known }) => Object.keys(keys).every((key) => Object.hasOwn(known, key)))
    .flatMap((kind) => {
      const claim = kind.claim(info, facts, card, place);
      return claim ? [{ kind: kind.name, ...claim }] : [];
    })
    .sort((one, other) => certainties.indexOf(one.certainty) - certainties.indexOf(other.certainty));
  const [first] = claims;
  const spoken = kinds.find(({ name }) => name === said);
  const strange = spoken && Object.keys(keys).find((key) => !Object.hasOwn(spoken.card, key));
  if (strange !== undefined)
    throw new CardError(`${place(strange)} can't stand beside ${place('kind')}, which is ${said}.`);
  if (!first && said !== undefined)
    throw new CardError(`${place('kind')} can't be "${said}": ${info.name} is ${shapeOf(info)}.`);
  if (!first)
    throw new CardError(`${place(Object.keys(keys)[0]!)} means nothing here: ${info.name} is ${shapeOf(info)}.`);
  const { kind, spec, basis, certainty, assumptions = [] } = first;
  const own: Assumption[] = card?.kind === undefined && basis ? [{ key: 'kind', value: kind, basis, certainty }] : [];
  return { kind, spec, assumptions: [...own, ...assumptions] };
}

const shapeOf = ({ type, shape }: TensorInfo): string =>
  `${type} of the shape (${shape.map((size) => size ?? 'any').join(', ')})`;

const byName = <Kind extends { readonly name: string }>(kinds: readonly Kind[]): ((name: string) => Kind) => {
  const found = new Map(kinds.map((kind) => [kind.name, kind]));
  return (name) => found.get(name)!;
};

/** A kind of input by its name. */
export const inputKind = byName(inputKinds);
/** A kind of output by its name. */
export const outputKind = byName(outputKinds);

/** Media types of bodies that are one datapoint by themselves: `image/*`. */
export const bodyMedia: readonly string[] = inputKinds.flatMap(({ media }) => media);

const isOnly = ({ inputs }: Pick<ModelKinds, 'inputs'>, kind: string): boolean => {
  const claimed = Object.values(inputs);
  return claimed.length === 1 && claimed[0]!.kind === kind;
};

/** Whether a datapoint of a model is one image and nothing else: then it is also called image, and may be a body by itself. */
export const isImage = (kinds: Pick<ModelKinds, 'inputs'>): boolean => isOnly(kinds, image.name);

/** Whether it is one text and nothing else. */
export const isText = (kinds: Pick<ModelKinds, 'inputs'>): boolean => isOnly(kinds, text.name);

/** The inputs that are images. */
export const imagesOf = ({ inputs }: Pick<ModelKinds, 'inputs'>): Record<string, ImageSpec> =>
  Object.fromEntries(
    Object.entries(inputs).flatMap(([name, { kind, spec }]) =>
      kind === image.name ? [[name, spec as ImageSpec] as const] : [],
    ),
  );

/** The labels of one row of an output; where it has none, its numbers by their places. */
export function predictionsOf(row: Tensor, { kind, spec }: Claimed, topK: number): Prediction[] {
  const { predictions } = outputKind(kind);
  return predictions ? predictions(row, spec, topK) : topPredictions(row.data as ArrayLike<number>, [], topK);
}

/** How many labels each output that has labels can give. */
export const labelCounts = ({ outputs }: Pick<ModelKinds, 'outputs'>): number[] =>
  Object.values(outputs).flatMap(({ kind, spec }) => outputKind(kind).labelCount?.(spec) ?? []);

/** What a card says but `"transform": null`, which holds of any kind: numbers are taken as they are. */
export function withoutNone(keys: Record<string, unknown>): Record<string, unknown> {
  const { transform, ...others } = keys;
  return transform === null ? others : keys;
}
