import type { Value } from '../../graph.js';
import {
  add,
  cast,
  channelsFirst,
  div,
  mul,
  reduceMean,
  reshape,
  sizeOf,
  squeeze,
  sub,
  toFloat,
  unsqueeze,
} from '../../operators/index.js';
import type { Arguments } from './arguments.js';
import { bellCurve, everyChannel, largestKernel } from './image-filters.js';
import { type OperationTable, operation } from './operation.js';
import { isChannelsFirst } from './windows.js';

/** How alike two images are, a number for each pair: Z. Wang et al., "Image quality assessment", 2004, by Keras's formula. */
function similarity(a: Arguments): Value {
  const size = a.number('filter_size', 11);
  if (!Number.isInteger(size) || size < 1 || size > largestKernel)
    return a.unsupported(`its filter_size is no whole number up to ${largestKernel}`);
  const curve = bellCurve(size, a.number('filter_sigma', 1.5));
  const kernel = curve.flatMap((down) => curve.map((across) => down * across));
  const [c1, c2] = [a.number('k1', 0.01), a.number('k2', 0.03)].map((k) => (k * a.number('max_val', 1)) ** 2);
  const given = [a.tensor('image1'), a.tensor('image2')] as const;
  const [x, y] = given.map((image) => {
    const batch = toFloat(image.rank === 3 ? unsqueeze(image, [0]) : image);
    if (batch.rank !== 4) return a.unsupported(`its images are of rank ${image.rank}`);
    return isChannelsFirst(a) ? batch : channelsFirst(batch);
  }) as [Value, Value];
  const mean = (image: Value) => everyChannel(image, [kernel], [size, size], false);
  const [meanX, meanY] = [mean(x), mean(y)];
  const [squareX, squareY, product] = [mul(meanX, meanX), mul(meanY, meanY), mul(meanX, meanY)];
  const [varianceX, varianceY] = [sub(mean(mul(x, x)), squareX), sub(mean(mul(y, y)), squareY)];
  const covariance = sub(mean(mul(x, y)), product);
  const numerator = mul(add(mul(product, 2), c1!), add(mul(covariance, 2), c2!));
  const denominator = mul(add(add(squareX, squareY), c1!), add(add(varianceX, varianceY), c2!));
  const ofChannels = reduceMean(div(numerator, denominator), [1, 2, 3]);
  const ofImages = reduceMean(reshape(ofChannels, [sizeOf(x, 0), sizeOf(x, 1)]), [1]);
  return cast(given[0].rank === 3 ? squeeze(ofImages, [0]) : ofImages, given[0].type);
}

/** https://keras.io/api/ops/image/ */
export const similarityOperations: OperationTable = {
  SSIM: operation('image1 image2 max_val filter_size filter_sigma k1 k2', similarity),
};
