import { ImageError } from './errors.js';

/** An encoding that can be decoded. */
export type ImageFormat = 'JPEG' | 'PNG' | 'WebP' | 'GIF' | 'TIFF' | 'AVIF';

/** How files of pictures are called that can be decoded. */
export const imageFileName = /\.(jpe?g|png|webp|gif|tiff?|avif)$/i;

/** The first bytes of a file, one character a byte; an ISO media file begins with its box of brands, of this size. */
const HEAD = 64;

const READABLE: Record<ImageFormat, RegExp> = {
  JPEG: /^\xff\xd8\xff/,
  PNG: /^\x89PNG\r\n.\n/s,
  WebP: /^RIFF.{4}WEBP/s,
  GIF: /^GIF8[79]a/,
  TIFF: /^(II[*+]|MM.[*+])/s,
  AVIF: /^.{4}ftyp(.{4})*?avi[fs]/s,
};

/** What people send by mistake: named in the refusal. */
const REFUSED: Record<string, RegExp> = {
  'a HEIC image': /^.{4}ftyp(hei|hev|mif1|msf1)/s,
  'a video': /^(.{4}ftyp|.E\xdf\xa3|RIFF.{4}AVI )/s,
  'an SVG drawing': /^(\xef\xbb\xbf)?\s*<(svg|\?xml|!DOCTYPE svg)/i,
  'an HTML page': /^(\xef\xbb\xbf)?\s*<(!DOCTYPE html|html)/i,
  'a PDF document': /^%PDF-/,
  'a BMP image': /^BM/,
  'a JPEG XL image': /^(\xff\n|.{4}JXL )/s,
  'a JPEG 2000 image': /^(\xffO\xffQ|.{4}jP {2})/s,
  'a Photoshop file': /^8BPS/,
  'a zip archive': /^PK/,
};

/**
 * Recognises an encoded image by its first bytes, whatever its name or content type says.
 *
 * @throws ImageError `image_empty`, or `image_invalid` when the bytes begin none of the formats.
 */
export function recogniseFormat(bytes: Uint8Array): ImageFormat {
  if (bytes.length === 0) {
    throw new ImageError('image_empty', 'The image is empty: send the bytes of an image file.');
  }
  const head = headOf(bytes);
  const format = find(READABLE, head);
  if (format) {
    return format as ImageFormat;
  }
  const refused = find(REFUSED, head) ?? 'not an image that this server knows';
  const formats = Object.keys(READABLE)
    .join(', ')
    .replace(/, (\w+)$/, ' or $1');
  throw new ImageError('image_invalid', `This is ${refused}: send a ${formats} image.`);
}

/** Whether bytes begin as one of the formats does. */
export const beginsImage = (bytes: Uint8Array): boolean => find(READABLE, headOf(bytes)) !== undefined;

const headOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEAD)).toString('latin1');

function find(signatures: Record<string, RegExp>, head: string): string | undefined {
  return Object.keys(signatures).find((name) => signatures[name]!.test(head));
}
