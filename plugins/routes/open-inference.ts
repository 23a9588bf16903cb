import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import fp from 'fastify-plugin';
import { Compile } from 'typebox/compile';
import {
  MetadataTensor,
  ModelMetadata,
  ModelReady,
  RepositoryIndex,
  RepositoryIndexRequest,
  ServerLive,
  ServerMetadata,
  ServerReady,
} from '../../schemas/open-inference.js';
import { lookUpErrors, protocolErrorReplies } from '../../schemas/protocol-error.js';
import { referTo } from '../../schemas/reference.js';
import { shownStatus, type VersionState } from '../../src/catalog/model-versions.js';
import { rawBodyOf } from '../../src/http/bodies.js';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import { followProtocol } from '../../src/http/protocol-routes.js';
import { RequestError } from '../../src/http/request-error.js';
import { inGroup } from '../../src/http/route-group.js';
import type { EngineName } from '../../src/inference/engine.js';
import { parseJson } from '../../src/json/parse.js';
import { datatypeOf } from '../../src/protocols/datatypes.js';
import {
  findInferenceModel,
  type InferenceAddress,
  openInference,
} from '../../src/protocols/open-inference/protocol.js';
import { packageVersion } from '../../src/support/package.js';
import type { TensorInfo } from '../../src/support/tensor.js';
import inferRoutes from './infer.js';
import { tags, ways } from './open-inference-ways.js';

/** What there is beyond the protocol, by the names that Triton gave it. Of the model repository it is the index alone. */
const extensions = ['binary_tensor_data', 'classification', 'model_repository(index)'];

const states: Record<VersionState, RepositoryIndex[number]['state']> = {
  START: 'LOADING',
  LOADING: 'LOADING',
  AVAILABLE: 'READY',
  UNLOADING: 'UNLOADING',
  END: 'UNAVAILABLE',
};

/** What runs models, as Triton calls it. */
const platforms: Record<EngineName, string> = { onnx: 'onnxruntime_onnx', tensorflow: 'tensorflow_savedmodel' };

const isIndexRequest = Compile(RepositoryIndexRequest);

export interface OpenInferenceOptions {
  /** The largest body, in bytes. */
  maxJsonSize: number;
}

/** The Open Inference Protocol, version 2, as KServe and Triton have it: `/v2`. */
const openInferenceRoutes: FastifyPluginAsyncTypebox<OpenInferenceOptions> = async (app, { maxJsonSize }) => {
  const parts = kerasServeOf(app);
  followProtocol(app, openInference, maxJsonSize);
  for (const schema of [ServerMetadata, ServerLive, ServerReady, ModelReady, MetadataTensor, ModelMetadata])
    app.addSchema(schema);
  app.addSchema(RepositoryIndex);

  app.get(
    '/',
    {
      ...inGroup('models'),
      // Fastify would show the address with a slash in the documents.
      prefixTrailingSlash: 'no-slash',
      schema: {
        operationId: 'getServerMetadata',
        tags,
        summary: 'What server is this?',
        description: 'Its name, version and the extensions of the protocol that it knows.',
        response: { 200: referTo(ServerMetadata), ...protocolErrorReplies('method_not_allowed') },
      },
    },
    async (): Promise<ServerMetadata> => ({ name: 'keras-serve', version: packageVersion, extensions }),
  );

  app.get(
    '/health/live',
    {
      ...inGroup('health'),
      logLevel: 'warn',
      schema: {
        operationId: 'getServerLive',
        tags,
        summary: 'Is the server alive?',
        description: 'Answers as long as the process does.',
        response: { 200: referTo(ServerLive), ...protocolErrorReplies('method_not_allowed') },
      },
    },
    async () => ({ live: true as const }),
  );

  app.get(
    '/health/ready',
    {
      ...inGroup('health'),
      logLevel: 'warn',
      schema: {
        operationId: 'getServerReady',
        tags,
        summary: 'Can all models predict now?',
        description: 'Answers 200 while they can and the server isn’t about to close.',
        response: { 200: referTo(ServerReady), ...protocolErrorReplies('method_not_allowed', 'model_not_ready') },
      },
    },
    async () => {
      if (parts.closing.announced || !parts.catalog.ready) throw new RequestError('model_not_ready');
      return { ready: true as const };
    },
  );

  for (const { path, suffix, params, which } of ways) {
    app.get(
      `/models/:model${path}`,
      {
        ...inGroup('models'),
        schema: {
          operationId: `getModelMetadata${suffix}`,
          tags,
          summary: `What ${which} takes and gives`,
          description: 'The names, datatypes and shapes of its tensors; -1 is an axis of any size.',
          params,
          response: { 200: referTo(ModelMetadata), ...protocolErrorReplies(...lookUpErrors) },
        },
      },
      async (request): Promise<ModelMetadata> => {
        const { model } = findInferenceModel(parts.catalog, request.params as InferenceAddress);
        const { name, versions } = parts.catalog.get((request.params as InferenceAddress).model)!;
        return {
          name,
          versions: versions
            .filter((known) => shownStatus(known).state === 'AVAILABLE')
            .map(({ version }) => String(version)),
          platform: platforms[model.engine],
          inputs: model.inputs.map(metadataTensor),
          outputs: model.outputs.map(metadataTensor),
        };
      },
    );

    app.get(
      `/models/:model${path}/ready`,
      {
        ...inGroup('models'),
        logLevel: 'warn',
        schema: {
          operationId: `getModelReady${suffix}`,
          tags,
          summary: `Can ${which} predict now?`,
          description: 'Answers 200 while it can.',
          params,
          response: { 200: referTo(ModelReady), ...protocolErrorReplies(...lookUpErrors) },
        },
      },
      async (request) => {
        const { model } = findInferenceModel(parts.catalog, request.params as InferenceAddress);
        if (model.absence) throw model.absence;
        if (parts.closing.announced || !model.ready) throw new RequestError('model_not_ready');
        return { name: (request.params as InferenceAddress).model, ready: true as const };
      },
    );
  }

  await app.register(inferRoutes);

  app.post(
    '/repository/index',
    {
      ...inGroup('models'),
      schema: {
        operationId: 'getRepositoryIndex',
        tags,
        summary: 'List the models',
        description:
          'All models with their versions, those that could not be loaded too. The body may be `{"ready": true}`, which leaves ' +
          'out those that can’t take requests.',
        response: {
          200: referTo(RepositoryIndex),
          ...protocolErrorReplies(
            'body_invalid',
            'method_not_allowed',
            'request_timeout',
            'content_too_large',
            'content_encoding_unsupported',
          ),
        },
      },
    },
    async (request): Promise<RepositoryIndex> => {
      const body = rawBodyOf(request);
      const asked = body.size === 0 ? {} : parseJson(body.bytes);
      if (!isIndexRequest.Check(asked)) throw new RequestError('body_invalid', 'ready should be true or false.');
      return parts.access.modelsFor(request).flatMap(({ name, versions }) =>
        versions
          .map((known) => {
            const { state, error } = shownStatus(known);
            return { name, version: String(known.version), state: states[state], reason: error?.message ?? '' };
          })
          .filter(({ state }) => !asked.ready || state === 'READY'),
      );
    },
  );
};

const metadataTensor = ({ name, type, shape }: TensorInfo) => ({
  name,
  datatype: datatypeOf(type),
  shape: shape.map((size) => size ?? -1),
});

export default fp(openInferenceRoutes, {
  name: 'open-inference',
  dependencies: ['errors', 'model', 'open-replies', 'serving', 'closing', 'keys'],
  encapsulate: true,
});
