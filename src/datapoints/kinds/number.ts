import { type TSchema, Type } from 'typebox';
import { NumberPrediction } from '../../../schemas/predict.js';
import { referTo } from '../../../schemas/reference.js';
import { CardError } from '../../support/card-error.js';
import type { TensorData } from '../../support/tensor.js';
import { numberCells, placeColumns } from '../cells.js';
import { evidenceOf, widthOf } from '../evidence.js';
import { fittedFile } from '../fitted-file.js';
import { type FittedInverse, fittedInverse, invert } from '../fitted-inverse.js';
import { plural } from '../json-tensor.js';
import type { CardFile, Certainty, OutputKind } from '../kind.js';
import { replyElement } from '../tensor-schema.js';

/** The inverse of what was done to the numbers that a model was trained on. */
const transforms = { expm1: Math.expm1, exp: Math.exp, square: (value: number) => value * value } as const;
type Transform = keyof typeof transforms;
const words = Object.keys(transforms) as Transform[];

/** What is known of numbers. */
export interface NumberSpec {
  /** One for each number, where they have names. */
  names: readonly string[];
  width: number;
  unit?: string;
  /** The reply has output × scale + offset. */
  offset: number;
  scale: number;
  transform?: Transform;
  /** A fitted transformer, whose inverse is taken in the place of all that. */
  inverse?: FittedInverse;
}

const text = (description: string) => Type.String({ minLength: 1, maxLength: 200, description });

/** Numbers that a model may have for a datapoint without being told so: more are taken for a tensor. */
const mostInferred = 64;

/** Quantities: a price, a temperature, the values of the next days. */
export const number: OutputKind<NumberSpec> = {
  name: 'number',
  card: {
    name: text('the name of the number'),
    names: Type.Array(text('a name of up to 200 characters'), {
      minItems: 1,
      maxItems: 10_000,
      description: 'a list with a name for each number',
    }),
    unit: text('what the number is counted in, such as "dollars"'),
    offset: Type.Number({ description: 'a number, which is added to output × scale' }),
    scale: Type.Number({ description: 'a number, by which the output is multiplied' }),
    transform: Type.Union([Type.Enum(words), Type.String({ pattern: '\\.' }), Type.Null()], {
      description:
        '"expm1", "exp" or "square", which is done to the output last, or the name of a pickle beside the model, whose inverse is taken, ' +
        'or null for none',
    }),
  },
  files: { transform: { ...fittedFile, words } },
  claim(output, facts, card, place) {
    const width = widthOf(output);
    if (width === undefined) return undefined;
    const { activation, loss, task } = evidenceOf(output, facts);
    const reasons: [holds: boolean, certainty: Certainty, basis: string][] = [
      [['name', 'names', 'unit', 'offset', 'scale', 'transform'].some((key) => card?.[key] != null), 'certain', ''],
      [task === 'number' && activation !== 'softmax' && width <= mostInferred, 'likely', `it was trained with ${loss}`],
    ];
    const [reason] = reasons.filter(([holds]) => holds);
    if (card?.kind === undefined && !reason) return undefined;
    const {
      name,
      names = name === undefined ? [] : [name],
      unit,
      offset = 0,
      scale = 1,
      transform: said,
    } = (card ?? {}) as Partial<NumberSpec> & { name?: string; transform?: Transform | CardFile | null };
    const isFile = typeof said === 'object' && said !== null;
    const beside = isFile && ['offset', 'scale'].find((key) => card?.[key] !== undefined);
    if (beside) throw new CardError(`${place(beside)} can't stand beside "transform", which says it.`);
    if (scale === 0) throw new CardError(`${place('scale')} must not be 0: each answer would be the offset.`);
    const inverse = isFile ? fittedInverse(said, width, place('transform')) : undefined;
    const transform = isFile ? undefined : (said ?? undefined);
    if (card?.name !== undefined && card.names !== undefined)
      throw new CardError(`${place('name')} can't stand beside "names".`);
    if (names.length > 0 && names.length !== width)
      throw new CardError(
        `${place('names')} has ${plural(names.length, 'name')} where the model gives ${plural(width, 'number')}.`,
      );
    const [, certainty = 'guess', basis] = reason ?? [];
    return {
      spec: { names, width, unit, offset, scale, transform, ...(inverse && { inverse }) },
      certainty,
      basis,
    };
  },
  spell: ({ names, width, unit, offset, scale, transform, inverse }) => ({
    ...(names.length > 0 && (width === 1 ? { name: names[0] } : { names: [...names] })),
    ...(unit !== undefined && { unit }),
    ...(offset !== 0 && { offset }),
    ...(scale !== 1 && { scale }),
    ...(transform && { transform }),
    ...(inverse && { transform: inverse.file }),
  }),
  describe: ({ type }, { names, width, unit }) => ({
    schema: width === 1 ? oneNumber(unit) : severalNumbers(replyElement(type), names, width, unit),
  }),
  *write({ data }, spec) {
    const values = finalValues(data, spec);
    const { names, unit } = spec;
    const given =
      spec.width === 1
        ? { value: values[0] }
        : { values: names.length > 0 ? Object.fromEntries(names.map((name, index) => [name, values[index]])) : values };
    yield JSON.stringify({ ...given, ...(unit !== undefined && { unit }) });
  },
  csv: {
    columns: (output, { names }, prefix) =>
      names.length > 0 ? names.map((name) => prefix + name) : placeColumns(output),
    cells: ({ data }, spec) => numberCells(finalValues(data, spec)),
  },
};

function finalValues(outputs: TensorData, spec: NumberSpec): number[] {
  const numbers = Array.from(outputs as Float32Array, (output) => finalValue(output, spec));
  return spec.inverse ? invert(spec.inverse, numbers) : numbers;
}

/** A number as people have it. */
function finalValue(output: number, { offset, scale, transform }: NumberSpec): number {
  const value = output * scale + offset;
  return transform ? transforms[transform](value) : value;
}

/** The unit of a model that has one is always there. */
function oneNumber(unit: string | undefined): TSchema {
  if (unit === undefined) return referTo(NumberPrediction);
  const { value } = NumberPrediction.properties;
  return Type.Object({ value, unit: Type.Literal(unit) }, { description: 'A number.' });
}

function severalNumbers(element: TSchema, names: readonly string[], width: number, unit: string | undefined): TSchema {
  const values =
    names.length > 0
      ? Type.Object(Object.fromEntries(names.map((name) => [name, element])))
      : Type.Array(element, { minItems: width, maxItems: width });
  return Type.Object({ values, ...(unit !== undefined && { unit: Type.Literal(unit) }) });
}
