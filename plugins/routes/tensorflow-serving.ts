import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import { lookUpErrors, protocolErrorReplies, runErrors } from '../../schemas/protocol-error.js';
import { referTo } from '../../schemas/reference.js';
import {
  TensorFlowServingMetadata,
  TensorFlowServingParams,
  TensorFlowServingReply,
  TensorFlowServingRequest,
  TensorFlowServingStatus,
} from '../../schemas/tensorflow-serving.js';
import { CatalogError, type ModelVersion } from '../../src/catalog/catalog.js';
import { versionOf } from '../../src/catalog/model-name.js';
import type { ServedModel } from '../../src/catalog/served-model.js';
import { metadataOf, statusOf } from '../../src/protocols/tensorflow-serving-status.js';
import { RequestError } from '../errors.js';
import { movable, sendPieces } from '../json-reply.js';
import { rawBodyOf, takeRawBodies } from '../raw-body.js';
import { runModel } from '../run-model.js';

/** The label that every model has: of the version that serves where none is named. */
const STABLE = 'stable';

interface Params {
  model: string;
  version?: string;
  label?: string;
}

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

/** TensorFlow Serving's REST API: `/v1/models/{model}[/versions/{version}|/labels/{label}]`. */
const tensorFlowServing: FastifyPluginAsyncTypebox = async (app) => {
  takeRawBodies(app);
  // What reads requests checks them.
  app.setValidatorCompiler(() => () => true);
  for (const schema of [TensorFlowServingStatus, TensorFlowServingMetadata]) app.addSchema(schema);
  for (const schema of [TensorFlowServingRequest, TensorFlowServingReply]) app.addSchema(schema);

  /** The versions that an address names. */
  const versionsOf = (params: Params): readonly ModelVersion[] => {
    const wanted = versionNumber(params);
    const entry = app.catalog.get(params.model);
    if (!entry) throw new RequestError('model_unknown', `Could not find any versions of model ${params.model}`);
    const stable = entry.versions.find(({ state }) => state === 'AVAILABLE');
    const versions = entry.versions.filter((one) =>
      params.label ? one === stable : wanted === undefined || one.version === wanted,
    );
    if (versions.length > 0) return versions;
    const missing = params.label ?? wanted;
    throw new RequestError('model_version_unknown', `Could not find version ${missing} of model ${params.model}`);
  };

  /** The model that an address names, with the number of its version. */
  const modelOf = (params: Params): { model: ServedModel; version: number } => {
    const wanted = versionNumber(params);
    try {
      return app.catalog.findVersion(params.model, wanted);
    } catch (error) {
      if (!(error instanceof CatalogError) || error.code === 'model_not_ready') throw error;
      const spec = wanted === undefined ? `Latest(${params.model})` : `Specific(${params.model}, ${wanted})`;
      throw new RequestError(error.code, `Servable not found for request: ${spec}`);
    }
  };

  async function predict(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { model } = modelOf(request.params as Params);
    const { inputs, outputs: infos } = model;
    const { pieces: body, size, buffers } = rawBodyOf(request);
    const parsed = { body, signature: { inputs, outputs: infos }, takesImages: model.image !== undefined };
    const { format, input } = await app.json.run(request, 'parsePredict', parsed, size, buffers);
    const given = movable(await runModel(app, request, model, input));
    const written = { outputs: given.tensors, infos, format };
    const pieces = await app.json.run(request, 'writePredict', written, given.size, given.transfer);
    return sendPieces(reply.type('application/json; charset=utf-8'), pieces);
  }

  for (const { path, suffix, params, which } of ways) {
    const address = `/v1/models/:model${noColon}${path}`;
    app.get(
      address,
      {
        schema: {
          operationId: `getTensorFlowServingStatus${suffix}`,
          tags,
          summary: `Status of ${suffix ? which : 'all versions'}`,
          description: 'What TensorFlow Serving’s model status API gives.',
          params,
          response: { 200: referTo(TensorFlowServingStatus), ...protocolErrorReplies(...lookUpErrors) },
        },
      },
      async (request) => statusOf(versionsOf(request.params as Params)),
    );

    app.get(
      `${address}/metadata`,
      {
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
        const { model, version } = modelOf(request.params as Params);
        return metadataOf((request.params as Params).model, version, model);
      },
    );

    app.post(
      `${address}::predict`,
      {
        schema: {
          operationId: `tensorFlowServingPredict${suffix}`,
          tags,
          summary: `Run ${which}`,
          description:
            'TensorFlow Serving’s predict API, in row format (`instances`) or column format (`inputs`). Errors have its words ' +
            'and statuses. `:classify` and `:regress` are refused, as TensorFlow Serving refuses them for Keras models.',
          params,
          body: referTo(TensorFlowServingRequest),
          response: { 200: referTo(TensorFlowServingReply), ...protocolErrorReplies(...runErrors) },
        },
      },
      async (request, reply) => predict(request, reply),
    );

    for (const [verb, noun] of Object.entries({ classify: 'classification', regress: 'regression' }))
      app.post(`${address}::${verb}`, { schema: { hide: true } satisfies FastifySchema }, async (request) => {
        modelOf(request.params as Params);
        const expected = `Expected ${noun} signature method_name to be tensorflow/serving/${verb}`;
        throw new RequestError('body_invalid', `${expected}. Was: tensorflow/serving/predict. Use :predict.`);
      });
  }
};

/** The number of the version that an address names, if it names one. */
function versionNumber({ model, version, label }: Params): number | undefined {
  if (label !== undefined && label !== STABLE)
    throw new RequestError('url_invalid', `Unrecognized servable version label: ${label}`);
  if (version === undefined) return undefined;
  const number = versionOf(version);
  if (number !== undefined) return number;
  throw new RequestError('url_invalid', `Failed to convert version: ${version} to numeric, for model ${model}.`);
}

export default tensorFlowServing;
