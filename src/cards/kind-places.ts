import type { ModelCard } from '../../schemas/card.js';
import { imageInputOf } from '../datapoints/images/image-input.js';
import type { KindCards, PlaceOf } from '../datapoints/kinds.js';
import { CardError } from '../support/card-error.js';
import { lookUp } from '../support/look-up.js';
import type { Signature } from '../support/tensor.js';

/** What a card says of inputs and outputs, wherever it does. */
export interface PlacedCards {
  cards: KindCards;
  /** Where it says something, or would. */
  place: PlaceOf;
}

/**
 * Brings `labels` and `image`, which stand for the only output and the only image, to that output and input.
 * @throws CardError where it can't be told which is meant, or the same is said twice
 */
export function placedCards({ labels, image, ...placed }: ModelCard, signature: Signature): PlacedCards {
  const { inputs = {}, outputs = {} } = placed as KindCards;
  const cards = { inputs: { ...inputs }, outputs: { ...outputs } };
  const output = onlyOne(signature.outputs.map(({ name }) => name));
  const picture = imageName(cards.inputs, signature);
  if (labels !== undefined) {
    if (output === undefined)
      throw new CardError(
        'labels doesn’t say of which output it is: the model has several. Say "outputs": {"…": {"labels": […]}}.',
      );
    if (lookUp(outputs, output)?.labels !== undefined)
      throw new CardError(`labels stands beside outputs.${output}.labels: say it once.`);
    cards.outputs[output] = { ...lookUp(outputs, output), labels };
  }
  if (image) {
    if (picture === undefined) throw new CardError(noPicture(cards.inputs, signature));
    const said = lookUp(inputs, picture) ?? {};
    const twice = Object.keys(image).find((key) => Object.hasOwn(said, key));
    if (twice) throw new CardError(`image.${twice} stands beside inputs.${picture}.${twice}: say it once.`);
    cards.inputs[picture] = { ...said, ...image };
  }
  const place: PlaceOf = (side) => (name) => (key) => {
    if (key === 'kind') return `${side}.${name}.kind`;
    if (side === 'outputs')
      return key === 'labels' && name === output && lookUp(outputs, name)?.labels === undefined
        ? key
        : `outputs.${name}.${key}`;
    return name === picture && lookUp(inputs, name)?.[key] === undefined ? `image.${key}` : `inputs.${name}.${key}`;
  };
  return { cards, place };
}

/** Why an image can't be said to be one of the inputs. */
function noPicture(inputs: NonNullable<KindCards['inputs']>, signature: Signature): string {
  const names = imageNames(inputs, signature);
  if (names.length > 1) return `image doesn’t say which of ${names.join(', ')} it is: say it in inputs.`;
  const other = signature.inputs.find(({ name }) => lookUp(inputs, name)?.kind !== undefined);
  return other
    ? `image can't stand beside inputs.${other.name}, which is no image.`
    : 'image is for none of the inputs.';
}

const onlyOne = <T>(all: readonly T[]): T | undefined => (all.length === 1 ? all[0] : undefined);

const imageName = (inputs: NonNullable<KindCards['inputs']>, signature: Signature) =>
  onlyOne(imageNames(inputs, signature));

/** The inputs that are images by what the card says or by their shape; one without that is meant by a card that has an image. */
function imageNames(inputs: NonNullable<KindCards['inputs']>, signature: Signature): string[] {
  const isImage = (shaped: boolean, kind: string | undefined) => kind === 'image' || (kind === undefined && shaped);
  const named = signature.inputs
    .filter((input) => isImage(imageInputOf(input) !== undefined, lookUp(inputs, input.name)?.kind))
    .map(({ name }) => name);
  if (named.length > 0 || signature.inputs.length > 1) return named;
  return signature.inputs.filter(({ name }) => lookUp(inputs, name)?.kind === undefined).map(({ name }) => name);
}
