import { hash } from 'node:crypto';
import sharp from 'sharp';
import { availableCores } from '../support/cores.js';
import { decodeImage, type ImageBounds } from './decode.js';
import type { ImageOptions, ImageTensor } from './options.js';
import { SharedWork } from './shared-work.js';
import { Slots, type WaitOptions } from './slots.js';

/** What decoding may cost. */
export interface ImageLimits extends ImageBounds {
  /** Images decoded at once; the others wait their turn. */
  concurrency: number;
  /** Images that wait; one more is refused. */
  maxWaiting: number;
  /** Milliseconds that an image may wait. */
  deadline: number;
}

/** 50 million pixels are the largest photos that phones take. */
export const DEFAULT_IMAGE_LIMITS: Readonly<ImageLimits> = {
  maxPixels: 50_000_000,
  timeoutSeconds: 10,
  concurrency: availableCores(),
  maxWaiting: 128,
  deadline: 30_000,
};

/** An image that is being decoded, or waits for that. */
interface Decoding {
  bytes: Uint8Array;
  options: ImageOptions;
  work: SharedWork<ImageTensor>;
  /** Of the bytes, once another has come that is as long: to compare with many, byte by byte, would hold up the server. */
  digest?: string | undefined;
}

const copyOf = (tensor: ImageTensor) => ({ ...tensor, data: tensor.data.slice() }) as ImageTensor;

/** Decodes images on the threads of libuv, a bounded number at once, and those that are asked for twice meanwhile once. */
export class ImageDecoder {
  readonly limits: Readonly<ImageLimits>;
  readonly #slots: Slots;
  readonly #decodings = new Set<Decoding>();

  constructor(limits: Partial<ImageLimits> = {}) {
    this.limits = { ...DEFAULT_IMAGE_LIMITS, ...limits };
    const { concurrency, maxWaiting, deadline } = this.limits;
    this.#slots = new Slots({ count: concurrency, maxWaiting, deadline });
  }

  /**
   * {@link decodeImage} within the limits.
   * @returns a tensor with memory of its own
   * @throws ImageError, DecodingError
   */
  decode(bytes: Uint8Array, options: ImageOptions, { signal }: WaitOptions = {}): Promise<ImageTensor> {
    // The same for the same model, whose options are one object.
    const alike = [...this.#decodings].filter(
      (one) => one.options === options && one.bytes.length === bytes.length && !one.work.isGivenUp,
    );
    const digest = alike.length > 0 ? hash('sha256', bytes) : undefined;
    for (const one of alike) one.digest ??= hash('sha256', one.bytes);
    const same = alike.find((one) => one.digest === digest);
    if (same) return same.work.wait(signal, copyOf);
    return this.#begin(bytes, options, digest).wait(signal);
  }

  #begin(bytes: Uint8Array, options: ImageOptions, digest: string | undefined): SharedWork<ImageTensor> {
    const work = new SharedWork((signal) =>
      this.#slots
        .run(() => decodeImage(bytes, options, this.limits), { signal })
        .finally(() => this.#decodings.delete(decoding)),
    );
    const decoding: Decoding = { bytes, options, work, digest };
    this.#decodings.add(decoding);
    return work;
  }

  /** Takes no more images and resolves when the last one is decoded. */
  async close(): Promise<void> {
    const all = Array.from(this.#decodings, ({ work }) => work.ended);
    await Promise.all([this.#slots.close(), ...all]);
  }
}

/**
 * Sets libvips up for nothing but {@link decodeImage}: no other loaders than it needs, no cache, one thread an image. It holds
 * for the whole process, so only a process of ours may call it.
 */
export function setUpLibvips(): void {
  // What comes twice at once is decoded once all the same, and several images at once use the cores better than several threads an image.
  sharp.cache(false);
  sharp.concurrency(1);
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({
    operation: ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Tiff', 'Heif'].map((name) => `VipsForeignLoad${name}`),
  });
}
