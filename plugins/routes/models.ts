import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { errorReplies } from '../../schemas/error.js';
import {
  Anomaly,
  Assumption,
  ModelDetails,
  ModelParams,
  ModelSummary,
  Models,
  type ModelTensor,
  ModelVersion,
  ModelVersionParams,
  maxLabels,
  modelTensor,
} from '../../schemas/models.js';
import { referTo } from '../../schemas/reference.js';
import type { Catalog } from '../../src/catalog/catalog.js';
import {
  type CatalogModel,
  type CatalogVersion,
  servingVersion,
  shownStatus,
} from '../../src/catalog/model-versions.js';
import type { ServedModel } from '../../src/catalog/served-model.js';
import { exampleRequest } from '../../src/datapoints/example-request.js';
import type { InputKind, Assumption as WorkedOut } from '../../src/datapoints/kind.js';
import { type Claimed, inputKind, inputKinds, outputKind, outputKinds } from '../../src/datapoints/kinds.js';
import { nameOfLabel } from '../../src/datapoints/labels.js';
import { namedLabels } from '../../src/datapoints/named-labels.js';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import { knownQuery } from '../../src/http/known-names.js';
import { allInGroup } from '../../src/http/route-group.js';
import { openInference } from '../../src/protocols/open-inference/protocol.js';
import { tensorFlowServing } from '../../src/protocols/tensorflow-serving/protocol.js';
import type { TensorInfo } from '../../src/support/tensor.js';

/** Where a model is found, by what for: what comes before its name, and after its name and version. */
const addresses: Record<string, [before: string, after: string]> = {
  self: ['/models/', ''],
  predict: ['/models/', '/predict'],
  tensorflow_serving: [`${tensorFlowServing.prefix}/models/`, ''],
  open_inference_protocol: [`${openInference.prefix}/models/`, ''],
};

/** `GET /models`, `GET /models/{name}` and `GET /models/{name}/versions/{version}`: which models there are. */
const models: FastifyPluginAsyncTypebox = async (app) => {
  const parts = kerasServeOf(app);
  const prefixOf = (request: FastifyRequest) => parts.outerPath(request) + app.prefix;
  const tensor = modelTensor(namesOf(inputKinds), namesOf(outputKinds));
  for (const schema of [ModelVersion, ModelSummary, Models, Assumption, Anomaly, tensor, ModelDetails])
    app.addSchema(schema);
  allInGroup(app, 'models');
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
    async (request): Promise<Models> => ({
      models: parts.access.modelsFor(request).map((model) => summaryOf(parts.catalog, model)),
      success: true,
    }),
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
    async (request): Promise<ModelDetails> => detailsOf(parts.catalog, prefixOf(request), request.params.name),
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
    async (request): Promise<ModelDetails> => {
      const { name, version } = request.params;
      return detailsOf(parts.catalog, prefixOf(request), name, version);
    },
  );
};

const namesOf = (kinds: readonly { name: string }[]): string[] => kinds.map(({ name }) => name);

function versionOf(catalog: Catalog, name: string, known: CatalogVersion): ModelVersion {
  const { version } = known;
  const { state, error } = shownStatus(known);
  const workers = catalog.workersOf(name, version);
  return {
    version,
    state,
    ...(error && { error: { code: error.code, message: error.message } }),
    ...(workers && { workers: workers.map(({ id, host }) => ({ id, host })) }),
  };
}

const summaryOf = (catalog: Catalog, { name, versions }: CatalogModel): ModelSummary => ({
  name,
  default: name === catalog.defaultName,
  takes_images: servingVersion(versions)?.model?.image !== undefined,
  versions: versions.map((version) => versionOf(catalog, name, version)),
});

/** @throws CatalogError */
function detailsOf(catalog: Catalog, prefix: string, name: string, version?: number): ModelDetails {
  const shown = servingVersion(catalog.versionsOf(name, version));
  const entry = catalog.get(name)!;
  return {
    ...summaryOf(catalog, entry),
    ...(shown?.model && { version: shown.version, ...signatureOf(shown.model) }),
    routes: routesOf(prefix, entry.name, version),
    success: true,
  };
}

const isListed = (value: unknown): boolean => !Array.isArray(value) || value.length <= maxLabels;

const tensorsOf = (infos: readonly TensorInfo[], kinds: Record<string, Claimed>, kindOf: SpellingKind): ModelTensor[] =>
  infos.map(({ name, type, shape }) => {
    const { kind, spec } = kinds[name]!;
    const { spell, fields } = kindOf(kind);
    const card = Object.entries(spell?.(spec) ?? {}).filter(([, value]) => isListed(value));
    const columns = fields?.(spec);
    return {
      name,
      dtype: type,
      shape,
      kind,
      card: Object.fromEntries(card),
      ...(columns && isListed(columns) && { columns: [...columns] }),
    };
  });

type SpellingKind = (name: string) => Partial<Pick<InputKind<unknown>, 'spell' | 'fields'>>;

const assumptionOf = ({ key, value, basis, certainty }: WorkedOut): Assumption => ({
  key,
  ...(isListed(value) && { value }),
  basis,
  certainty,
});

function signatureOf(model: ServedModel): Partial<ModelDetails> {
  const { card, assumptions, anomalies, inputs, outputs, image, kinds } = model;
  const { description } = card;
  const example = exampleRequest({ inputs, outputs, kinds });
  const labels = namedLabels(model);
  return {
    ...(description !== undefined && { description }),
    takes_images: image !== undefined,
    inputs: tensorsOf(inputs, kinds.inputs, inputKind),
    outputs: tensorsOf(outputs, kinds.outputs, outputKind),
    assumptions: assumptions.map(assumptionOf),
    anomalies: [...anomalies],
    ...(example !== undefined && { example }),
    ...(image && { image: { height: image.size[0], width: image.size[1], channels: image.channels ?? 3 } }),
    ...(labels && { label_count: labels.length }),
    ...(labels && isListed(labels) && { labels: labels.map(nameOfLabel) }),
  };
}

function routesOf(prefix: string, name: string, version?: number): Record<string, string> {
  const segment = encodeURIComponent(name);
  const model = version === undefined ? segment : `${segment}/versions/${version}`;
  return Object.fromEntries(
    Object.entries(addresses).map(([use, [before, after]]) => [use, prefix + before + model + after]),
  );
}

export default fp(models, { name: 'models', dependencies: ['errors', 'model', 'keys'], encapsulate: true });
