import sharp from 'sharp';
import type { Tensor, TensorData } from '../../src/support/tensor.js';

/** Values of a picture, row by row. */
export interface Drawn {
  height: number;
  width: number;
  channels: number;
  data: readonly number[];
}

/** What is in a picture's file: as many bits as it has. */
export async function pixelsOf(file: Buffer | string): Promise<Drawn> {
  const image = sharp(typeof file === 'string' ? Buffer.from(file, 'base64') : file);
  const { channels, depth, height, width } = await image.metadata();
  const is16 = depth === 'ushort';
  const bytes = await image
    .toColourspace(channels === 1 ? (is16 ? 'grey16' : 'b-w') : 'srgb')
    .raw(is16 ? { depth: 'ushort' } : {})
    .toBuffer();
  return { height, width, channels, data: Array.from(is16 ? new Uint16Array(Uint8Array.from(bytes).buffer) : bytes) };
}

/** A picture as a PNG file. */
export const pngOf = ({ height, width, channels, data }: Drawn): Promise<Buffer> =>
  sharp(Uint8Array.from(data), { raw: { height, width, channels: channels as 1 | 3 } })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .png()
    .toBuffer();

/** A row of a tensor (batch, height, width, channels), or without channels. */
export function rowOf({ shape, data }: Tensor, index: number): Drawn {
  const [count, height, width, channels = 1] = shape as [number, number, number, number?];
  const size = data.length / count;
  const values = (data as Exclude<TensorData, BigInt64Array | BigUint64Array>).subarray(
    index * size,
    (index + 1) * size,
  );
  return { height, width, channels, data: Array.from(values, Number) };
}

/** The same picture with other values. */
export const mapped = (drawn: Drawn, change: (value: number) => number): Drawn => ({
  ...drawn,
  data: drawn.data.map(change),
});
