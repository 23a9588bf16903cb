import multipart from '@fastify/multipart';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { PredictQuery } from '../../schemas/predict.js';
import type { ModelLease } from '../../src/catalog/catalog.js';
import { describeInputs } from '../../src/datapoints/describe-inputs.js';
import { bodyMedia, isImage } from '../../src/datapoints/kinds.js';
import { answer } from '../../src/http/answer.js';
import { takeBodies } from '../../src/http/bodies.js';
import { formOptions, readForm } from '../../src/http/form.js';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import { knownQuery } from '../../src/http/known-names.js';
import { leaseModel } from '../../src/http/lease-model.js';
import type { UsageConfig } from '../../src/http/method-not-allowed.js';
import { RequestError } from '../../src/http/request-error.js';
import { allInGroup } from '../../src/http/route-group.js';
import { addVary } from '../../src/http/vary.js';
import { RawBody } from '../../src/protocols/body.js';
import { csvTooLarge, csvType } from '../../src/protocols/predict/csv.js';
import { imageTooLarge, type PredictAddress, predictProtocol } from '../../src/protocols/predict/protocol.js';
import { untold } from '../../src/protocols/predict/untold-body.js';
import { KnownError } from '../../src/support/errors.js';

export interface PredictOptions {
  /** The largest image file, in bytes. */
  maxImageSize: number;
  /** The largest body of JSON, in bytes. */
  maxJsonSize: number;
}

/** `POST /predict` for the default model, and the same for each model and version: images or JSON in, predictions out. */
const predict: FastifyPluginAsync<PredictOptions> = async (app, { maxImageSize, maxJsonSize }) => {
  const parts = kerasServeOf(app);
  const protocol = predictProtocol(maxImageSize);
  allInGroup(app, 'predict');
  app.removeAllContentTypeParsers();
  await app.register(multipart, formOptions);
  // Base64 turns three bytes into four characters, and may come with line breaks.
  const limit = Math.max(maxJsonSize, Math.ceil(maxImageSize * 1.4) + 1024);
  takeBodies(app, [
    { contentType: ['application/json', ...untold], limit },
    { contentType: csvType, limit: maxJsonSize, tooLarge: csvTooLarge },
    ...bodyMedia.map((media) => ({
      contentType: new RegExp(`^${media.replace('*', '')}`),
      ...(media.startsWith('image/') ? { limit: maxImageSize, tooLarge: imageTooLarge } : { limit: maxJsonSize }),
    })),
  ]);

  app.addHook('onRequest', knownQuery(...Object.keys(PredictQuery.properties), 'webhook'));
  app.addHook('onRequest', ({ raw, headers }, reply, done) => {
    // RFC 9110, section 8.3: what says no type may be taken for this one.
    raw.headers['content-type'] ||= 'application/octet-stream';
    const [, charset] = /^text\/[^;]*;.*charset="?([^";\s]+)/i.exec(headers['content-type'] ?? '') ?? [];
    if (charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset))
      throw new RequestError(
        'content_type_unsupported',
        `Texts are read as UTF-8, and this one says that it is ${charset.slice(0, 40)}.`,
      );
    addVary(reply, 'Accept');
    done();
  });
  const leaseOf = leaseModel(app, (request) => protocol.lease(parts.serving, request.params as PredictAddress));

  const options = {
    config: {
      usage: (address: PredictAddress, request) => {
        const { name = parts.catalog.defaultName } = address;
        return parts.access.mayUse(request, name) ? usageOf(() => protocol.lease(parts.serving, address)) : 'Use POST.';
      },
    } as UsageConfig,
    // The document has an operation for each model, made from what the model takes and gives.
    schema: { hide: true, querystring: PredictQuery },
  };
  for (const url of ['/predict', '/models/:name/predict', '/models/:name/versions/:version/predict'])
    app.post<{ Querystring: PredictQuery }>(url, options, async (request, reply) => {
      const { top_k: topK, output, size } = request.query;
      const { accept } = request.headers;
      const message = { mediaType: request.mediaType ?? '', body: bodyOf(request), topK, accept, output, size };
      return answer(protocol, parts, leaseOf(request), message, reply);
    });

  const bodyOf = (request: FastifyRequest) =>
    request.body instanceof RawBody ? request.body : { parts: (most: number) => readForm(request, most, limit) };
};

/** How a model is asked. */
function usageOf(lease: () => ModelLease): string {
  try {
    const { model, release } = lease();
    release();
    return isImage(model.kinds)
      ? 'Use POST, with JSON or an image: curl -X POST -F image=@dog.jpg followed by this address.'
      : `Use POST. ${describeInputs(model)}`;
  } catch (error) {
    // What is wrong with the address is said once the method is right.
    if (!(error instanceof KnownError)) throw error;
    return 'Use POST.';
  }
}

export default fp(predict, {
  name: 'predict',
  dependencies: ['errors', 'model', 'open-replies', 'serving', 'keys'],
  encapsulate: true,
});
