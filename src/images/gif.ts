/** Red, green and blue, from 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** The first picture of a GIF file: where it lies on the canvas, and colours that libvips doesn't tell. */
export interface GifFrame {
  left: number;
  top: number;
  width: number;
  height: number;
  /** What the palette has for transparent pixels, which libvips makes black. */
  transparent: Rgb | undefined;
  /** The palette's first colour, in which PIL leaves what the picture doesn't cover where nothing is transparent. */
  ground: Rgb;
}

const [imageSeparator, extension, graphicControl] = [0x2c, 0x21, 0xf9];
/** Bytes of what comes before the palette: of the file, and of a picture. */
const [headerSize, descriptorSize] = [13, 10];

/** Finds the first picture of a GIF file (GIF89a, sections 17 to 23). Undefined where there is none. */
export function firstGifFrame(bytes: Uint8Array): GifFrame | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < headerSize) return undefined;
  let palette = paletteAt(bytes, headerSize, bytes[10]!);
  let position = headerSize + palette.length;
  let transparent: number | undefined;
  for (;;) {
    const kind = bytes[position];
    if (kind === imageSeparator && position + descriptorSize <= bytes.length) {
      const local = paletteAt(bytes, position + descriptorSize, bytes[position + 9]!);
      if (local.length > 0) palette = local;
      const [left, top, width, height] = [1, 3, 5, 7].map((at) => view.getUint16(position + at, true));
      return {
        left: left!,
        top: top!,
        width: width!,
        height: height!,
        transparent: transparent === undefined ? undefined : colourAt(palette, transparent),
        ground: colourAt(palette, 0),
      };
    }
    if (kind !== extension) return undefined;
    if (bytes[position + 1] === graphicControl && bytes[position + 3]! & 1) transparent = bytes[position + 6];
    position = endOfBlocks(bytes, position + 2);
  }
}

/** A palette of the size that flags tell, empty where they tell of none. */
function paletteAt(bytes: Uint8Array, position: number, flags: number): Uint8Array {
  return bytes.subarray(position, position + (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0));
}

/** A colour of a palette; greys behind its end, as in PIL. */
function colourAt(palette: Uint8Array, index: number): Rgb {
  const [red = index, green = index, blue = index] = palette.subarray(3 * index, 3 * index + 3);
  return [red, green, blue];
}

/** The position behind blocks that each begin with their size, up to an empty one. */
function endOfBlocks(bytes: Uint8Array, position: number): number {
  while (bytes[position]) position += bytes[position]! + 1;
  return position + 1;
}
