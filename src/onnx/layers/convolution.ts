import { activation } from '../activations.js';
import type { LayerCall, LayerHandler, LayerTable } from '../context.js';
import type { Value } from '../graph.js';
import { channelsFirst, channelsLast, conv, pad, toFloat, type Window } from '../operators/index.js';

/** The kernel's axes in Keras, (…kernel, channels, filters), as ONNX has them: (filters, channels, …kernel). */
const kernelAxes = (rank: number) => [rank + 1, rank, ...Array.from({ length: rank }, (_, axis) => axis)];

/** Runs `body` on the channels-first form of a layer's input, and gives its result the layer's own form. */
export function inChannelsFirst(x: Value, call: LayerCall, body: (x: Value) => Value): Value {
  if (call.config.dataFormat === 'channels_first') return body(x);
  return channelsLast(body(channelsFirst(x)));
}

/** The window of a layer's settings. `causal` has been padded for by {@link padCausal} and is valid here. */
export function windowOf({ config }: LayerCall, rank: number): Window {
  return {
    kernel: config.numbers('kernel_size', rank),
    strides: config.numbers('strides', rank, Array(rank).fill(1)),
    dilations: config.numbers('dilation_rate', rank, Array(rank).fill(1)),
    padding: config.choice('padding', ['valid', 'same', 'causal'], 'valid') === 'same' ? 'same' : 'valid',
  };
}

/** `padding="causal"`: what the window spans is padded before the first step. */
function padCausal(x: Value, { config }: LayerCall, { kernel, dilations }: Window): Value {
  if (config.string('padding', 'valid') !== 'causal') return x;
  return pad(x, [
    [0, 0],
    [0, 0],
    [(kernel[0]! - 1) * dilations[0]!, 0],
  ]);
}

/** Conv1D, Conv2D, Conv3D. https://keras.io/api/layers/convolution_layers/ */
const convolution =
  (rank: number): LayerHandler =>
  ([x], call) => {
    const window = windowOf(call, rank);
    const kernel = call.weight('kernel', kernelAxes(rank));
    const groups = call.config.number('groups', 1);
    const convolved = inChannelsFirst(toFloat(x!), call, (input) =>
      conv(padCausal(input, call, window), kernel, call.optionalWeight('bias'), window, groups),
    );
    return activation(call)(convolved);
  };

/** Layers that move a kernel over their input. */
export const convolutionLayers: LayerTable = {
  Conv1D: convolution(1),
  Conv2D: convolution(2),
  Conv3D: convolution(3),
};
