import type { Value } from '../graph.js';
import { add, conv, type Window } from '../operators/index.js';
import { inChannelsFirst, windowOf } from './convolution.js';
import { type CellMaker, lstmStep } from './recurrent-cell.js';
import { mergeTime, splitTime } from './time.js';

/** The kernel's axes in Keras, (…kernel, channels, filters), as ONNX has them: (filters, channels, …kernel). */
const kernelAxes = (rank: number) => [rank + 1, rank, ...Array.from({ length: rank }, (_, axis) => axis)];

/**
 * The cell of ConvLSTM1D, ConvLSTM2D and ConvLSTM3D: an LSTM whose products are convolutions. Strides, dilation and padding are
 * the input's; the state's convolution keeps its size.
 */
export const convolutionalLstm =
  (rank: number): CellMaker =>
  (call) => {
    const window = windowOf(call, rank);
    const recurrentWindow: Window = {
      kernel: window.kernel,
      strides: Array(rank).fill(1),
      dilations: Array(rank).fill(1),
      padding: 'same',
    };
    const channels = call.config.dataFormat === 'channels_first' ? 1 : -1;
    const convolve = (x: Value, kernel: string, bias: Value | undefined, how: Window) =>
      inChannelsFirst(x, call, (input) => conv(input, call.weight(kernel, kernelAxes(rank)), bias, how, 1));
    return {
      rank: rank + 3,
      project: (x) => splitTime(convolve(mergeTime(x), 'kernel', call.optionalWeight('bias'), window), x),
      shapes(projected) {
        const shape = projected.shape.slice(2);
        const axis = channels === 1 ? 0 : rank;
        shape[axis] = shape[axis]! / 4;
        return { output: shape, states: [shape, shape] };
      },
      step: (projected, [h, c]) =>
        lstmStep(call, add(projected, convolve(h!, 'recurrent_kernel', undefined, recurrentWindow)), c!, channels),
    };
  };
