import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import {
  InferenceHeaders,
  InferenceRequest,
  InferenceResponse,
  MetadataTensor,
  ModelMetadata,
  ModelReady,
  OpenInferenceParams,
  RepositoryIndex,
  RepositoryIndexRequest,
  RequestInput,
  RequestOutput,
  ResponseOutput,
  ServerLive,
  ServerMetadata,
  ServerReady,
} from '../../schemas/open-inference.js';
import { protocolErrorReplies } from '../../schemas/protocol-error.js';
import { referTo } from '../../schemas/reference.js';
import type { VersionState } from '../../src/catalog/catalog.js';
import type { ServedModel } from '../../src/catalog/served-model.js';
import { parseJson } from '../../src/json/parse.js';
import { packageVersion } from '../../src/package.js';
import { datatypeOf } from '../../src/protocols/datatypes.js';
import type { TensorInfo } from '../../src/tensor.js';
import { RequestError } from '../errors.js';
import { movable, sendPieces } from '../json-reply.js';
import { rawBodyOf, takeRawBodies } from '../raw-body.js';
import { runModel } from '../run-model.js';

interface Params {
  model: string;
  version?: string;
}

/** What there is beyond the protocol, by the names that Triton gave it. Of the model repository it is the index alone. */
const extensions = ['binary_tensor_data', 'classification', 'model_repository(index)'];

const states: Record<VersionState, RepositoryIndex[number]['state']> = {
  START: 'LOADING',
  LOADING: 'LOADING',
  AVAILABLE: 'READY',
  UNLOADING: 'UNLOADING',
  END: 'UNAVAILABLE',
};

/** The ways to name a model: what follows its name, and what is added to the ids of the operations. */
const ways = [
  { path: '', suffix: '', params: OpenInferenceParams.model, which: 'the newest version of a model' },
  { path: '/versions/:version', suffix: 'Version', params: OpenInferenceParams.version, which: 'a version of a model' },
];

const tags = ['Open Inference Protocol'];
const lookUpErrors = ['url_invalid', 'model_unknown', 'method_not_allowed', 'model_not_ready'] as const;
const inferErrors = [
  ...lookUpErrors,
  'body_invalid',
  'request_timeout',
  'content_too_large',
  'content_type_unsupported',
  'internal_error',
  'queue_full',
  'deadline_exceeded',
] as const;

const isIndexRequest = Compile(RepositoryIndexRequest);

/** The Open Inference Protocol, version 2, as KServe and Triton have it: `/v2`. */
const openInference: FastifyPluginAsyncTypebox = async (app) => {
  takeRawBodies(app);
  app.setValidatorCompiler(() => () => true);
  for (const schema of [ServerMetadata, ServerLive, ServerReady, ModelReady, MetadataTensor, ModelMetadata])
    app.addSchema(schema);
  for (const schema of [RequestInput, RequestOutput, InferenceRequest, ResponseOutput, InferenceResponse])
    app.addSchema(schema);
  app.addSchema(RepositoryIndex);
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });

  /** The model that an address names, with the number of its version. */
  const modelOf = ({ model: name, version }: Params): { model: ServedModel; version: string } => {
    if (version !== undefined && !/^\d{1,15}$/.test(version))
      throw new RequestError('model_version_unknown', `A version is a number, not ${JSON.stringify(version)}.`);
    const model = app.catalog.find(name, version === undefined ? undefined : Number(version));
    const versions = app.catalog.models.find((entry) => entry.name === name)!.versions;
    return { model, version: String(versions.find((one) => one.model === model)!.version) };
  };

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
        description: 'Answers 200 while they can and the server isn’t closing.',
        response: { 200: referTo(ServerReady), ...protocolErrorReplies('method_not_allowed', 'model_not_ready') },
      },
    },
    async () => {
      if (closing || !app.catalog.ready) throw new RequestError('model_not_ready');
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
        const { model: name } = request.params as Params;
        const { model } = modelOf(request.params as Params);
        const { versions } = app.catalog.models.find((entry) => entry.name === name)!;
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
        const { model } = modelOf(request.params as Params);
        if (closing || !model.ready) throw new RequestError('model_not_ready');
        return { name: (request.params as Params).model, ready: true as const };
      },
    );

    app.post(
      `/v2/models/:model${path}/infer`,
      {
        schema: {
          operationId: `infer${suffix}`,
          tags,
          summary: `Run ${which}`,
          description:
            'Tensors in, tensors out. Their elements are in the JSON, or follow it as bytes (the binary tensor data extension); ' +
            'so are those of the reply. A model that takes images also takes image files, as BYTES.',
          params,
          headers: InferenceHeaders,
          body: {
            content: {
              'application/json': { schema: referTo(InferenceRequest) },
              'application/octet-stream': { schema: binaryBody },
            },
          },
          response: {
            200: {
              description: 'What the model gave.',
              content: {
                'application/json': { schema: referTo(InferenceResponse) },
                'application/octet-stream': { schema: binaryBody },
              },
            },
            ...protocolErrorReplies(...inferErrors),
          },
        },
      },
      async (request, reply) => infer(request, reply),
    );
  }

  async function infer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const params = request.params as Params;
    const { model, version } = modelOf(params);
    const jsonLength = request.headers['inference-header-content-length'] as string | undefined;
    const { pieces: body, size, buffers } = rawBodyOf(request);
    const signature = { inputs: model.inputs, outputs: model.outputs };
    const parsed = { body, jsonLength, signature, takesImages: model.image !== undefined };
    // What follows the JSON takes no time to read.
    const jsonSize = Number(jsonLength ?? size) || 0;
    const { id, input, outputs } = await app.json.run('parseInference', parsed, jsonSize, buffers);
    const given = movable(await runModel(app, request, model, input));
    const { json, binary } = await app.json.run(
      'writeInference',
      {
        modelName: params.model,
        modelVersion: version,
        id,
        tensors: given.tensors,
        outputs,
        classes: { output: model.outputs[0]!.name, labels: model.card.labels ?? [] },
      },
      outputs.every(({ binary }) => binary) ? 0 : given.size,
      given.transfer,
    );
    if (binary.length === 0) return sendPieces(reply.type('application/json; charset=utf-8'), json);
    const length = json.reduce((sum, piece) => sum + piece.length, 0);
    reply.type('application/octet-stream').header('inference-header-content-length', length);
    return sendPieces(reply, [...json, ...binary]);
  }

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
            'content_type_unsupported',
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

const binaryBody = {
  type: 'string',
  format: 'binary',
  description: 'The JSON, as many bytes as the header `Inference-Header-Content-Length` says, then the tensors.',
};

const metadataTensor = ({ name, type, shape }: TensorInfo) => ({
  name,
  datatype: datatypeOf(type),
  shape: shape.map((size) => size ?? -1),
});

export default openInference;
