import fp from 'fastify-plugin';
import { kerasServeOf } from '../src/http/keras-serve.js';
import { ImageDecoder, type ImageLimits } from '../src/images/decoder.js';

/** Adds `preprocess` to the instance's `kerasServe`; closing the instance waits for the images that are being decoded. */
export default fp<Partial<ImageLimits>>(
  async (app, limits) => {
    const decoder = new ImageDecoder(limits);
    kerasServeOf(app).preprocess = (bytes, options, wait) => decoder.decode(bytes, options, wait);
    app.addHook('onClose', () => decoder.close());
  },
  { name: 'preprocessing' },
);
