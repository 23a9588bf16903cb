import { type Tensor, type TensorData, type TensorType, tensorArrays } from '../tensor.js';
import type { PixelScaling } from './engine.js';

/** Scales pixels, (batch, height, width, channels) of any type, to numbers of a type, of the same shape or channels first. */
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
