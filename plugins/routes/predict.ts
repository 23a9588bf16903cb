import multipart from '@fastify/multipart';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { PredictQuery } from '../../schemas/predict.js';
import { CatalogError } from '../../src/catalog/catalog.js';
import { classifies } from '../../src/catalog/labels.js';
import { versionOf } from '../../src/catalog/model-name.js';
import type { PredictionsToWrite } from '../../src/catalog/reply-text.js';
import { noImages, type RequestInput } from '../../src/catalog/request-input.js';
import type { ServedModel } from '../../src/catalog/served-model.js';
import { formatBytes } from '../../src/config.js';
import { RequestError } from '../errors.js';
import { JsonBody } from '../json.js';
import { movable, sendPieces } from '../json-reply.js';
import { knownQuery } from '../known-names.js';
import { runModel } from '../run-model.js';
import { bytesOf, readUntold, untold } from '../untold-body.js';
import { formLimits, imageOfForm } from '../upload.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The model that its address names. It stays loaded until the request is answered. */
    servedModel: ServedModel;
  }
}

export interface PredictOptions {
  /** The largest image file, in bytes. */
  maxImageSize: number;
  /** The largest body of JSON, in bytes. */
  maxJsonSize: number;
}

/** How many labels a reply has when the client doesn't say. */
const defaultTopK = 5;

interface Address {
  name?: string;
  version?: string;
}

/** `POST /predict` for the default model, and the same for each model and version: images or JSON in, predictions out. */
const predict: FastifyPluginAsync<PredictOptions> = async (app, { maxImageSize, maxJsonSize }) => {
  app.removeAllContentTypeParsers();
  await app.register(multipart, {
    limits: { ...formLimits, fileSize: maxImageSize },
    isPartAFile: (_field, type = '', file) => file !== undefined || /^(image\/|application\/octet-stream)/.test(type),
  });
  // Base64 turns three bytes into four characters, and may come with line breaks.
  const limit = Math.max(maxJsonSize, Math.ceil(maxImageSize * 1.4) + 1024);
  app.json.takeBodies(app, [
    { contentType: 'application/json', limit },
    { contentType: untold, limit, read: readUntold },
    { contentType: /^image\//, limit: maxImageSize, tooLarge: imageTooLarge, read: bytesOf },
  ]);

  app.addHook('onRequest', knownQuery(...Object.keys(PredictQuery.properties)));
  app.decorateRequest('servedModel');
  app.addHook('onRequest', async (request) => {
    // RFC 9110, section 8.3: what says no type may be taken for this one.
    request.raw.headers['content-type'] ||= 'application/octet-stream';
    const { name, version } = request.params as Address;
    request.servedModel = app.catalog.find(name, version === undefined ? undefined : versionNumber(version));
  });

  const options = {
    config: { usage: 'Use POST, with JSON or an image: curl -X POST -F image=@dog.jpg followed by this address' },
    // The document has an operation for each model, made from what the model takes and gives.
    schema: { hide: true, querystring: PredictQuery },
  };
  for (const url of ['/predict', '/models/:name/predict', '/models/:name/versions/:version/predict'])
    app.post<{ Querystring: PredictQuery }>(url, options, async (request, reply) => {
      const model = request.servedModel;
      const topK = topKOf(request.query, model);
      const input = await readRequest(request, model);
      const outputs = await runModel(app, request, model, input);
      const labels = model.card.labels ?? [];
      const asLabels = 'images' in input || (model.card.labels && classifies(model));
      return send(reply, {
        outputs,
        infos: model.outputs,
        classes: asLabels ? { labels, topK } : undefined,
        single: 'images' in input && input.single,
      });
    });

  /** @throws RequestError, and whatever reading a form or JSON throws */
  async function readRequest(request: FastifyRequest, model: ServedModel): Promise<RequestInput> {
    const { body } = request;
    if (body instanceof JsonBody) {
      const started = performance.now();
      const input = { body: body.pieces, signature: signatureOf(model), takesImages: model.image !== undefined };
      const read = await app.json.run(request, 'readInput', input, body.size, body.buffers);
      request.timings.decode = performance.now() - started;
      if ('images' in read) checkSizes(read.images);
      return read;
    }
    if (!model.image) throw new RequestError('model_takes_no_images', noImages(model));
    const image = body instanceof Buffer ? body : await imageOfForm(request, maxImageSize);
    checkSizes([image]);
    return { images: [image], single: true };
  }

  function checkSizes(images: readonly Uint8Array[]): void {
    if (images.some(({ length }) => length > maxImageSize))
      throw new RequestError('content_too_large', imageTooLarge(maxImageSize));
  }

  async function send(reply: FastifyReply, predictions: PredictionsToWrite): Promise<FastifyReply> {
    const { tensors, size, transfer } = movable(predictions.outputs);
    const pieces = await app.json.run(
      reply.request,
      'writePredictions',
      { ...predictions, outputs: tensors },
      size,
      transfer,
    );
    return sendPieces(reply.type('application/json; charset=utf-8'), pieces);
  }
};

const imageTooLarge = (limit: number): string =>
  `The image is larger than ${formatBytes(limit)}, the most that this server takes.`;

const signatureOf = ({ inputs, outputs }: ServedModel) => ({ inputs, outputs });

function versionNumber(text: string): number {
  const version = versionOf(text);
  if (version !== undefined) return version;
  throw new CatalogError('model_version_unknown', 'A version is a whole number.');
}

function topKOf({ top_k: topK }: PredictQuery, model: ServedModel): number {
  if (topK === undefined) return Math.min(defaultTopK, model.classes);
  if (!model.image && !(model.card.labels && classifies(model)))
    throw new RequestError('query_invalid', '"top_k" is for models that have labels, and this one has none.');
  if (topK > model.classes)
    throw new RequestError('query_invalid', `"top_k" must be <= ${model.classes}, the number of classes.`);
  return topK;
}

export default predict;
