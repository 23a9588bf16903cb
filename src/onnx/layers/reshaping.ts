import type { LayerHandler, LayerTable } from '../context.js';
import { channelsLast, elementCount, reshape, sizeOf, sizeProduct, sizesOf, transpose } from '../operators/index.js';

const flatten: LayerHandler = ([x], { config }) => {
  const ordered = config.dataFormat === 'channels_first' && x!.rank > 2 ? channelsLast(x!) : x!;
  const rest = elementCount(ordered.shape.slice(1));
  return reshape(ordered, [sizeOf(ordered, 0), rest ?? sizeProduct(sizesOf(ordered).slice(1))]);
};

/** https://keras.io/api/layers/reshaping_layers/ */
export const reshapingLayers: LayerTable = {
  Flatten: flatten,
  Reshape: ([x], { config }) => reshape(x!, [sizeOf(x!, 0), ...config.numbers('target_shape')]),
  Permute: ([x], { config }) => transpose(x!, [0, ...config.numbers('dims')]),
};
