import multipart from '@fastify/multipart';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { errorReplies } from '../../schemas/error.js';
import { type ImageJson, Prediction, Predictions, PredictQuery, predictBody } from '../../schemas/predict.js';
import { referTo } from '../../schemas/reference.js';
import { RequestError } from '../errors.js';
import { bytesOfBase64, formLimits, imageOfForm } from '../upload.js';
import { validatorCompiler } from '../validation.js';

export interface PredictOptions {
  /** The largest image file, in bytes. */
  maxImageSize: number;
}

/** How many labels a reply has when the client doesn't say. */
const defaultTopK = 5;

/** `POST /predict`: an image in, its labels out. */
const predict: FastifyPluginAsyncTypebox<PredictOptions> = async (app, { maxImageSize }) => {
  app.removeAllContentTypeParsers();
  await app.register(multipart, {
    limits: { ...formLimits, fileSize: maxImageSize },
    isPartAFile: (_field, type = '', file) => file !== undefined || /^(image\/|application\/octet-stream)/.test(type),
  });
  app.addContentTypeParser(/^image\//, { parseAs: 'buffer', bodyLimit: maxImageSize }, (_request, body, done) => {
    done(null, body);
  });
  // Base64 turns three bytes into four characters, and may come with line breaks.
  const json = { parseAs: 'string', bodyLimit: Math.ceil(maxImageSize * 1.4) + 1024 } as const;
  app.addContentTypeParser('application/json', json, app.getDefaultJsonParser('error', 'error'));
  app.addSchema(Prediction);
  app.addSchema(Predictions);

  app.post(
    '/predict',
    {
      validatorCompiler,
      config: { usage: 'Send an image with POST: curl -X POST -F image=@dog.jpg followed by this address' },
      schema: {
        operationId: 'predict',
        tags: ['Predict'],
        summary: 'Classify an image',
        description:
          'Takes one image, as the field `image` of a form, as the body itself, or as base64 in JSON, and replies with the ' +
          'labels that the model finds likeliest. JPEG, PNG, WebP, GIF (its first frame), TIFF and AVIF are understood.',
        querystring: PredictQuery,
        body: predictBody,
        response: {
          200: referTo(Predictions),
          ...errorReplies(
            'image_missing',
            'image_empty',
            'image_invalid',
            'image_truncated',
            'image_timeout',
            'base64_invalid',
            'form_invalid',
            'form_too_large',
            'json_invalid',
            'body_invalid',
            'query_invalid',
            'model_takes_no_images',
            'method_not_allowed',
            'request_timeout',
            'content_too_large',
            'image_too_many_pixels',
            'content_type_unsupported',
            'internal_error',
            'queue_full',
            'inference_process_died',
            'server_closing',
            'deadline_exceeded',
          ),
        },
      },
    },
    async (request) => {
      const { model } = app;
      if (!model.image) throw new RequestError('model_takes_no_images');
      const { top_k: topK = Math.min(defaultTopK, model.classes) } = request.query;
      if (topK > model.classes)
        throw new RequestError('query_invalid', `"top_k" must be <= ${model.classes}, the number of classes.`);
      const bytes = await readImage(request);
      const started = performance.now();
      const pixels = await app.preprocess(bytes, model.image);
      request.timings.decode = performance.now() - started;
      const { predictions, timings } = await model.classify(pixels.data, { topK, signal: request.signal });
      Object.assign(request.timings, timings);
      return { predictions, success: true as const };
    },
  );
};

function readImage(request: FastifyRequest): Promise<Buffer> | Buffer {
  if (request.isMultipart()) return imageOfForm(request);
  if (request.body === undefined)
    throw new RequestError('image_missing', 'The request is empty. Send a form: curl -F image=@dog.jpg');
  return Buffer.isBuffer(request.body) ? request.body : bytesOfBase64((request.body as ImageJson).image);
}

export default predict;
