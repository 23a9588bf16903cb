/**
 * What of a datatype message of HDF5 follows its class, for floats of IEEE 754 by their bytes: where the sign is, the size, then
 * where the number begins and its bits; where exponent and mantissa are and how many bits they have; the exponent's bias. See
 * "Datatype Message" in the HDF5 File Format Specification.
 */
const floats: readonly [size: number, head: string, rest: string][] = [
  [2, '0f00020000000000 1000', '0a05000a 0f000000'],
  [4, '1f00040000000000 2000', '17080017 7f000000'],
  [8, '3f00080000000000 4000', '340b0034 ff030000'],
];
const bytesOf = (hex: string): Buffer => Buffer.from(hex.replace(' ', ''), 'hex');
const patterns = floats.map(([size, head, rest]) => ({ size, head: bytesOf(head), rest: bytesOf(rest) }));

/** Headers of objects have at most some of these bytes; longer reads are of numbers. */
const mostHeader = 2 ** 20;

/**
 * The sizes of floats in what HDF5 reads whose bits mean something else than IEEE 754's, as those of bfloat16 do. HDF5 hands out their
 * bytes, and h5wasm doesn't say what they mean.
 */
export class OddFloats {
  readonly sizes = new Set<number>();

  /** Looks at what HDF5 has read: a datatype message is always in one piece. */
  see(bytes: Uint8Array): void {
    if (bytes.length > mostHeader) return;
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (const { size, head, rest } of patterns) {
      for (let at = buffer.indexOf(head); at >= 0; at = buffer.indexOf(head, at + 1)) {
        const found = buffer.subarray(at + head.length, at + head.length + rest.length);
        if (found.length === rest.length && !found.equals(rest)) this.sizes.add(size);
      }
    }
  }
}
