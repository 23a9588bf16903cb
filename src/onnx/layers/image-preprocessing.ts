import type { LayerCall, LayerHandler, LayerTable } from '../context.js';
import { ShapeError, showShape, Value } from '../graph.js';
import {
  add,
  and,
  cast,
  clip,
  div,
  either,
  greaterOrEqual,
  greatest,
  interpolations,
  isNan,
  least,
  mul,
  pad,
  resizeImages,
  round,
  type Size,
  sizeDifference,
  sizeMax,
  sizeMin,
  sizeOf,
  sizeQuotient,
  sizeTimes,
  sliceFrom,
  squeeze,
  sub,
  toFloat,
  unsqueeze,
  where,
} from '../operators/index.js';
import { inChannelsFirst } from './convolution.js';
import { type Beside, boundedBoxes, ofImages, ofImagesAlone } from './image-dictionaries.js';

/** Height and width of (batch, channels, height, width) images. */
type ImageSize = [height: Size, width: Size];

const sizeOfImages = (x: Value): ImageSize => [sizeOf(x, 2), sizeOf(x, 3)];

/** The size that the layer gives its images. */
const targetOf = ({ config }: LayerCall): [number, number] => [
  config.integer('height', undefined, 1),
  config.integer('width', undefined, 1),
];

/**
 * Runs `body` on images with their channels first. A tensor of three axes is one image: the model's batch is its height, or its
 * channels. @throws ShapeError when the input is neither an image nor a batch of them
 */
export function onImages(x: Value, call: LayerCall, body: (x: Value) => Value): Value {
  if (x.rank === 3) return squeeze(inChannelsFirst(unsqueeze(x, [0]), call, body), [0]);
  if (x.rank !== 4) throw new ShapeError(`it takes a batch of images, its input is ${showShape(x.shape)}`);
  return inChannelsFirst(x, call, body);
}

/** The height and width that images of one side would have in the aspect ratio of the target. */
const sidesInRatio = ([height, width]: ImageSize, [targetHeight, targetWidth]: ImageSize): ImageSize => [
  sizeQuotient(sizeTimes(width, targetHeight), targetWidth),
  sizeQuotient(sizeTimes(height, targetWidth), targetHeight),
];

const half = (size: Size): Size => sizeQuotient(size, 2);

/** Cuts `size` out of the middle. */
function crop(x: Value, size: ImageSize): Value {
  return size.reduce<Value>((cropped, length, index) => {
    const axis = index + 2;
    return sliceFrom(cropped, axis, half(sizeDifference(sizeOf(x, axis), length)), length);
  }, x);
}

/** The size of the largest part of an image that has the target's aspect ratio. */
const ratioSize = (size: ImageSize, target: ImageSize): ImageSize =>
  sidesInRatio(size, target).map((side, index) => sizeMax(sizeMin(size[index]!, side), 1)) as ImageSize;

/** Cuts the largest part of the target's aspect ratio out of the middle. */
export const cropToRatio = (x: Value, target: ImageSize): Value => crop(x, ratioSize(sizeOfImages(x), target));

/** Adds to both sides equally until the aspect ratio is the target's, or off by one pixel. */
export function padToRatio(x: Value, target: ImageSize, value: number): Value {
  const size = sizeOfImages(x);
  const pads = sidesInRatio(size, target).map((side, index): [Size, Size] => {
    const added = half(sizeDifference(sizeMax(size[index]!, side), size[index]!));
    return [added, added];
  });
  return pad(x, [[0, 0], [0, 0], ...pads], 'constant', value);
}

/** What fits the target best, resized to it. */
const smartResize = (x: Value, target: ImageSize): Value =>
  resizeImages(cropToRatio(x, target), target, 'bilinear', false);

/** Bounds of the types that images of integers come in. */
const ranges: Partial<Record<Value['type'], [number, number]>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
  int32: [-(2 ** 31), 2 ** 31 - 128],
};

/** Keras 3 gives integers for integers. */
export function likeInput(resized: Value, x: Value, call: LayerCall): Value {
  if (call.kerasVersion < 3 || x.type === 'float32') return resized;
  const [low, high] = ranges[x.type] ?? [];
  return cast(clip(round(resized), low, high), x.type);
}

const resizing: LayerHandler = ([input], call) => {
  const { config } = call;
  const target = targetOf(call);
  const interpolation = config.choice('interpolation', interpolations, 'bilinear');
  const antialias = config.boolean('antialias', false);
  if (config.string('fill_mode', 'constant') !== 'constant') return call.unsupported('its fill_mode is not constant');
  const resized = onImages(toFloat(input!), call, (x) => {
    const cropped = config.boolean('crop_to_aspect_ratio', false) ? cropToRatio(x, target) : x;
    const padded = config.boolean('pad_to_aspect_ratio', false)
      ? padToRatio(cropped, target, config.number('fill_value', 0))
      : cropped;
    return resizeImages(padded, target, interpolation, antialias);
  });
  return likeInput(resized, input!, call);
};

/** The middle; images that are smaller on a side are resized instead, which may show only when the model runs. */
const centerCrop: LayerHandler = ([input], call) => {
  const target = targetOf(call);
  return onImages(toFloat(input!), call, (x) => {
    const enough = sizeOfImages(x).map((length, index) =>
      typeof length === 'number' ? length >= target[index]! : greaterOrEqual(length, target[index]!),
    );
    if (enough.includes(false)) return smartResize(x, target);
    const open = enough.filter((one) => one instanceof Value);
    if (open.length === 0) return crop(x, target);
    return either(
      open.reduce(and),
      x,
      (images) => [crop(images, target)],
      (images) => [smartResize(images, target)],
    )[0]!;
  });
};

/** When it doesn't train, Keras 3 leaves images as they are, and Keras 2 resizes what fits best. */
const randomCrop: LayerHandler = ([input], call) => {
  if (call.kerasVersion >= 3) return input!;
  return onImages(toFloat(input!), call, (x) => smartResize(x, targetOf(call)));
};

/** Stretches each channel of each image to the whole range; a channel of one value stays as it is. */
const autoContrast: LayerHandler = ([input], call) => {
  const [low, high] = call.config.numbers('value_range', 2, [0, 255]) as [number, number];
  const x = toFloat(input!);
  const bytes = mul(sub(x, low), 255 / (high - low));
  // Keras takes the second and third axis of a batch, whatever its data_format.
  const axes = [x.rank - 3, x.rank - 2];
  const [darkest, brightest] = [least(bytes, axes, true), greatest(bytes, axes, true)];
  const scale = div(255, sub(brightest, darkest));
  const stretched = clip(sub(mul(bytes, scale), mul(darkest, scale)), 0, 255);
  const result = add(mul(stretched, (high - low) / 255), low);
  return where(isNan(result), x, result);
};

/** Layers that change images in training only, and else make floats of them. */
const augmentations = [
  'AugMix',
  'CutMix',
  'Mosaic',
  'RandAugment',
  'RandomElasticTransform',
  'RandomErasing',
  'RandomFlip',
  'RandomGaussianBlur',
  'RandomHeight',
  'RandomPerspective',
  'RandomRotation',
  'RandomSharpness',
  'RandomShear',
  'RandomTranslation',
  'RandomWidth',
  'RandomZoom',
  'Solarization',
];

/** Those that, since Keras 3, leave integers as they are. */
const gentleAugmentations = [
  'Equalization',
  'MaxNumBoundingBoxes',
  'MixUp',
  'RandomBrightness',
  'RandomColorDegeneration',
  'RandomColorJitter',
  'RandomContrast',
  'RandomGrayscale',
  'RandomHue',
  'RandomInvert',
  'RandomPosterization',
  'RandomSaturation',
];

/** Layers one after the other. */
const pipeline: LayerHandler = (inputs, call) =>
  Object.values(call.layer.layers).reduce((values, layer) => call.call(layer, values), inputs);

const asFloats: LayerHandler = ([x]) => toFloat(x!);
const asGiven: LayerHandler = ([x], { kerasVersion }) => (kerasVersion >= 3 ? x! : toFloat(x!));

/** What becomes of what stands beside images; of other layers it stays as it is. */
const beside: Readonly<Record<string, Beside>> = {
  CutMix: { masks: toFloat },
  MaxNumBoundingBoxes: { boxes: boundedBoxes },
  RandomFlip: { masks: toFloat },
};

const changingInTraining: LayerTable = {
  AutoContrast: autoContrast,
  ...Object.fromEntries(augmentations.map((className) => [className, asFloats])),
  ...Object.fromEntries(gentleAugmentations.map((className) => [className, asGiven])),
};

/** https://keras.io/api/layers/preprocessing_layers/image_preprocessing/ and image_augmentation */
export const imagePreprocessingLayers: LayerTable = {
  ...Object.fromEntries(
    Object.entries(changingInTraining).map(([name, handler]) => [name, ofImages(handler, beside[name])]),
  ),
  Resizing: ofImagesAlone(resizing),
  CenterCrop: ofImagesAlone(centerCrop),
  RandomCrop: ofImagesAlone(randomCrop),
  Pipeline: pipeline,
};
