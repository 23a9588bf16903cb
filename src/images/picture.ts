/** What a picture's values are: 0 to 255, 0 to 65535, or any. */
export type PictureData = Uint8Array | Uint16Array | Float32Array;

/** A picture: its pixels row by row, the channels of each together: grey or a class, red, green and blue, and alpha. */
export interface Picture<Data extends PictureData> {
  height: number;
  width: number;
  channels: 1 | 3 | 4;
  /** height × width × channels values. */
  data: Data;
}

/** @throws RangeError when a picture hasn't as many values as it must have, or none */
export function checkPicture({ height, width, channels, data }: Picture<PictureData>): void {
  const isSize = [height, width].every((length) => Number.isInteger(length) && length > 0);
  if (!isSize || data.length !== height * width * channels)
    throw new RangeError(`A picture of ${height} × ${width} × ${channels} can't have ${data.length} values.`);
}
