import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifySchema } from 'fastify';
import fp from 'fastify-plugin';
import { LaterHeaders } from '../../schemas/jobs.js';
import { lookUpErrors, protocolErrorReplies, runErrors } from '../../schemas/protocol-error.js';
import { referTo } from '../../schemas/reference.js';
import {
  TensorFlowServingMetadata,
  TensorFlowServingParams,
  TensorFlowServingReply,
  TensorFlowServingRequest,
  TensorFlowServingStatus,
} from '../../schemas/tensorflow-serving.js';
import { answer } from '../../src/http/answer.js';
import { rawBodyOf } from '../../src/http/bodies.js';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import { followProtocol } from '../../src/http/protocol-routes.js';
import { RequestError } from '../../src/http/request-error.js';
import { inGroup } from '../../src/http/route-group.js';
import {
  findServable,
  findVersions,
  type ServableAddress,
  tensorFlowServing,
} from '../../src/protocols/tensorflow-serving/protocol.js';
import { metadataOf, statusOf } from '../../src/protocols/tensorflow-serving/status.js';

/** What comes after a colon is the verb. */
const noColon = '([^/:]+)';

/** The ways to name a model: what follows its name, and what is added to the ids of the operations. */
const ways = [
  { path: '', suffix: '', params: TensorFlowServingParams.model, which: 'the newest version' },
  {
    path: `/versions/:version${noColon}`,
    suffix: 'Version',
    params: TensorFlowServingParams.version,
    which: 'a version',
  },
  {
    path: `/labels/:label${noColon}`,
    suffix: 'Label',
    params: TensorFlowServingParams.label,
    which: 'a labelled version',
  },
];

const tags = ['TensorFlow Serving'];

export interface TensorFlowServingOptions {
  /** The largest body, in bytes. */
  maxJsonSize: number;
}

/** TensorFlow Serving's REST API: `/v1/models/{model}[/versions/{version}|/labels/{label}]`. */
const tensorFlowServingRoutes: FastifyPluginAsyncTypebox<TensorFlowServingOptions> = async (app, { maxJsonSize }) => {
  const parts = kerasServeOf(app);
  followProtocol(app, tensorFlowServing, maxJsonSize);
  for (const schema of [TensorFlowServingStatus, TensorFlowServingMetadata]) app.addSchema(schema);
  for (const schema of [TensorFlowServingRequest, TensorFlowServingReply]) app.addSchema(schema);

  for (const { path, suffix, params, which } of ways) {
    const address = `/models/:model${noColon}${path}`;
    app.get(
      address,
      {
        ...inGroup('models'),
        schema: {
          operationId: `getTensorFlowServingStatus${suffix}`,
          tags,
          summary: `Status of ${suffix ? which : 'all versions'}`,
          description: 'What TensorFlow Serving’s model status API gives.',
          params,
          response: { 200: referTo(TensorFlowServingStatus), ...protocolErrorReplies(...lookUpErrors) },
        },
      },
      async (request) => statusOf(findVersions(parts.catalog, request.params as ServableAddress)),
    );

    app.get(
      `${address}/metadata`,
      {
        ...inGroup('models'),
        schema: {
          operationId: `getTensorFlowServingMetadata${suffix}`,
          tags,
          summary: `Signature of ${which}`,
          description: 'What TensorFlow Serving’s model metadata API gives.',
          params,
          response: { 200: referTo(TensorFlowServingMetadata), ...protocolErrorReplies(...lookUpErrors) },
        },
      },
      async (request) => {
        const { model, version } = findServable(parts.catalog, request.params as ServableAddress);
        return metadataOf((request.params as ServableAddress).model, version, model);
      },
    );

    app.post(
      `${address}::predict`,
      {
        ...inGroup('predict'),
        schema: {
          operationId: `tensorFlowServingPredict${suffix}`,
          tags,
          summary: `Run ${which}`,
          description:
            'TensorFlow Serving’s predict API, in row format (`instances`) or column format (`inputs`). Errors have its words ' +
            'and statuses. `:classify` and `:regress` are refused, as TensorFlow Serving refuses them for Keras models.',
          params,
          headers: LaterHeaders,
          body: referTo(TensorFlowServingRequest),
          response: { 200: referTo(TensorFlowServingReply), ...protocolErrorReplies(...runErrors) },
        },
      },
      async (request, reply) => {
        const lease = tensorFlowServing.lease(parts.serving, request.params as ServableAddress);
        return answer(tensorFlowServing, parts, lease, { body: rawBodyOf(request) }, reply);
      },
    );

    for (const [verb, noun] of Object.entries({ classify: 'classification', regress: 'regression' }))
      app.post(
        `${address}::${verb}`,
        { ...inGroup('predict'), schema: { hide: true } satisfies FastifySchema },
        async (request) => {
          findServable(parts.catalog, request.params as ServableAddress);
          const expected = `Expected ${noun} signature method_name to be tensorflow/serving/${verb}`;
          throw new RequestError('body_invalid', `${expected}. Was: tensorflow/serving/predict. Use :predict.`);
        },
      );
  }
};

export default fp(tensorFlowServingRoutes, {
  name: 'tensorflow-serving',
  dependencies: ['errors', 'model', 'open-replies', 'serving'],
  encapsulate: true,
});
