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
    return this.#find(bytes, options)?.wait(signal, copyOf) ?? this.#begin(bytes, options).wait(signal);
  }

  /** The work on the same image, for the same model: its options are one object. */
  #find(bytes: Uint8Array, options: ImageOptions): SharedWork<ImageTensor> | undefined {
    for (const { bytes: others, options: theirs, work } of this.#decodings)
      if (theirs === options && !work.isGivenUp && others.length === bytes.length && !Buffer.compare(others, bytes))
        return work;
    return undefined;
  }

  #begin(bytes: Uint8Array, options: ImageOptions): SharedWork<ImageTensor> {
    const work = new SharedWork((signal) =>
      this.#slots
        .run(() => decodeImage(bytes, options, this.limits), { signal })
        .finally(() => this.#decodings.delete(decoding)),
    );
    const decoding = { bytes, options, work };
    this.#decodings.add(decoding);
    return work;
  }

  /** Takes no more images and resolves when the last one is decoded. */
  close(): Promise<void> {
    return this.#slots.close();
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
