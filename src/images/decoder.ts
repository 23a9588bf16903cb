import sharp from 'sharp';
import { availableCores } from '../support/cores.js';
import { decodeImage, type ImageBounds } from './decode.js';
import type { ImageOptions, ImageTensor } from './options.js';
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

/** Decodes images on the threads of libuv, a bounded number at once. */
export class ImageDecoder {
  readonly limits: Readonly<ImageLimits>;
  readonly #slots: Slots;

  constructor(limits: Partial<ImageLimits> = {}) {
    this.limits = { ...DEFAULT_IMAGE_LIMITS, ...limits };
    const { concurrency, maxWaiting, deadline } = this.limits;
    this.#slots = new Slots({ count: concurrency, maxWaiting, deadline });
  }

  /** {@link decodeImage} within the limits. @throws ImageError, DecodingError */
  decode(bytes: Uint8Array, options: ImageOptions, wait?: WaitOptions): Promise<ImageTensor> {
    return this.#slots.run(() => decodeImage(bytes, options, this.limits), wait);
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
  // No image comes twice, and several images at once use the cores better than several threads an image.
  sharp.cache(false);
  sharp.concurrency(1);
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({
    operation: ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Tiff', 'Heif'].map((name) => `VipsForeignLoad${name}`),
  });
}
