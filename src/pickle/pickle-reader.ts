import { ByteReader } from '../support/byte-reader.js';
import { PickleError } from './error.js';

/** The bytes of a pickle. Reading past the end throws a PickleError. */
export class PickleReader extends ByteReader {
  constructor(bytes: Uint8Array) {
    super(bytes, () => new PickleError('pickle_damaged', 'ends in the middle of a pickle'));
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
