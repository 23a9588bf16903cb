import { DamagedError } from './error.js';

/** Bytes, read one after the other. Reading past the end throws a FunctionError. */
export class ByteReader {
  position = 0;
  private readonly view: DataView;

  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  private skip(count: number): number {
    const at = this.position;
    if (!(count >= 0 && count <= this.bytes.length - at)) throw new DamagedError();
    this.position += count;
    return at;
  }

  get isAtEnd(): boolean {
    return this.position === this.bytes.length;
  }

  byte = (): number => this.bytes[this.skip(1)]!;
  uint16 = (): number => this.view.getUint16(this.skip(2), true);
  int32 = (): number => this.view.getInt32(this.skip(4), true);
  float64 = (): number => this.view.getFloat64(this.skip(8), true);

  /** So many bytes, not copied. */
  take(count: number): Uint8Array {
    const at = this.skip(count);
    return this.bytes.subarray(at, at + count);
  }
}
