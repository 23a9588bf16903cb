import { type Tensor, type TensorData, type TensorType, tensorArrays } from '../tensor.js';
import { loadStoredModel } from '../tensorflow/load.js';
import { runTensors } from '../tensorflow/runnable.js';
import { loadTensorFlow, nativeAdvice } from '../tensorflow/runtime.js';
import type { Engine, PixelScaling, Session } from './engine.js';

/** Scales pixels, (batch, height, width, channels) of uint8, to numbers of a type, of the same shape or channels first. */
export function scalePixels(
  pixels: Tensor,
  { mean, std, reverseChannels, channelsFirst }: PixelScaling,
  type: TensorType,
): Tensor {
  const [batch, height, width, channels] = pixels.shape as [number, number, number, number];
  const area = height * width;
  const scaled = new Float32Array(pixels.data.length);
  for (let channel = 0; channel < channels; channel++) {
    const factor = Math.fround(1 / std[channel]!);
    const offset = Math.fround(-mean[channel]! / std[channel]!);
    const from = reverseChannels ? channels - 1 - channel : channel;
    for (let image = 0; image < batch; image++) {
      const start = image * area * channels;
      const first = channelsFirst ? start + channel * area : start + channel;
      const step = channelsFirst ? 1 : channels;
      for (let position = 0; position < area; position++)
        scaled[first + position * step] = Number(pixels.data[start + position * channels + from]) * factor + offset;
    }
  }
  const shape = channelsFirst ? [batch, channels, height, width] : pixels.shape;
  if (type === 'float32') return { type, shape, data: scaled };
  const data: TensorData = new tensorArrays[type](scaled.length);
  const isBig = data instanceof BigInt64Array || data instanceof BigUint64Array;
  scaled.forEach((value, index) => {
    data[index] = isBig ? BigInt(Math.trunc(value)) : value;
  });
  return { type, shape, data };
}

/** TensorFlow: its native library where that is installed, else TensorFlow.js on WebAssembly. */
export const tensorflowEngine: Engine = {
  async load({ path, threads, pixelScaling }): Promise<Session> {
    const tensorflow = await loadTensorFlow(threads);
    const model = await loadStoredModel(tensorflow, path);
    const { inputs, outputs } = model.signature;
    return {
      inputs,
      outputs,
      notice: tensorflow.node
        ? { message: `engine: TensorFlow's native library, ${tensorflow.name}` }
        : {
            message: `engine: TensorFlow.js on ${tensorflow.name}, since TensorFlow's native library, several times as fast, is not installed`,
            advice: nativeAdvice(),
          },
      async run(tensors, image) {
        if (!image) return runTensors(tensorflow, model, model.signature, tensors);
        if (!pixelScaling) throw new TypeError('the model takes no images');
        const { name, type } = inputs[0]!;
        const scaled = scalePixels(tensors[name]!, pixelScaling, type);
        return runTensors(tensorflow, model, model.signature, { [name]: scaled });
      },
      async close() {
        model.dispose();
      },
    };
  },
};
