import type { Value } from '../../graph.js';
import {
  add,
  concat,
  constant,
  div,
  gather,
  int64s,
  isFloat,
  max,
  mul,
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

/** The most pixels of a side that places are worked out for. */
const largestSide = 2 ** 14;

/** How the first versions of TensorFlow resize: by the corners, or without half a pixel. Places are float32, as theirs are. */
function resizeOld(a: Arguments): Value {
  const images = a.tensor('images');
  const target = a.sizes('size');
  const method = a.raw('method') ?? 'bilinear';
  if (!['bilinear', 'nearest', 0, 1].includes(method as string | number))
    return a.unsupported('its method is not bilinear or nearest');
  const nearest = method === 'nearest' || method === 1;
  const [corners, halves] = [a.boolean('align_corners'), a.boolean('half_pixel_centers')];
  if (nearest && corners) return a.unsupported('it aligns the corners of nearest neighbours');
  return sizeOfImages(a, images).reduce(
    (x, from, index) => {
      const to = target[index];
      if (typeof to !== 'number' || !(to > 0 && to <= largestSide)) return a.unsupported('its size is not known');
      const scale = Math.fround(corners && to > 1 ? (from - 1) / (to - 1) : from / to);
      const places = Array.from({ length: to }, (_, place) => {
        if (halves) return Math.fround(Math.fround((place + 0.5) * scale) - (nearest ? 0 : 0.5));
        return Math.fround(place * scale);
      });
      return sampled(x, images.rank - 3 + index, from, places, nearest);
    },
    nearest ? images : toFloat(images),
  );
}

/** Elements of an axis at places between them: the one before, or what lies between two in proportion. */
function sampled(x: Value, axis: number, size: number, places: readonly number[], nearest: boolean): Value {
  const inside = places.map((place) => Math.min(Math.max(place, 0), size - 1));
  const at = (indices: number[]) => gather(x, int64s(x.graph, indices), axis);
  const before = inside.map(Math.floor);
  if (nearest) return at(before);
  const after = before.map((index) => Math.min(index + 1, size - 1));
  const parts = inside.map((place, index) => place - before[index]!);
  const fractions = constant(x.graph, 'float32', [places.length, ...Array<number>(x.rank - axis - 1).fill(1)], parts);
  return add(at(before), mul(sub(at(after), at(before)), fractions));
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

/** Resizes images as far as they fit, and adds black on both sides, as much before as fractions of pixels leave. */
function resizeWithPad(a: Arguments): Value {
  const images = toFloat(a.tensor('images'));
  const [height, width] = sizeOfImages(a, images);
  const target = targetOf(a);
  const ratio = Math.fround(Math.max(Math.fround(height / target[0]), Math.fround(width / target[1])));
  const fractions = [Math.fround(height / ratio), Math.fround(width / ratio)] as const;
  const size: [number, number] = [Math.floor(fractions[0]), Math.floor(fractions[1])];
  const fitted = onImages(a, images, (x) => resizeImages(x, size, interpolationOf(a), a.boolean('antialias')));
  const pads = images.shape.map((_, axis): [number, number] => {
    const index = axis - (images.rank - 3);
    if (index !== 0 && index !== 1) return [0, 0];
    const before = Math.max(0, Math.floor(Math.fround(target[index] - fractions[index]) / 2));
    return [before, target[index] - size[index] - before];
  });
  return pad(fitted, pads);
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
