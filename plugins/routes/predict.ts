import multipart from '@fastify/multipart';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { PredictQuery } from '../../schemas/predict.js';
import { CatalogError } from '../../src/catalog/catalog.js';
import { classifies } from '../../src/catalog/labels.js';
import { versionOf } from '../../src/catalog/model-name.js';
import type { PredictionsToWrite } from '../../src/catalog/reply-text.js';
import { noImages, type RequestInput, takes } from '../../src/catalog/request-input.js';
import type { ServedModel } from '../../src/catalog/served-model.js';
import { formatBytes } from '../../src/config.js';
import { RequestError } from '../errors.js';
import { JsonBody } from '../json.js';
import { movable, sendPieces } from '../json-reply.js';
import { runModel } from '../run-model.js';
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
}

/** How many labels a reply has when the client doesn't say. */
const defaultTopK = 5;

interface Address {
  name?: string;
  version?: string;
}

/** `POST /predict` for the default model, and the same for each model and version: images or JSON in, predictions out. */
const predict: FastifyPluginAsync<PredictOptions> = async (app, { maxImageSize }) => {
  app.removeAllContentTypeParsers();
  await app.register(multipart, {
    limits: { ...formLimits, fileSize: maxImageSize },
    isPartAFile: (_field, type = '', file) => file !== undefined || /^(image\/|application\/octet-stream)/.test(type),
  });
  app.addContentTypeParser(/^image\//, { parseAs: 'buffer', bodyLimit: maxImageSize }, (_request, body, done) => {
    done(null, body);
  });
  // Base64 turns three bytes into four characters, and may come with line breaks.
  app.json.takeBodies(app, { atLeast: Math.ceil(maxImageSize * 1.4) + 1024 });

  app.decorateRequest('servedModel');
  app.addHook('onRequest', async (request) => {
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
      const read = await app.json.run('readInput', input, body.size, body.buffers, request.signal);
      request.timings.decode = performance.now() - started;
      if ('images' in read && read.images.some(({ length }) => length > maxImageSize)) throw imageTooLarge();
      return read;
    }
    if (!model.image && body === undefined && !request.isMultipart())
      throw new RequestError('body_invalid', `The request is empty. ${takes(model)}`);
    if (!model.image) throw new RequestError('model_takes_no_images', noImages(model));
    if (request.isMultipart()) return { images: [await imageOfForm(request)], single: true };
    if (Buffer.isBuffer(body)) return { images: [body], single: true };
    throw new RequestError('image_missing', 'The request is empty. Send a form: curl -F image=@dog.jpg');
  }

  const imageTooLarge = () =>
    new RequestError(
      'content_too_large',
      `The image is larger than ${formatBytes(maxImageSize)}, the most that this server takes.`,
    );

  async function send(reply: FastifyReply, predictions: PredictionsToWrite): Promise<FastifyReply> {
    const { tensors, size, transfer } = movable(predictions.outputs);
    const pieces = await app.json.run('writePredictions', { ...predictions, outputs: tensors }, size, transfer);
    return sendPieces(reply.type('application/json; charset=utf-8'), pieces);
  }
};

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
