import type { Value } from '../../graph.js';
import { channelsFirst, conv, pad, reshape, sizesOf, toFloat, transpose } from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { onImages } from './image.js';
import { type OperationTable, operation } from './operation.js';
import { isChannelsFirst } from './windows.js';

/** The same kernel over every channel, (batch, channels, height, width) to (batch · channels, filters, …). */
export function everyChannel(
  x: Value,
  kernel: readonly (readonly number[])[],
  size: readonly [number, number],
  same: boolean,
): Value {
  const weight = x.graph.constant('float32', [kernel.length, 1, ...size], Float32Array.from(kernel.flat()), 'kernel');
  const apart = reshape(x, [-1, 1, ...sizesOf(x).slice(2)]);
  return conv(
    apart,
    weight,
    undefined,
    { kernel: size, strides: [1, 1], dilations: [1, 1], padding: same ? 'same' : 'valid' },
    1,
  );
}

/** The largest side of a kernel that is a bell curve. */
export const largestKernel = 256;

/** A bell curve of `size` numbers whose sum is 1. */
export function bellCurve(size: number, sigma: number): number[] {
  const heights = Array.from({ length: size }, (_, index) => Math.exp(-0.5 * ((index - (size - 1) / 2) / sigma) ** 2));
  const total = heights.reduce((sum, height) => sum + height, 0);
  return heights.map((height) => height / total);
}

function gaussianBlur(a: Arguments): Value {
  const [rows = 3, columns = 3] = a.numbers('kernel_size', 2, [3, 3]);
  const sigmas = a.numbers('sigma', 2, [1, 1]);
  if (![rows, columns].every((size) => Number.isInteger(size) && size > 0 && size <= largestKernel))
    return a.unsupported(`its kernel_size is not of whole numbers up to ${largestKernel}`);
  // Keras takes the first size and sigma for x and reads the product as rows by columns.
  const [across, down] = [bellCurve(rows, sigmas[0]!), bellCurve(columns, sigmas[1]!)];
  const kernel = down.flatMap((y) => across.map((x) => x * y));
  return onImages(a, toFloat(a.tensor('images')), (x) =>
    reshape(everyChannel(x, [kernel], [rows, columns], true), [...sizesOf(x).slice(0, 2), ...sizesOf(x).slice(2)]),
  );
}

/** Differences down and across, in a new last axis. */
function sobelEdges(a: Arguments): Value {
  const images = toFloat(a.tensor('images'));
  if (images.rank !== 4) return a.unsupported(`its images are of rank ${images.rank}`);
  const first = isChannelsFirst(a);
  const x = first ? images : channelsFirst(images);
  const kernels = [
    [-1, -2, -1, 0, 0, 0, 1, 2, 1],
    [-1, 0, 1, -2, 0, 2, -1, 0, 1],
  ];
  const padded = pad(
    x,
    [
      [0, 0],
      [0, 0],
      [1, 1],
      [1, 1],
    ],
    'reflect',
  );
  const edges = everyChannel(padded, kernels, [3, 3], false);
  const sizes = sizesOf(x);
  const apart = reshape(edges, [sizes[0]!, sizes[1]!, 2, sizes[2]!, sizes[3]!]);
  return transpose(apart, first ? [0, 1, 3, 4, 2] : [0, 3, 4, 1, 2]);
}

/** Filters over images. https://keras.io/api/ops/image/ */
export const filterOperations: OperationTable = {
  GaussianBlur: operation('images', gaussianBlur),
  SobelEdges: operation('images', sobelEdges),
};
