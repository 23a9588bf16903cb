import type { Static } from 'typebox';
import { Scaling } from '../../../schemas/card.js';
import { PicturePrediction } from '../../../schemas/predict.js';
import { referTo } from '../../../schemas/reference.js';
import type { Picture } from '../../images/picture.js';
import { encodePng } from '../../images/png.js';
import { CardError } from '../../support/card-error.js';
import type { Tensor } from '../../support/tensor.js';
import { evidenceOf } from '../evidence.js';
import { resolveScaling } from '../images/image-settings.js';
import {
  atSourceSize,
  type PictureLayout,
  type PictureOutput,
  pictureBytes,
  pictureOutputOf,
  planOf,
} from '../images/picture-output.js';
import type { Assumption, Certainty, OutputKind } from '../kind.js';

/** What is known of an image that a model makes. */
export interface ImageOutputSpec extends PictureLayout {
  channels: 1 | 3 | 4;
  scaling: Scaling;
  /** A pixel from 0 to 255 is number × std + mean: one of each for each channel, as the model has them. */
  mean: readonly number[];
  std: readonly number[];
  /** Whether the model has blue first. */
  reversed: boolean;
}

/** Scalings by the activations whose numbers they are for. */
const scalingOfActivation: Record<string, Extract<Scaling, string>> = { sigmoid: 'unit', tanh: 'tf' };

/** An image that the model makes: of the one that it was given, or of something else where the card says so. */
export const imageOutput: OutputKind<ImageOutputSpec> = {
  name: 'image',
  card: { scaling: Scaling },
  claim(output, facts, card, place) {
    const picture = pictureOutputOf(output, facts);
    if (!picture || !isPicture(picture)) return undefined;
    const { channels, channelsFirst, framing, input, fit } = picture;
    const { activation = '' } = evidenceOf(output, facts);
    const isColour = channels === 3 && ['sigmoid', 'tanh', 'linear'].includes(activation);
    const isAlike = channels === input?.channels && Object.hasOwn(scalingOfActivation, activation);
    const reasons: [holds: boolean, certainty: Certainty, basis: string][] = [
      [card?.scaling !== undefined, 'certain', ''],
      [!fit, 'guess', ''],
      [isColour, fit === 'equal' ? 'likely' : 'guess', 'it has three numbers for each pixel of the image'],
      [isAlike, 'guess', 'it has as many numbers for each pixel as the image'],
    ];
    const [, certainty = 'guess', basis] = reasons.find(([holds]) => holds) ?? [];
    if (card?.kind === undefined && !basis && certainty !== 'certain') return undefined;
    const chosen = scalingOf(activation, picture);
    const scaling = (card?.scaling as Scaling | undefined) ?? chosen?.value;
    if (scaling === undefined)
      throw new CardError(
        `${place('kind')} is image, which needs "scaling": how numbers from 0 to 255 became the model's.`,
      );
    const { mean, std, reverseChannels = false } = resolveScaling(scaling, picture, place);
    // Whoever gives a model blue first is given it so.
    const reversed = channels >= 3 && reverseChannels !== (input?.settings.color === 'bgr');
    return {
      spec: { channels, channelsFirst, framing, scaling, mean, std, reversed },
      certainty,
      basis,
      assumptions: chosen && card?.scaling === undefined ? [{ key: 'scaling', ...chosen }] : [],
    };
  },
  spell: ({ scaling }) => ({ scaling }),
  describe: () => ({ schema: referTo(PicturePrediction) }),
  *write(row, spec, { source }) {
    const picture = atSourceSize(pixelsOf(row, spec), spec, source, 'bilinear');
    const { width, height } = picture;
    const prediction: Static<typeof PicturePrediction> = { width, height, png: encodePng(picture).toString('base64') };
    yield JSON.stringify(prediction);
  },
  picture: {
    png: (row, spec, { source }) => encodePng(atSourceSize(pixelsOf(row, spec), spec, source, 'bilinear')),
    bytes: (output, spec, source) =>
      pictureBytes({ channels: spec.channels, data: new Uint8Array() }, output, spec, source),
  },
};

const isPicture = (picture: PictureOutput): picture is PictureOutput & Pick<ImageOutputSpec, 'channels'> =>
  [1, 3, 4].includes(picture.channels);

/** How the pixels of an image became what the model gives: by what made its numbers, else as those of the image input. */
function scalingOf(
  activation: string,
  { channels, input }: PictureOutput,
): (Omit<Assumption, 'key'> & { value: Scaling }) | undefined {
  const made = Object.hasOwn(scalingOfActivation, activation) ? scalingOfActivation[activation] : undefined;
  if (made) return { value: made, basis: `its numbers come out of ${activation}`, certainty: 'likely' };
  if (!input || input.channels !== channels) return undefined;
  return { value: input.settings.scaling, basis: 'the image input is scaled so', certainty: 'guess' };
}

/** Pixels from 0 to 255 of what a model gives: what lies outside is cut off. */
function pixelsOf({ shape, data }: Tensor, spec: ImageOutputSpec): Picture<Uint8Array> {
  const { channels, mean, std, reversed } = spec;
  const { height, width, pixel, channel } = planOf({ shape }, spec);
  const numbers = data as Float32Array;
  const pixels = new Uint8ClampedArray(height * width * channels);
  for (let index = 0; index < channels; index++) {
    const from = index * channel;
    // Alpha stays last.
    const to = reversed && index < 3 ? 2 - index : index;
    for (let at = 0; at < height * width; at++)
      pixels[at * channels + to] = numbers[at * pixel + from]! * std[index]! + mean[index]!;
  }
  return { height, width, channels, data: new Uint8Array(pixels.buffer) };
}
