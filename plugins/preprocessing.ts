import fp from 'fastify-plugin';
import { ImageDecoder, type ImageLimits } from '../src/images/decoder.js';
import type { ImageOptions, ImageTensor } from '../src/images/options.js';

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Turns an encoded image (JPEG, PNG, WebP, GIF, TIFF or AVIF) into a uint8 tensor, a bounded number of images at
     * once. Rejects with an ImageError when the image is at fault, with a DecodingError when too many wait or it waits too
     * long; the signal gives it up.
     */
    preprocess(bytes: Uint8Array, options: ImageOptions, patience?: { signal?: AbortSignal }): Promise<ImageTensor>;
  }
}

/** Decorates the instance with `preprocess`; closing the instance waits for the images that are being decoded. */
export default fp<Partial<ImageLimits>>(
  async (app, limits) => {
    const decoder = new ImageDecoder(limits);
    app.decorate('preprocess', (bytes, options, patience) => decoder.decode(bytes, options, patience));
    app.addHook('onClose', () => decoder.close());
  },
  { name: 'preprocessing' },
);
