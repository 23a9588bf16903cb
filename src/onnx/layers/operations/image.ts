import type { Value } from '../../graph.js';
import {
  abs,
  add,
  cast,
  channelsFirst,
  channelsLast,
  clip,
  concat,
  div,
  either,
  equal,
  greater,
  type Interpolation,
  less,
  mul,
  not,
  pad,
  resizeImages,
  round,
  type Size,
  sizeDifference,
  sizeOf,
  sizesOf,
  sliceFrom,
  split,
  squeeze,
  sub,
  toFloat,
  unsqueeze,
  where,
} from '../../operators/index.js';
import { cropToRatio, padToRatio } from '../image-preprocessing.js';
import type { Arguments } from './arguments.js';
import { saturated } from './creation.js';
import { type OperationTable, operation } from './operation.js';
import { isChannelsFirst } from './windows.js';

/** Runs `body` on a batch of channels-first images, and gives its result the form of what was given. */
export function onImages(a: Arguments, images: Value, body: (x: Value) => Value): Value {
  const single = images.rank === 3;
  const batch = single ? unsqueeze(images, [0]) : images;
  if (batch.rank !== 4) return a.unsupported(`its images are of rank ${images.rank}`);
  const result = isChannelsFirst(a) ? body(batch) : channelsLast(body(channelsFirst(batch)));
  return single ? squeeze(result, [0]) : result;
}

const interpolations = [
  ...['nearest', 'bilinear', 'bicubic', 'area', 'lanczos3', 'lanczos5', 'gaussian', 'mitchellcubic'],
] as Interpolation[];

/** TensorFlow's numbers for the methods. */
const numberedInterpolations: readonly Interpolation[] = ['bilinear', 'nearest', 'bicubic', 'area'];

/** How images are resized, by name or by TensorFlow's number. */
export function interpolationOf(a: Arguments): Interpolation {
  const given = a.raw('interpolation');
  const numbered = typeof given === 'number' ? numberedInterpolations[given] : undefined;
  return numbered ?? a.choice('interpolation', interpolations, 'bilinear');
}

/** Resized images: float32, or what they were when the nearest pixels are taken. */
function resized(a: Arguments, images: Value): Value {
  const interpolation = interpolationOf(a);
  if (a.boolean('preserve_aspect_ratio')) return a.unsupported('its preserve_aspect_ratio is set');
  const sizes = sizesOf(images);
  const each = isChannelsFirst(a) ? sizes.slice(0, -2) : sizes.toSpliced(-3, 2);
  const [height, width] = a.sizesToMake('size', each);
  if (height === undefined || width === undefined) return a.unsupported('its size should be two numbers');
  const target: [Size, Size] = [height, width];
  return onImages(a, interpolation === 'nearest' ? images : toFloat(images), (x) => {
    const cropped = a.boolean('crop_to_aspect_ratio') ? cropToRatio(x, target) : x;
    const padded = a.boolean('pad_to_aspect_ratio') ? padToRatio(cropped, target, a.number('fill_value', 0)) : cropped;
    return resizeImages(padded, target, interpolation, a.boolean('antialias'));
  });
}

/** Keras 3 gives whole numbers for whole numbers, the nearest that fit. */
function resize(a: Arguments): Value {
  const images = a.tensor('images');
  const result = resized(a, images);
  return result.type === images.type ? result : saturated(round(result), images.type);
}

/** The three channels of images, each with an axis of 1 in the channels' place, and that place. */
function channelsOf(a: Arguments, images: Value): { channels: [Value, Value, Value]; axis: number } {
  const axis = isChannelsFirst(a) ? images.rank - 3 : images.rank - 1;
  // Splitting what turns out to have others fails when the model runs.
  if (![3, null].includes(images.shape[axis]!)) return a.unsupported('its images do not have 3 channels');
  const [red, green, blue] = split(images, [1, 1, 1], axis);
  return { channels: [red!, green!, blue!], axis };
}

/** One channel, which images of one have already: where their channels are open that shows when the model runs. */
function greyscale(a: Arguments): Value {
  const images = a.tensor('images');
  const axis = isChannelsFirst(a) ? images.rank - 3 : images.rank - 1;
  const weigh = (x: Value) => {
    const { channels } = channelsOf(a, toFloat(x));
    const weights = [0.2989, 0.587, 0.114];
    return cast(channels.map((channel, index) => mul(channel, weights[index]!)).reduce(add), images.type);
  };
  const count = sizeOf(images, axis);
  if (typeof count === 'number') return count === 1 ? images : weigh(images);
  return either(
    equal(count, 1),
    images,
    (x) => split(x, [1], axis),
    (x) => [weigh(x)],
  )[0]!;
}

/** TensorFlow's extremes of three channels forget what came before one that is no number. */
const forgetful = (beats: typeof greater) => (before: Value, next: Value) => where(beats(before, next), before, next);

function rgbToHsv(a: Arguments): Value {
  const { channels, axis } = channelsOf(a, toFloat(a.tensor('images')));
  const [red, green, blue] = channels;
  const value = channels.reduce(forgetful(greater));
  const spread = sub(value, channels.reduce(forgetful(less)));
  const flat = not(greater(spread, 0));
  const saturation = where(greater(value, 0), div(spread, where(equal(value, 0), 1, value)), 0);
  const sixth = mul(where(flat, 1, spread), 6);
  const turn = (from: Value, to: Value, start: number) => add(div(sub(from, to), sixth), start);
  const ofGreenOrBlue = where(equal(green, value), turn(blue, red, 2 / 6), turn(red, green, 4 / 6));
  const angle = where(equal(red, value), turn(green, blue, 0), ofGreenOrBlue);
  const hue = where(flat, 0, where(less(angle, 0), add(angle, 1), angle));
  return concat([hue, saturation, value], axis);
}

function hsvToRgb(a: Arguments): Value {
  const { channels, axis } = channelsOf(a, toFloat(a.tensor('images')));
  const [hue, saturation, value] = channels;
  const angle = mul(hue, 6);
  const near = (centre: number) => clip(sub(a.constant('float32', 2), abs(sub(angle, centre))), 0, 1);
  const shares = [clip(sub(abs(sub(angle, 3)), 1), 0, 1), near(2), near(4)];
  const grey = sub(a.constant('float32', 1), saturation);
  return concat(
    shares.map((share) => mul(add(grey, mul(saturation, share)), value)),
    axis,
  );
}

/** What is before an axis, what is after it, and how long it is: two of them tell the third. */
function ends(
  a: Arguments,
  names: readonly [string, string, string],
  difference: (before: number, target: number) => Size,
): [Size | undefined, Size | undefined] {
  const [before, after, target] = names.map((name) => a.optionalNumber(name));
  if (before !== undefined) return [before, after ?? (target === undefined ? undefined : difference(before, target))];
  return [target === undefined || after === undefined ? undefined : difference(after, target), after];
}

const sides = [
  ['top', 'bottom', 'height'],
  ['left', 'right', 'width'],
] as const;

function padImages(a: Arguments): Value {
  const images = a.tensor('images');
  const rows = isChannelsFirst(a) ? images.rank - 2 : images.rank - 3;
  const pads = images.shape.map((): [Size, Size] => [0, 0]);
  sides.forEach(([before, after, target], index) => {
    const size = sizeOf(images, rows + index);
    const [start, end] = ends(a, [`${before}_padding`, `${after}_padding`, `target_${target}`], (known, whole) =>
      sizeDifference(whole - known, size),
    );
    if (start === undefined || end === undefined) a.unsupported(`its ${before} and ${after} padding are unknown`);
    else pads[rows + index] = [start, end];
  });
  return pad(images, pads);
}

function cropImages(a: Arguments): Value {
  const images = a.tensor('images');
  const rows = isChannelsFirst(a) ? images.rank - 2 : images.rank - 3;
  return sides.reduce((cropped, [before, after, target], index) => {
    const axis = rows + index;
    const size = sizeOf(images, axis);
    const [start, end] = ends(a, [`${before}_cropping`, `${after}_cropping`, `target_${target}`], (known, whole) =>
      sizeDifference(size, whole + known),
    );
    if (start === undefined) return a.unsupported(`its ${before} cropping is unknown`);
    const length = a.optionalNumber(`target_${target}`) ?? sizeDifference(sizeDifference(size, start), end ?? 0);
    return sliceFrom(cropped, axis, start, length);
  }, images);
}

/** Images. https://keras.io/api/ops/image/ */
export const imageOperations: OperationTable = {
  Resize: operation('images', resize, 'fill_mode fill_value'),
  RGBToGrayscale: operation('images', greyscale),
  RGBToHSV: operation('images', rgbToHsv),
  HSVToRGB: operation('images', hsvToRgb),
  PadImages: operation('images', padImages),
  CropImages: operation('images', cropImages),
};

/** What TensorFlow gives otherwise than Keras 3. */
export const tensorflowResizing: OperationTable = {
  ResizeToFloat: operation('images', (a) => resized(a, a.tensor('images'))),
};
