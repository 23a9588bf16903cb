import type { LayerCall, LayerHandler, LayerTable } from '../context.js';
import { pool, reduceMax, reduceMean, toFloat, type Window } from '../operators/index.js';
import { inChannelsFirst } from './convolution.js';

function poolWindow({ config }: LayerCall, rank: number): Window {
  const kernel = config.numbers('pool_size', rank, Array(rank).fill(2));
  return {
    kernel,
    strides: config.numbers('strides', rank, kernel),
    dilations: Array(rank).fill(1),
    padding: config.choice('padding', ['valid', 'same'], 'valid'),
  };
}

const pooling =
  (opType: 'MaxPool' | 'AveragePool', rank: number): LayerHandler =>
  ([x], call) =>
    inChannelsFirst(toFloat(x!), call, (input) => pool(opType, input, poolWindow(call, rank)));

const globalPooling =
  (reduce: typeof reduceMean): LayerHandler =>
  ([input], call) => {
    const x = toFloat(input!);
    const first = call.config.dataFormat === 'channels_first' ? 2 : 1;
    const axes = Array.from({ length: x.rank - 2 }, (_, index) => first + index);
    return reduce(x, axes, call.config.boolean('keepdims', false));
  };

/** https://keras.io/api/layers/pooling_layers/ */
export const poolingLayers: LayerTable = {
  MaxPooling1D: pooling('MaxPool', 1),
  MaxPooling2D: pooling('MaxPool', 2),
  MaxPooling3D: pooling('MaxPool', 3),
  AveragePooling1D: pooling('AveragePool', 1),
  AveragePooling2D: pooling('AveragePool', 2),
  AveragePooling3D: pooling('AveragePool', 3),
  GlobalMaxPooling1D: globalPooling(reduceMax),
  GlobalMaxPooling2D: globalPooling(reduceMax),
  GlobalMaxPooling3D: globalPooling(reduceMax),
  GlobalAveragePooling1D: globalPooling(reduceMean),
  GlobalAveragePooling2D: globalPooling(reduceMean),
  GlobalAveragePooling3D: globalPooling(reduceMean),
};
