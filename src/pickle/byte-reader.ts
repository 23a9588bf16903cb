import { PickleError } from './error.js';

/** Bytes, read one after the other. Reading past the end throws a PickleError. */
export class ByteReader {
  position = 0;
  private readonly view: DataView;

  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  private skip(count: number): number {
    const at = this.position;
    if (count > this.bytes.length - at) throw new PickleError('pickle_damaged', 'ends in the middle of a pickle');
    this.position += count;
    return at;
  }

  byte = (): number => this.bytes[this.skip(1)]!;
  uint16 = (): number => this.view.getUint16(this.skip(2), true);
  int32 = (): number => this.view.getInt32(this.skip(4), true);
  uint32 = (): number => this.view.getUint32(this.skip(4), true);
  /** A length in eight bytes: one that is no safe number is past the end anyway. */
  uint64 = (): number => Number(this.view.getBigUint64(this.skip(8), true));
  float64 = (): number => this.view.getFloat64(this.skip(8), false);

  /** So many bytes, not copied. */
  take(count: number): Uint8Array {
    const at = this.skip(count);
    return this.bytes.subarray(at, at + count);
  }

  /** The bytes up to the end of the line, which is left out. */
  line(): Uint8Array {
    const end = this.bytes.indexOf(0x0a, this.position);
    if (end < 0) throw new PickleError('pickle_damaged', 'ends in the middle of a line');
    const line = this.bytes.subarray(this.position, end);
    this.position = end + 1;
    return line;
  }
}
