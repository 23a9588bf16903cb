import { Type } from 'typebox';
import type { Scaling } from '../../../schemas/card.js';
import { CardImage } from '../../../schemas/card.js';
import type { ErrorCode } from '../../../schemas/error.js';
import { ImageInstance, imageInstanceExample, imageText } from '../../../schemas/predict.js';
import { referTo } from '../../../schemas/reference.js';
import type { ImageOptions, Pixels } from '../../images/options.js';
import { bytesOfBase64 } from '../../json/base64.js';
import { at } from '../../json/place.js';
import { CardError } from '../../support/card-error.js';
import { type Preparation, prepareTensor } from '../../support/preparation.js';
import type { Tensor, TensorInfo, TensorType } from '../../support/tensor.js';
import { bareImageOf, type ImageInput, imageInputOf } from '../images/image-input.js';
import { chooseImage, type ImageChoice } from '../images/image-scaling.js';
import { type ImageSettings, imageOptions, imageSize, resolveScaling } from '../images/image-settings.js';
import { depthOf, InstancesError, isList, isObject, TensorWriter, wrong } from '../json-tensor.js';
import type { Assumption, Column, ColumnReader, Facts, InputKind } from '../kind.js';
import { rowSchema } from '../tensor-schema.js';
import { tensorInput } from './tensor.js';

/** What is known of an image. */
export interface ImageSpec {
  settings: ImageSettings;
  /** What makes pixels of a file. */
  options: ImageOptions;
  /** What makes the model's tensor of pixels. */
  preparation: Preparation;
}

const errors: ErrorCode[] = [
  'image_missing',
  'image_empty',
  'image_invalid',
  'image_truncated',
  'image_timeout',
  'base64_invalid',
  'image_too_many_pixels',
];

/** Images in one request: each of them becomes as large as the model's input, however small it is in JSON. */
export const maxImages = 128;

/** The file that a value is, as forms have it, or its base64 text: `{"b64": …}`, or the text alone. */
const fileOf = (value: unknown): string | Uint8Array | undefined => {
  if (typeof value === 'string' || value instanceof Uint8Array) return value;
  return isObject(value) && Object.keys(value).length === 1 && typeof value.b64 === 'string' ? value.b64 : undefined;
};

/** Types that don't hold 16-bit pixels. */
const narrow: ReadonlySet<TensorType> = new Set(['uint8', 'int8', 'int16']);

/** An image file, or the numbers that the model takes, unprepared. */
export const image: InputKind<ImageSpec> = {
  name: 'image',
  card: CardImage.properties,
  errors,
  media: ['image/*'],
  claim(input, facts, card, place) {
    const given = (card ?? {}) as CardImage & { kind?: string };
    if (given.crop_fraction !== undefined && given.resize !== 'crop')
      throw new CardError(`${place('crop_fraction')} needs ${place('resize')} to be "crop".`);
    const index = facts.signature.inputs.findIndex(({ name }) => name === input.name);
    const shaped = imageInputOf(input);
    const taken = shaped ?? bareImageOf(input, facts.hints?.inputs?.[index]?.feeds, given.size);
    if (!taken) return undefined;
    const choice = choose(taken, input, index, facts);
    const { kind, ...said } = given;
    const resize = said.resize ?? choice.image.resize ?? 'stretch';
    const settings: ImageSettings = {
      size: imageSize(said.size, taken, place),
      resize,
      ...(resize === 'crop' && { crop_fraction: 1 }),
      interpolation: 'bicubic',
      ...choice.image,
      ...(isInk(taken, facts) && { invert: 'auto' }),
      ...said,
    };
    const preparation = resolveScaling(settings.scaling, taken, place);
    return {
      spec: {
        settings,
        options: { ...imageOptions(settings, taken), keepDepth: !narrow.has(input.type) },
        preparation: shaped ? preparation : { ...preparation, rawShape: [...settings.size, taken.channels] },
      },
      certainty: shaped || Object.keys(given).length > 0 ? 'likely' : 'guess',
      // Who says how images are prepared has said that it is one.
      basis:
        Object.keys(given).length > 0
          ? undefined
          : `its shape is ${shaped ? "a picture's with channels" : "a picture's"}`,
      assumptions: assumptionsOf(settings, given, taken, choice),
    };
  },
  spell: ({ settings }) => ({ ...settings }),
  describe: (input) => ({
    schema: Type.Union([referTo(ImageInstance), imageText, rowSchema(input, true)], {
      description: 'An image: its file as base64, or the numbers that the model takes, unprepared.',
    }),
    example: () => imageInstanceExample,
    text: `{"b64": "<base64 of an image file>"}, the base64 alone, or ${tensorInput.describe(input, null).text}`,
  }),
  isOne: (value, { shape }) => !isList(value) || depthOf(value) === shape.length - 1,
  reader(input, _spec, rows): ColumnReader<Column> {
    const files: Uint8Array[] = [];
    const writer = new TensorWriter(input, rows);
    let isNumbers: boolean | undefined;
    const write = (value: unknown, place: string) => {
      const file = fileOf(value);
      if (isNumbers === undefined && file === undefined && !isList(value))
        throw wrong(place, '{"b64": "<base64>"}, the base64 alone, or the numbers that the model takes', value);
      isNumbers ??= file === undefined;
      if (isNumbers) return writer.write(value, place);
      if (file === undefined) throw wrong(place, '{"b64": "<base64>"} or the base64 alone, like the first', value);
      if (rows > maxImages)
        throw new InstancesError(place, `There are ${rows} images: a request can have at most ${maxImages} images.`);
      files.push(typeof file === 'string' ? bytesOfBase64(file, isObject(value) ? at(place, 'b64') : place) : file);
    };
    return {
      write,
      writeAll(values, place) {
        if (fileOf(values.at(0)) === undefined) {
          isNumbers = true;
          return writer.writeAll(values, place);
        }
        for (let index = 0; index < values.length; index++) write(values.at(index), at(place, index));
      },
      finish: () => (isNumbers === false ? { files } : { tensor: writer.finish() }),
    };
  },
};

/** What the model tells of its images' preparation. Only of its first input is it known what the model begins with. */
function choose(taken: ImageInput, { type }: TensorInfo, index: number, facts: Facts): ImageChoice {
  const { hints, found, signature } = facts;
  const known = hints && index > 0 ? {} : hints;
  const [output] = signature.outputs.length === 1 ? signature.outputs : [];
  const classes = output?.shape.length === 2 ? (output.shape[1] ?? undefined) : undefined;
  return chooseImage({ input: taken, type, hints: known, numberedLabels: found?.numbered ?? false, classes });
}

/** Brightness of pictures above which they are no light ink on dark. */
const mostlyLight = 0.45;

/** Whether pictures are taken to be light ink on dark, as those of MNIST, where people send dark ink on paper. */
const isInk = (
  { height, width, channels }: ImageInput,
  { hints, signature }: Pick<Facts, 'hints' | 'signature'>,
): boolean =>
  channels === 1 &&
  height === 28 &&
  width === 28 &&
  !((hints?.pixels?.brightness ?? 0) > mostlyLight) &&
  signature.outputs.every(({ shape }) => shape.length <= 2);

/** Why pictures are inverted whose border is lighter than their middle. */
const ink = {
  basis: 'grey pictures of 28 × 28 are mostly light ink on dark',
  text: '"auto", where the border is lighter than the middle',
  certainty: 'guess',
} as const;

function assumptionsOf(
  settings: ImageSettings,
  given: CardImage,
  { height, width }: ImageInput,
  { image: chosen, reason, certainty }: ImageChoice,
): Assumption[] {
  const { size, resize, interpolation, scaling, invert } = settings;
  const usual = (key: 'resize' | 'interpolation') =>
    chosen[key] ? { basis: reason, certainty } : { basis: "that is Pillow's own", certainty: 'guess' as const };
  const all: (Assumption & { key: keyof CardImage })[] = [
    { key: 'scaling', value: scaling, basis: reason, certainty, text: scalingText(settings) },
    ...(height === null || width === null
      ? [{ key: 'size' as const, value: size, basis: 'the model takes any', certainty: 'guess' as const }]
      : []),
    { key: 'resize', value: resize, ...usual('resize') },
    { key: 'interpolation', value: interpolation, ...usual('interpolation') },
    ...(invert === 'auto' ? [{ key: 'invert' as const, value: invert, ...ink }] : []),
  ];
  return all.filter(({ key }) => given[key] === undefined);
}

const scalingTexts: Record<Extract<Scaling, string>, string> = {
  none: '"none", pixels from 0 to 255 as they are',
  unit: '"unit", pixels from 0 to 1',
  tf: '"tf", pixels from -1 to 1',
  torch: '"torch", pixels less the mean of ImageNet, divided by its deviation',
  caffe: '"caffe", BGR pixels less the mean of ImageNet',
};

function scalingText({ scaling, resize }: ImageSettings): string {
  const cut = resize === 'crop' ? ', the middle cut out' : '';
  return `${typeof scaling === 'string' ? scalingTexts[scaling] : JSON.stringify(scaling)}${cut}`;
}

/** How many numbers the pixels of one image are. */
export const pixelCount = ({ options: { size, channels = 3 } }: ImageSpec): number => size[0] * size[1] * channels;

/**
 * The pixels of images as a tensor: raw, to be prepared by the engine, where they are bytes.
 * @param pixels images × height × width × channels
 * @param input what the model takes
 */
export function pixelTensor(
  pixels: Pixels,
  { options: { size, channels = 3 }, preparation }: ImageSpec,
  input: TensorInfo,
): { tensor: Tensor; raw: boolean } {
  const shape = [pixels.length / (size[0] * size[1] * channels), ...size, channels];
  if (pixels instanceof Uint8Array) return { tensor: { type: 'uint8', shape, data: pixels }, raw: true };
  return { tensor: prepareTensor({ type: 'float32', shape, data: pixels }, preparation, input), raw: false };
}
