import type { FastifyInstance, FastifyRequest } from 'fastify';
import { greyDepthNotice } from '../src/catalog/grey-depth.js';
import type { ServedModel } from '../src/catalog/served-model.js';
import type { Pixels } from '../src/images/options.js';
import { InferenceError } from '../src/inference/errors.js';
import type { ModelInput } from '../src/protocols/model-input.js';
import type { Tensors } from '../src/tensor.js';
import { RequestError } from './errors.js';
import { replyTo } from './open-replies.js';

/** The most bytes that the decoded images of one request may have. */
const maxPixelBytes = 64 * 2 ** 20;

/** What a model gives for a request: a tensor for every output, by name. The times go into the request's timings. */
export async function runModel(
  app: FastifyInstance,
  request: FastifyRequest,
  model: ServedModel,
  input: ModelInput,
): Promise<Tensors> {
  const { signal } = replyTo(request);
  const leave = model.enter();
  try {
    const { outputs, timings } =
      'tensors' in input
        ? await model.predict(input.tensors, { signal }).catch(refuse)
        : await model.predictImages(await pixelsOf(app, request, model, input.images), { signal });
    Object.assign(request.timings, timings);
    return outputs;
  } finally {
    leave();
  }
}

/** The pixels of image files, one image after the other. */
async function pixelsOf(
  app: FastifyInstance,
  request: FastifyRequest,
  model: ServedModel,
  images: Uint8Array[],
): Promise<Pixels> {
  const { size, channels = 3 } = model.image!;
  const each = size[0] * size[1] * channels;
  checkCount(images.length, each);
  const reply = replyTo(request);
  const started = performance.now();
  const decode = async (image: Uint8Array) =>
    (await app.preprocess(image, model.image!, { signal: reply.signal })).data;
  let pixels: Pixels;
  if (images.length === 1) pixels = await decode(images[0]!);
  else {
    app.json.held.lease(reply).hold(each * images.length, maxPixelBytes);
    pixels = new Uint8Array(each * images.length);
    // One after the other: a request with many images holds up those with one no longer than they do each other.
    for (const [index, image] of images.entries()) {
      const decoded = await decode(image);
      if (decoded instanceof Float32Array && pixels instanceof Uint8Array) {
        checkCount(images.length, each * decoded.BYTES_PER_ELEMENT);
        pixels = Float32Array.from(pixels);
      }
      pixels.set(decoded, index * each);
    }
  }
  if (pixels instanceof Float32Array) warnOfDepth(app, model);
  request.timings.decode = (request.timings.decode ?? 0) + performance.now() - started;
  return pixels;
}

/** Refuses images that would take too much memory once they are decoded, each so many bytes. */
function checkCount(images: number, each: number): void {
  if (each * images <= maxPixelBytes) return;
  const most = Math.floor(maxPixelBytes / each);
  throw new RequestError(
    'content_too_large',
    `There are ${images} images. The most that one request can have is ${most}.`,
  );
}

/** Models of whose scaling the log has spoken. */
const warned = new WeakSet<ServedModel>();

function warnOfDepth(app: FastifyInstance, model: ServedModel): void {
  const notice = warned.has(model) ? undefined : greyDepthNotice(model);
  warned.add(model);
  if (notice) app.log.warn({ model: model.name }, notice);
}

/** What a model or its engine has against tensors that JSON could be read as, such as an index that is out of bounds. */
function refuse(error: unknown): never {
  if (!(error instanceof InferenceError)) throw error;
  if (error.code === 'inputs_invalid') throw new RequestError('instances_invalid', error.message);
  if (error.code !== 'engine_failed') throw error;
  const [, reason] = /Status Message: (.{1,300})/s.exec(error.message) ?? [];
  throw reason
    ? new RequestError('instances_refused', `The model can’t be run on these instances: ${reason}`)
    : new RequestError('instances_refused');
}
