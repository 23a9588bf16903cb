/** Bytes, read one after the other; numbers have their lowest byte first. */
export class ByteReader {
  position = 0;
  private readonly view: DataView;

  /** @param cutShort makes the error of reading past the end */
  constructor(
    readonly bytes: Uint8Array,
    private readonly cutShort: () => Error,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  private skip(count: number): number {
    const at = this.position;
    if (!(count >= 0 && count <= this.bytes.length - at)) throw this.cutShort();
    this.position += count;
    return at;
  }

  get isAtEnd(): boolean {
    return this.position === this.bytes.length;
  }

  byte = (): number => this.bytes[this.skip(1)]!;
  uint16 = (): number => this.view.getUint16(this.skip(2), true);
  int32 = (): number => this.view.getInt32(this.skip(4), true);
  uint32 = (): number => this.view.getUint32(this.skip(4), true);
  /** A length in eight bytes: one that is no safe number is past the end anyway. */
  uint64 = (): number => Number(this.view.getBigUint64(this.skip(8), true));
  float64 = (): number => this.view.getFloat64(this.skip(8), true);
  /** With its highest byte first. */
  bigEndianFloat64 = (): number => this.view.getFloat64(this.skip(8), false);

  /** So many bytes, not copied. */
  take(count: number): Uint8Array {
    const at = this.skip(count);
    return this.bytes.subarray(at, at + count);
  }
}
