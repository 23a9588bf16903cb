/** Tags of TIFF 6.0 by their numbers. */
const [compressionTag, photometricTag] = [259, 262];
const yCbCr = 6;
/** Compressions that are JPEG: libvips turns their colours into RGB, but not those of others. */
const jpeg = new Set([6, 7]);

/** Whether the first page of a TIFF file has the colours of television, YCbCr, which libvips would take for red, green and blue. */
export function isPlainYCbCr(bytes: Uint8Array): boolean {
  const tags = shortTags(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return tags.get(photometricTag) === yCbCr && !jpeg.has(tags.get(compressionTag) ?? 1);
}

/** The tags of the first page that hold one 16-bit number. */
function shortTags(file: Buffer): Map<number, number> {
  const tags = new Map<number, number>();
  const little = file[0] === 0x49;
  const short = (at: number) => (little ? file.readUInt16LE(at) : file.readUInt16BE(at));
  const long = (at: number) => (little ? file.readUInt32LE(at) : file.readUInt32BE(at));
  // BigTIFF has 64 bits where TIFF has 32; no file here is so large that the higher half would count.
  const isBig = short(2) === 43;
  const wide = (at: number) => (isBig && !little ? long(at + 4) : long(at));
  const [counterSize, entrySize, valueAt] = isBig ? [8, 20, 12] : [2, 12, 8];
  const start = wide(isBig ? 8 : 4);
  if (start + counterSize > file.length) return tags;
  const count = isBig ? wide(start) : short(start);
  for (let index = 0; index < count; index++) {
    const entry = start + counterSize + index * entrySize;
    if (entry + entrySize > file.length) break;
    tags.set(short(entry), short(entry + valueAt));
  }
  return tags;
}
