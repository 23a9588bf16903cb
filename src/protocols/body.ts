/** A body that isn't read yet: its bytes, in the chunks that they are held in. */
export class RawBody {
  constructor(
    readonly chunks: readonly Uint8Array<ArrayBuffer>[],
    readonly size: number,
  ) {}

  /** The memory of the chunks, to be moved to a thread. */
  get buffers(): ArrayBuffer[] {
    return this.chunks.map(({ buffer }) => buffer);
  }

  /** The bytes in one piece. */
  get bytes(): Buffer {
    const [first] = this.chunks;
    return first && this.chunks.length === 1
      ? Buffer.from(first.buffer, first.byteOffset, first.length)
      : Buffer.concat(this.chunks);
  }
}
