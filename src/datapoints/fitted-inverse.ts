import { inverse, invertible } from '../pickle/fitted.js';
import type { Fitted } from '../pickle/transformer.js';
import { CardError } from '../support/card-error.js';
import { plural } from './json-tensor.js';
import type { CardFile } from './kind.js';

/** What brings a model's numbers back into the units of what it was trained on. */
export interface FittedInverse {
  file: string;
  transformer: Fitted;
}

/**
 * The inverse of a transformer for so many numbers: of all of them, or of one, by which each is brought back.
 * @param place of the key in the card, for messages
 * @throws CardError
 */
export function fittedInverse({ file, content }: CardFile, width: number, place: string): FittedInverse {
  const transformer = content as Fitted;
  const what = `${place} names ${file}, which is a ${transformer.kind} and`;
  if (!invertible(transformer)) throw new CardError(`${what} has no inverse that is known here.`);
  const { inputs = width } = transformer;
  if (inputs !== width && inputs !== 1)
    throw new CardError(`${what} is for ${plural(inputs, 'column')} where the model gives ${plural(width, 'number')}.`);
  return { file, transformer };
}

/** The numbers of one datapoint in the units of what the model was trained on, in double precision. */
export function invert({ transformer }: FittedInverse, numbers: readonly number[]): number[] {
  if (transformer.inputs === 1 && numbers.length > 1)
    return Array.from(inverse(transformer, [Float64Array.from(numbers)])[0] as Float64Array);
  const columns = inverse(
    transformer,
    numbers.map((number) => Float64Array.of(number)),
  );
  return columns.map((column) => Number(column[0]));
}
