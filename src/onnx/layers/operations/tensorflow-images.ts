import type { Value } from '../../graph.js';
import {
  add,
  cast,
  channelsFirst,
  channelsLast,
  concat,
  div,
  int64s,
  isFloat,
  max,
  mul,
  node,
  pad,
  reduceMean,
  reduceSumSquare,
  resizeImages,
  slice,
  sqrt,
  sub,
  toFloat,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { computed } from './dtypes.js';
import { interpolationOf, onImages } from './image.js';
import { type OperationTable, operation } from './operation.js';
import { flip, swapAxes } from './shape.js';

/** Mean 0 and deviation 1 for each image; the deviation is at least that of one pixel. */
function standardize(a: Arguments): Value {
  const images = toFloat(a.tensor('images'));
  const axes = [images.rank - 3, images.rank - 2, images.rank - 1];
  const centred = sub(images, reduceMean(images, axes, true));
  const count = axes.reduce(
    (product, axis) => product * (images.shape[axis] ?? a.unsupported('its images are of unknown size')),
    1,
  );
  const deviation = sqrt(div(reduceSumSquare(centred, axes, true), count));
  return div(centred, max(deviation, 1 / Math.sqrt(count)));
}

/** The middle of images, by the part of height and width that is kept. */
function centralCrop(a: Arguments): Value {
  const images = a.tensor('images');
  const kept = a.number('central_fraction');
  const cut = [images.rank - 3, images.rank - 2].map((axis) => {
    const size = images.shape[axis] ?? a.unsupported('its images are of unknown size');
    const start = Math.floor((size - size * kept) / 2);
    return { axis, start, end: size - start };
  });
  return slice(images, cut);
}

const flipAt = (fromEnd: number) =>
  operation('images', (a) => {
    const images = a.tensor('images');
    return flip(images, [images.rank - fromEnd]);
  });

/** Integers beside floats from 0 to 1. */
function convertImage(a: Arguments): Value {
  const x = a.tensor('images');
  const type = a.optionalType('dtype') ?? 'float32';
  if (x.type === type || (isFloat(x) && type === 'float32')) return x;
  if (x.type !== 'uint8' || type !== 'float32') return a.unsupported(`it makes ${type} of ${x.type}`);
  return mul(toFloat(x), 1 / 255);
}

/** How the first versions of TensorFlow resize: by the corners, or without half a pixel. */
function resizeOld(a: Arguments): Value {
  const x = channelsFirst(toFloat(a.tensor('images')));
  const [height, width] = a.sizes('size');
  const method = a.raw('method') ?? 'bilinear';
  if (typeof height !== 'number' || typeof width !== 'number') return a.unsupported('its size is not known');
  if (!['bilinear', 'nearest', 0, 1].includes(method as string | number))
    return a.unsupported('its method is not bilinear or nearest');
  const nearest = method === 'nearest' || method === 1;
  if (nearest && a.boolean('align_corners')) return a.unsupported('it aligns the corners of nearest neighbours');
  const halfPixels = a.boolean('half_pixel_centers') ? 'half_pixel' : 'asymmetric';
  const attributes = {
    mode: nearest ? 'nearest' : 'linear',
    coordinate_transformation_mode: a.boolean('align_corners') ? 'align_corners' : halfPixels,
    axes: [2, 3],
    nearest_mode: nearest ? (a.boolean('half_pixel_centers') ? 'round_prefer_ceil' : 'floor') : undefined,
  };
  const sizes = int64s(a.graph, [height, width]);
  const shape = [...x.shape.slice(0, 2), height, width];
  const resized = channelsLast(node('Resize', [x, undefined, undefined, sizes], attributes, x.type, shape));
  return nearest ? cast(resized, a.tensor('images').type) : resized;
}

/** Height and width, which must be known. */
function sizeOfImages(a: Arguments, images: Value): [number, number] {
  const [height, width] = images.shape.slice(images.rank - 3, -1);
  return height != null && width != null ? [height, width] : a.unsupported('its images are of unknown size');
}

/** What is cut off or added on both sides so that images are of this size, the odd pixel at the end. */
function cropOrPad(a: Arguments, images: Value, target: readonly [number, number]): Value {
  const size = sizeOfImages(a, images);
  const first = images.rank - 3;
  const cuts = target.map((wanted, index) => {
    const start = Math.max(0, Math.floor((size[index]! - wanted) / 2));
    return { axis: first + index, start, end: start + Math.min(wanted, size[index]!) };
  });
  const pads = images.shape.map((_, axis): [number, number] => {
    const added = axis === first || axis === first + 1 ? Math.max(0, target[axis - first]! - size[axis - first]!) : 0;
    return [Math.floor(added / 2), Math.ceil(added / 2)];
  });
  return computed([slice(images, cuts)], (x) => pad(x, pads));
}

const targetOf = (a: Arguments): [number, number] => [a.count('target_height'), a.count('target_width')];

/** Resizes images as far as they fit, and adds black on both sides. */
function resizeWithPad(a: Arguments): Value {
  const images = toFloat(a.tensor('images'));
  const [height, width] = sizeOfImages(a, images);
  const target = targetOf(a);
  const ratio = Math.max(height / target[0], width / target[1]);
  const size: [number, number] = [Math.floor(height / ratio), Math.floor(width / ratio)];
  const fitted = onImages(a, images, (x) => resizeImages(x, size, interpolationOf(a), a.boolean('antialias')));
  return cropOrPad(a, fitted, target);
}

/** Turns images by quarters against the clock. */
function rotateImages(a: Arguments): Value {
  const images = a.tensor('images');
  const [rows, columns] = [images.rank - 3, images.rank - 2];
  const turns = ((a.number('k', 1) % 4) + 4) % 4;
  const half = turns >= 2 ? flip(images, [rows, columns]) : images;
  return turns % 2 === 1 ? flip(swapAxes(half, rows, columns), [rows]) : half;
}

/** Images of floats: those of whole numbers TensorFlow scales first. */
function floatImages(a: Arguments): Value {
  const images = a.tensor('images');
  return isFloat(images) ? images : a.unsupported('its images are not of floats');
}

/** Functions of `tf.image` that Keras 3 has not. https://www.tensorflow.org/api_docs/python/tf/image */
export const tensorflowImages: OperationTable = {
  PerImageStandardization: operation('images', standardize),
  CentralCrop: operation('images', centralCrop),
  FlipLeftRight: flipAt(2),
  FlipUpDown: flipAt(3),
  GrayscaleToRgb: operation('images', (a) => {
    const images = a.tensor('images');
    return concat([images, images, images], images.rank - 1);
  }),
  AdjustBrightness: operation('images delta', (a) => add(floatImages(a), a.number('delta'))),
  AdjustContrast: operation('images contrast_factor', (a) => {
    const images = floatImages(a);
    const mean = reduceMean(images, [images.rank - 3, images.rank - 2], true);
    return add(mul(sub(images, mean), a.number('contrast_factor')), mean);
  }),
  CropOrPad: operation('images', (a) => cropOrPad(a, a.tensor('images'), targetOf(a))),
  ResizeWithPad: operation('images', resizeWithPad),
  RotateImages: operation('images', rotateImages),
  TransposeImages: operation('images', (a) => {
    const images = a.tensor('images');
    return swapAxes(images, images.rank - 3, images.rank - 2);
  }),
  ConvertImage: operation('images', convertImage),
  ResizeOld: operation('images', resizeOld),
};
