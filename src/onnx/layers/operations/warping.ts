import type { Value } from '../../graph.js';
import {
  add,
  and,
  cast,
  channelsFirst,
  channelsLast,
  div,
  equal,
  expand,
  floor,
  gather,
  greaterOrEqual,
  less,
  mul,
  node,
  type Operand,
  range,
  reshape,
  type Size,
  sizeOf,
  sizeTimes,
  slice,
  squeeze,
  sub,
  toFloat,
  unsqueeze,
  where,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { homography } from './homography.js';
import { type OperationTable, operation } from './operation.js';
import { fillModes, roundAway } from './warping-coordinates.js';
import { isChannelsFirst } from './windows.js';

/** A size beside float32 numbers. */
const operand = (size: Size): Operand => (typeof size === 'number' ? size : toFloat(size));

/** Types of images that TensorFlow's kernel takes, and that Keras's functions therefore take. */
const imageTypes: readonly Value['type'][] = ['float32', 'float64', 'uint8', 'int32', 'int64'];

/** (batch, height, width, channels) images, and how places between and outside their pixels are read. */
interface Source {
  images: Value;
  height: Size;
  width: Size;
  fillValue: number;
}

/** The pixels in whole-numbered float32 rows and columns, (1 or batch, height, width); the fill value where there are none. */
function pixels({ images, height, width, fillValue }: Source, row: Value, column: Value): Value {
  const isIn = (at: Value, size: Size) => and(greaterOrEqual(at, 0), less(at, operand(size)));
  const valid = and(isIn(row, height), isIn(column, width));
  const index = (at: Value) => cast(where(valid, at, 0), 'int64');
  const place = add(mul(index(row), width), index(column));
  const [batch, channels] = [sizeOf(images, 0), sizeOf(images, 3)];
  const flat = reshape(images, [batch, sizeTimes(height, width), channels]);
  const found =
    place.shape[0] === 1
      ? gather(flat, squeeze(place, [0]), 1)
      : node(
          'GatherND',
          [flat, unsqueeze(expand(place, [batch, height, width]), [3])],
          { batch_dims: 1 },
          images.type,
          images.shape,
        );
  return where(unsqueeze(valid, [3]), found, fillValue);
}

/** Between four pixels. */
function bilinear(source: Source, row: Value, column: Value): Value {
  const [top, left] = [floor(row), floor(column)];
  const [bottom, right] = [add(top, 1), add(left, 1)];
  const weight = (a: Value, b: Value) => unsqueeze(sub(a, b), [3]);
  const across = (line: Value) =>
    add(
      mul(weight(right, column), toFloat(pixels(source, line, left))),
      mul(weight(column, left), toFloat(pixels(source, line, right))),
    );
  const mixed = add(mul(weight(bottom, row), across(top)), mul(weight(row, top), across(bottom)));
  return cast(mixed, source.images.type);
}

/** Images as each of (1 or batch, 8) transforms takes the places of the output to those of the input. */
function projected(a: Arguments, images: Value, transforms: Value, fillMode: keyof typeof fillModes): Value {
  const interpolation = a.choice('interpolation', ['nearest', 'bilinear'], 'bilinear');
  const [height, width] = [sizeOf(images, 1), sizeOf(images, 2)];
  const given = a.number('fill_value', 0);
  const source = { images, height, width, fillValue: images.type.startsWith('float') ? given : Math.trunc(given) };
  const [x, y] = [
    reshape(toFloat(range(a.graph, width)), [1, 1, width]),
    reshape(toFloat(range(a.graph, height)), [1, height, 1]),
  ];
  const t = (index: number) => unsqueeze(slice(transforms, [{ axis: 1, start: index, end: index + 1 }]), [2]);
  const linear = (first: number) => add(mul(t(first), x), mul(t(first + 1), y));
  const projection = add(linear(6), 1);
  const nowhere = equal(projection, 0);
  const divisor = where(nowhere, 1, projection);
  const from = (first: number) => div(add(linear(first), t(first + 2)), divisor);
  const column = fillModes[fillMode](from(0), operand(width));
  const row = fillModes[fillMode](from(3), operand(height));
  const result =
    interpolation === 'nearest' ? pixels(source, roundAway(row), roundAway(column)) : bilinear(source, row, column);
  return where(unsqueeze(nowhere, [3]), source.fillValue, result);
}

/** Runs `body` on a batch of channels-last images, and gives its result the form of what was given. */
function warped(a: Arguments, body: (images: Value) => Value): Value {
  const images = a.tensor('images');
  if (!imageTypes.includes(images.type)) return a.unsupported(`its images are of ${images.type}`);
  const batch = images.rank === 3 ? unsqueeze(images, [0]) : images;
  if (batch.rank !== 4) return a.unsupported(`its images are of rank ${images.rank}`);
  const result = isChannelsFirst(a) ? channelsFirst(body(channelsLast(batch))) : body(batch);
  return images.rank === 3 ? squeeze(result, [0]) : result;
}

/** An argument of a given shape, whose batch may be missing: then it is that of all images. Open sizes have to be these when the model runs. */
function oneOrBatch(a: Arguments, name: string, shape: readonly number[]): Value {
  const given = a.tensor(name, 'float32');
  const batch = given.rank === shape.length ? unsqueeze(given, [0]) : given;
  const own = batch.shape.slice(1);
  if (own.length !== shape.length || own.some((size, index) => size !== null && size !== shape[index]))
    return a.unsupported(`its ${name} should be of shape (${shape.join(', ')}), or a batch of such`);
  return own.includes(null) ? reshape(batch, [sizeOf(batch, 0), ...shape]) : batch;
}

const affine = (a: Arguments): Value =>
  warped(a, (images) => {
    const mode = a.choice('fill_mode', Object.keys(fillModes) as (keyof typeof fillModes)[], 'constant');
    return projected(a, images, oneOrBatch(a, 'transform', [8]), mode);
  });

/** Keras's TensorFlow backend fills with the value alone. */
const perspective = (a: Arguments): Value =>
  warped(a, (images) => {
    const [start, end] = ['start_points', 'end_points'].map((name) => oneOrBatch(a, name, [4, 2]));
    return projected(a, images, homography(start!, end!), 'constant');
  });

/** Images seen from elsewhere. https://keras.io/api/ops/image/ */
export const warpingOperations: OperationTable = {
  AffineTransform: operation('images transform', affine),
  PerspectiveTransform: operation('images start_points end_points', perspective),
};
