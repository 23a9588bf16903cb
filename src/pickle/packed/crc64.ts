/** The polynomial of ECMA-182, its bits turned round: the high half and the low one. */
const [high, low] = [0xc96c_5795, 0xd787_0f42];

/** What each byte does to a checksum: pairs of halves. */
const table = Uint32Array.from({ length: 512 }, (_, index) => {
  let [above, below] = [0, index >>> 1];
  for (let bit = 0; bit < 8; bit++) {
    const isOdd = below & 1;
    below = (below >>> 1) | (above << 31);
    above >>>= 1;
    if (isOdd) [above, below] = [above ^ high, below ^ low];
  }
  return index % 2 === 0 ? above : below;
});

/** CRC-64 as xz has it, its eight bytes, the lowest first. */
export function crc64(bytes: Uint8Array): Uint8Array {
  let [above, below] = [-1, -1];
  for (const byte of bytes) {
    const place = ((below ^ byte) & 0xff) * 2;
    below = ((below >>> 8) | (above << 24)) ^ table[place + 1]!;
    above = (above >>> 8) ^ table[place]!;
  }
  const sum = Buffer.alloc(8);
  sum.writeUInt32LE(~below >>> 0, 0);
  sum.writeUInt32LE(~above >>> 0, 4);
  return sum;
}
