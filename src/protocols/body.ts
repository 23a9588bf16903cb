/** A body that isn't read yet: its bytes, in the chunks that they are held in. */
export class RawBody {
  constructor(
    readonly chunks: readonly Uint8Array<ArrayBuffer>[],
    readonly size: number,
    /** Whether it may be read once more: its memory stays here. */
    private readonly isKept = false,
  ) {}

  /** The memory of the chunks, to be moved to a thread; none of one that is kept, which gets a copy. */
  get buffers(): ArrayBuffer[] {
    return this.isKept ? [] : this.chunks.map(({ buffer }) => buffer);
  }

  /** The same body, which may be read any number of times. */
  get kept(): RawBody {
    return new RawBody(this.chunks, this.size, true);
  }

  /** The bytes in one piece. */
  get bytes(): Buffer {
    const [first] = this.chunks;
    return first && this.chunks.length === 1
      ? Buffer.from(first.buffer, first.byteOffset, first.length)
      : Buffer.concat(this.chunks);
  }
}
