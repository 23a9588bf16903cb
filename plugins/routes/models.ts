import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { errorReplies } from '../../schemas/error.js';
import {
  ModelDetails,
  ModelParams,
  ModelSummary,
  Models,
  ModelTensor,
  ModelVersion,
  ModelVersionParams,
  maxLabels,
} from '../../schemas/models.js';
import { imageExample } from '../../schemas/predict.js';
import { referTo } from '../../schemas/reference.js';
import type { CatalogModel, ModelVersion as Version } from '../../src/catalog/catalog.js';
import { exampleRequest } from '../../src/catalog/example-request.js';
import type { ServedModel } from '../../src/catalog/served-model.js';
import type { TensorInfo } from '../../src/tensor.js';
import { knownQuery } from '../known-names.js';

/** Where a model is found, by what for: what comes before its name, and after its name and version. */
const addresses: Record<string, [before: string, after: string]> = {
  self: ['/models/', ''],
  predict: ['/models/', '/predict'],
  tensorflow_serving: ['/v1/models/', ''],
  open_inference_protocol: ['/v2/models/', ''],
};

/** `GET /models`, `GET /models/{name}` and `GET /models/{name}/versions/{version}`: which models there are. */
const models: FastifyPluginAsyncTypebox = async (app) => {
  for (const schema of [ModelVersion, ModelSummary, Models, ModelTensor, ModelDetails]) app.addSchema(schema);
  app.addHook('onRequest', knownQuery());

  app.get(
    '/models',
    {
      schema: {
        operationId: 'listModels',
        tags: ['Models'],
        summary: 'Which models are there?',
        description: 'All models with their versions, those that could not be loaded too.',
        response: { 200: referTo(Models), ...errorReplies('query_invalid', 'method_not_allowed') },
      },
    },
    async (): Promise<Models> => ({ models: app.catalog.models.map((model) => summaryOf(app, model)), success: true }),
  );

  const lookUp = {
    tags: ['Models'],
    response: {
      200: referTo(ModelDetails),
      ...errorReplies('url_invalid', 'query_invalid', 'model_unknown', 'model_version_unknown', 'method_not_allowed'),
    },
  };

  app.get(
    '/models/:name',
    {
      schema: {
        ...lookUp,
        operationId: 'getModel',
        summary: 'What does a model take and give?',
        description: 'Inputs, outputs, labels and addresses of the newest version that can predict.',
        params: ModelParams,
      },
    },
    async ({ params: { name } }): Promise<ModelDetails> => detailsOf(app, name),
  );

  app.get(
    '/models/:name/versions/:version',
    {
      schema: {
        ...lookUp,
        operationId: 'getModelVersion',
        summary: 'What does a version of a model take and give?',
        description: 'The same as of the model, of one of its versions.',
        params: ModelVersionParams,
      },
    },
    async ({ params: { name, version } }): Promise<ModelDetails> => detailsOf(app, name, version),
  );
};

const isAvailable = ({ state }: Version): boolean => state === 'AVAILABLE';

const versionOf = ({ version, state, error }: Version): ModelVersion => ({
  version,
  state,
  ...(error && { error: { code: error.code, message: error.message } }),
});

const summaryOf = ({ catalog }: FastifyInstance, { name, versions }: CatalogModel): ModelSummary => ({
  name,
  default: name === catalog.defaultName,
  takes_images: versions.find(isAvailable)?.model?.image !== undefined,
  versions: versions.map(versionOf),
});

/** @throws CatalogError */
function detailsOf(app: FastifyInstance, name: string, version?: number): ModelDetails {
  const shown = app.catalog.versionsOf(name, version).find(isAvailable);
  const entry = app.catalog.get(name)!;
  return {
    ...summaryOf(app, entry),
    ...(shown?.model && { version: shown.version, ...signatureOf(shown.model) }),
    routes: routesOf(app, entry.name, version),
    success: true,
  };
}

const tensorOf = ({ name, type, shape }: TensorInfo): ModelTensor => ({ name, dtype: type, shape });

function signatureOf({ card, inputs, outputs, image }: ServedModel): Partial<ModelDetails> {
  const { description, labels } = card;
  const example = image ? imageExample : exampleRequest({ inputs, outputs });
  return {
    ...(description !== undefined && { description }),
    takes_images: image !== undefined,
    inputs: inputs.map(tensorOf),
    outputs: outputs.map(tensorOf),
    ...(example !== undefined && { example }),
    ...(image && { image: { height: image.size[0], width: image.size[1], channels: image.channels ?? 3 } }),
    ...(labels && { label_count: labels.length }),
    ...(labels &&
      labels.length <= maxLabels && { labels: labels.map((label) => (typeof label === 'string' ? label : label[1])) }),
  };
}

function routesOf({ prefix }: FastifyInstance, name: string, version?: number): Record<string, string> {
  const segment = encodeURIComponent(name);
  const model = version === undefined ? segment : `${segment}/versions/${version}`;
  return Object.fromEntries(
    Object.entries(addresses).map(([use, [before, after]]) => [use, prefix + before + model + after]),
  );
}

export default models;
