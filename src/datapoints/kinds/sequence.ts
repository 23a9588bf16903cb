import { Type } from 'typebox';
import { at } from '../../json/place.js';
import { CardError } from '../../support/card-error.js';
import type { TensorInfo, TensorType } from '../../support/tensor.js';
import { describe, describeElement, isList, wrong } from '../json-tensor.js';
import type { Certainty, Facts, InputKind } from '../kind.js';
import { numberTypes } from '../number-types.js';
import {
  type Fitting,
  fittingKeys,
  fittingOf,
  lengthsOf,
  lengthText,
  spelledFitting,
  stepsReader,
  type WriteStep,
} from '../steps.js';
import { elementSchema, exampleOf } from '../tensor-schema.js';

/** What is known of a sequence. */
export interface SequenceSpec {
  /** How many numbers a step is. */
  width: number;
  /** How lists are fitted to an axis of one size. */
  fitting?: Fitting;
  /** Whether the numbers are ids of words. */
  ids?: true;
}

/** Layers that go through steps one after the other, or tell which of them count; Bidirectional counts as what it wraps. */
const recurrent = new Set(['LSTM', 'GRU', 'SimpleRNN', 'RNN', 'Masking']);

/** Words by their ids, measurements one after the other: a list of numbers, or of lists of them. */
export const sequence: InputKind<SequenceSpec> = {
  name: 'sequence',
  card: fittingKeys,
  errors: [],
  media: [],
  claim(input, facts, card, place) {
    const basis = basisOf(input, facts);
    const isSaid = card?.kind === 'sequence';
    if (!isSaid && !basis) return undefined;
    const width = widthIn(input);
    if (width === undefined)
      throw new CardError(
        `${place('kind')} can't be sequence: the input has not the shape (batch, steps) or (batch, steps, numbers).`,
      );
    const ids = takersOf(input, facts).includes('Embedding');
    const found = ids && facts.padded ? { found: facts.padded } : {};
    const areIds = ids || numberTypes[input.type].whole;
    const { fitting, assumptions } = fittingOf(input, card, place, areIds ? found : undefined);
    const certainty: Certainty = isSaid ? 'certain' : 'likely';
    return {
      spec: { width, ...(fitting && { fitting }), ...(ids && { ids }) },
      certainty,
      basis,
      assumptions,
    };
  },
  spell: ({ fitting }) => ({ ...spelledFitting(fitting) }),
  describe(input, { width, fitting, ids }) {
    const { shape, type } = input;
    const { least, most } = lengthsOf(input, fitting);
    const element = elementSchema(type);
    const list = Type.Array(element, { minItems: width, maxItems: width });
    const isBare = shape.length === 2;
    const step = isBare ? element : width === 1 ? Type.Union([element, list]) : list;
    const steps = isBare ? 'numbers' : `arrays of ${width} ${width === 1 ? 'number, or numbers alone' : 'numbers'}`;
    return {
      schema: Type.Array(step, { minItems: least, ...(most !== undefined && { maxItems: most }) }),
      example: (length) => exampleOf(shape.slice(1), ids ? 'int32' : type, length),
      text: `an array of ${lengthText(input, fitting)}${steps}`,
    };
  },
  isOne(value, { shape }, { width }) {
    if (!isList(value)) return true;
    const first = value.at(0);
    if (!isList(first)) return true;
    return shape.length === 3 && !isList(first.at(0)) && (width > 1 || first.length === 1);
  },
  reader: (input, { width, fitting }, rows) =>
    stepsReader(
      input,
      { fitting, width, what: input.shape.length === 2 ? 'numbers' : 'steps', rows },
      stepWriter(input, width),
    ),
};

/** How many numbers a step of an input is; undefined where it has no steps. */
function widthIn({ shape, type }: TensorInfo): number | undefined {
  const known: Partial<Record<TensorType, unknown>> = numberTypes;
  if (!known[type] || shape.length < 2 || shape.length > 3) return undefined;
  return (shape.length === 2 ? 1 : shape[2]) ?? undefined;
}

/** The layers that take an input first. */
function takersOf({ name }: TensorInfo, { signature, hints }: Facts): readonly string[] {
  const index = signature.inputs.findIndex((other) => other.name === name);
  return hints?.inputs?.[index]?.feeds ?? [];
}

/** What in a model speaks for steps; one number into an Embedding is none. */
function basisOf(input: TensorInfo, facts: Facts): string | undefined {
  const { shape } = input;
  const feeds = takersOf(input, facts);
  const layer = shape.length === 2 ? feeds.find((one) => one === 'Embedding') : feeds.find((one) => recurrent.has(one));
  if (!layer || shape[1] === 1 || widthIn(input) === undefined) return undefined;
  return `the layer that takes it is ${layer}`;
}

function stepWriter({ shape, type }: TensorInfo, width: number): WriteStep {
  const { least, most, whole } = numberTypes[type];
  const isBig = type === 'int64' || type === 'uint64';
  const isBool = type === 'bool';
  const isBare = shape.length === 2;
  const write: WriteStep = (value, data, index, place) => {
    const number = isBool && typeof value === 'boolean' ? Number(value) : value;
    // Written so that NaN is out of range.
    if (typeof number !== 'number' || !(number >= least && number <= most) || (whole && !Number.isInteger(number)))
      throw wrong(place, describeElement(type), value);
    data[index] = isBig ? BigInt(number) : number;
  };
  return (step, data, start, place) => {
    if (isBare || (width === 1 && !isList(step))) return write(step, data, start, place);
    if (!isList(step) || step.length !== width) throw wrong(place, describe([width], type), step);
    for (let index = 0; index < width; index++) write(step.at(index), data, start + index, at(place, index));
  };
}
