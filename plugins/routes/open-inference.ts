import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
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
import type { VersionState } from '../../src/catalog/catalog.js';
import { parseJson } from '../../src/json/parse.js';
import { packageVersion } from '../../src/package.js';
import { datatypeOf } from '../../src/protocols/datatypes.js';
import type { TensorInfo } from '../../src/tensor.js';
import { RequestError } from '../errors.js';
import { rawBodyOf, takeRawBodies } from '../raw-body.js';
import inferRoutes from './infer.js';
import { findModel, type NamedVersion, tags, ways } from './open-inference-models.js';

/** What there is beyond the protocol, by the names that Triton gave it. Of the model repository it is the index alone. */
const extensions = ['binary_tensor_data', 'classification', 'model_repository(index)'];

const states: Record<VersionState, RepositoryIndex[number]['state']> = {
  START: 'LOADING',
  LOADING: 'LOADING',
  AVAILABLE: 'READY',
  UNLOADING: 'UNLOADING',
  END: 'UNAVAILABLE',
};

const isIndexRequest = Compile(RepositoryIndexRequest);

/** The Open Inference Protocol, version 2, as KServe and Triton have it: `/v2`. */
const openInference: FastifyPluginAsyncTypebox = async (app) => {
  takeRawBodies(app);
  // What reads addresses and bodies checks them.
  app.setValidatorCompiler(() => () => true);
  for (const schema of [ServerMetadata, ServerLive, ServerReady, ModelReady, MetadataTensor, ModelMetadata])
    app.addSchema(schema);
  app.addSchema(RepositoryIndex);

  app.get(
    '/v2',
    {
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
    '/v2/health/live',
    {
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
    '/v2/health/ready',
    {
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
      if (app.closing.announced || !app.catalog.ready) throw new RequestError('model_not_ready');
      return { ready: true as const };
    },
  );

  for (const { path, suffix, params, which } of ways) {
    app.get(
      `/v2/models/:model${path}`,
      {
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
        const { model } = findModel(app.catalog, request.params as NamedVersion);
        const { name, versions } = app.catalog.get((request.params as NamedVersion).model)!;
        return {
          name,
          versions: versions.filter(({ state }) => state === 'AVAILABLE').map(({ version }) => String(version)),
          platform: 'onnxruntime_onnx',
          inputs: model.inputs.map(metadataTensor),
          outputs: model.outputs.map(metadataTensor),
        };
      },
    );

    app.get(
      `/v2/models/:model${path}/ready`,
      {
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
        const { model } = findModel(app.catalog, request.params as NamedVersion);
        if (app.closing.announced || !model.ready) throw new RequestError('model_not_ready');
        return { name: (request.params as NamedVersion).model, ready: true as const };
      },
    );
  }

  await app.register(inferRoutes);

  app.post(
    '/v2/repository/index',
    {
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
      const { pieces, size } = rawBodyOf(request);
      const asked = size === 0 ? {} : parseJson(Buffer.concat(pieces));
      if (!isIndexRequest.Check(asked)) throw new RequestError('body_invalid', 'ready should be true or false.');
      return app.catalog.models.flatMap(({ name, versions }) =>
        versions
          .map(({ version, state, error }) => ({
            name,
            version: String(version),
            state: states[state],
            reason: error?.message ?? '',
          }))
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

export default openInference;
