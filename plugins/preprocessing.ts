import fp from 'fastify-plugin';
import { ImageDecoder, type ImageLimits } from '../src/images/decoder.js';
import type { ImageOptions, ImageTensor } from '../src/images/options.js';

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Turns an encoded image (JPEG, PNG, WebP, GIF, TIFF or AVIF) into a uint8 tensor, a bounded number of images at
     * once. Rejects with an ImageError when the image is at fault.
     */
    preprocess(bytes: Uint8Array, options: ImageOptions): Promise<ImageTensor>;
  }
}

/** Decorates the instance with `preprocess`; closing the instance waits for the images that are being decoded. */
export default fp<Partial<ImageLimits>>(
  async (app, limits) => {
    const decoder = new ImageDecoder(limits);
    app.decorate('preprocess', (bytes, options) => decoder.decode(bytes, options));
    app.addHook('onClose', () => decoder.close());
  },
  { name: 'preprocessing' },
);
