import { type TSchema, Type } from 'typebox';
import { type ErrorCode, type ErrorExample, errorReplies } from '../schemas/error.js';
import {
  ImageForm,
  ImageInstance,
  ImageJson,
  imageExample,
  LabelPrediction,
  Prediction,
  Predictions,
  PredictQuery,
} from '../schemas/predict.js';
import { referTo } from '../schemas/reference.js';
import type { Catalog } from '../src/catalog/catalog.js';
import { classifies } from '../src/catalog/labels.js';
import { mostNamed, takes } from '../src/catalog/request-input.js';
import type { ServedModel } from '../src/catalog/served-model.js';
import { modelSchemas } from '../src/catalog/signature-schema.js';

/** What the models add to the OpenAPI document. */
export interface ModelOperations {
  /** `POST /predict`, of the default model. */
  first: Record<string, object>;
  /** `POST /models/…/predict`, of each model and version. */
  others: Record<string, object>;
  tags: { name: string; description: string }[];
  schemas: Record<string, object>;
  /** Of failures, by code. */
  examples: Record<string, ErrorExample>;
}

const errors: ErrorCode[] = [
  'json_invalid',
  'body_invalid',
  'instances_invalid',
  'instances_refused',
  'query_invalid',
  'method_not_allowed',
  'request_timeout',
  'content_too_large',
  'json_too_complex',
  'content_type_unsupported',
  'content_encoding_unsupported',
  'internal_error',
  'model_not_ready',
  'queue_full',
  'inference_process_died',
  'server_closing',
  'deadline_exceeded',
];
/** Of models that take images, and of those that don't. */
const imageErrors: ErrorCode[] = [
  'image_missing',
  'image_empty',
  'image_invalid',
  'image_truncated',
  'image_timeout',
  'base64_invalid',
  'form_invalid',
  'form_too_large',
  'image_too_many_pixels',
];
const otherErrors: ErrorCode[] = ['model_takes_no_images'];
const addressErrors: ErrorCode[] = ['model_unknown', 'model_version_unknown', 'url_invalid'];

/** `keras-mnist.v2` as the name of a type: `KerasMnistV2`. */
const asTypeName = (name: string): string =>
  name
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
    .replace(/^(?=\d|$)/, 'Model');

/** Names that aren't taken yet: `Mnist`, `Mnist2`. */
function uniqueNames(): (wanted: string) => string {
  const taken = new Set<string>();
  return (wanted) => {
    let name = wanted;
    for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${wanted}${number}`;
    taken.add(name.toLowerCase());
    return name;
  };
}

/** The operations of the models that can predict now, as parts of an OpenAPI document. */
export function modelOperations(catalog: Catalog): ModelOperations {
  const typeName = uniqueNames();
  const made: ModelOperations = { first: {}, others: {}, tags: [], schemas: { ...sharedSchemas }, examples: {} };
  for (const { name, versions } of catalog.models) {
    const available = versions.flatMap(({ version, state, model }) =>
      state === 'AVAILABLE' && model ? [{ version, model }] : [],
    );
    const [newest] = available;
    if (!newest) continue;
    const type = typeName(asTypeName(name));
    const address = `/models/${encodeURIComponent(name)}`;
    made.tags.push({ name, description: newest.model.card.description ?? `The model ${name}.` });
    for (const { version, model } of available) {
      const describe = addSchemas(made.schemas, model, model === newest.model ? type : `${type}Version${version}`);
      const summary = model.image ? 'Classify an image' : 'Run the model';
      if (model === newest.model && name === catalog.defaultName)
        made.first['/predict'] = {
          post: { operationId: 'predict', tags: ['Predict'], summary, ...describe(errorReplies) },
        };
      const rest = {
        tags: [name],
        ...describe((...codes) => referToExamples(errorReplies(...codes, ...addressErrors), made.examples)),
      };
      if (model === newest.model)
        made.others[`${address}/predict`] = { post: { operationId: `predict${type}`, summary, ...rest } };
      made.others[`${address}/versions/${version}/predict`] = {
        post: { operationId: `predict${type}Version${version}`, summary: `${summary}: version ${version}`, ...rest },
      };
    }
  }
  return localReferences(made) as ModelOperations;
}

const sharedSchemas = Object.fromEntries(
  [Prediction, Predictions, LabelPrediction, ImageForm, ImageJson, ImageInstance].map((schema: TSchema) => {
    const { $id, ...rest } = schema as TSchema & { $id: string };
    return [$id, rest];
  }),
);

/**
 * Adds the schemas of a model.
 * @param type what their names begin with
 * @returns gives what an operation of the model says, with failures as `repliesOf` documents them
 */
function addSchemas(
  schemas: Record<string, object>,
  model: ServedModel,
  type: string,
): (repliesOf: (...codes: ErrorCode[]) => object) => object {
  const takesImages = model.image !== undefined;
  const hasLabels = model.card.labels !== undefined;
  const { inputs, outputs } = model;
  const { request, example, reply } = modelSchemas({ inputs, outputs, takesImages, hasLabels });
  schemas[`${type}Request`] = { ...request, description: `What ${model.name} takes in JSON.` };
  schemas[`${type}Reply`] = { ...reply, description: `What ${model.name} gives for instances.` };
  const refer = (name: string) => ({ $ref: `#/components/schemas/${type}${name}` });
  const json = { schema: refer('Request'), example: takesImages ? imageExample : example };
  const parameters = takesImages || (hasLabels && classifies(model)) ? [topK(model.classes)] : [];
  const codes = [...errors, ...(takesImages ? imageErrors : otherErrors)];
  return (repliesOf) => ({
    description: takesImages ? imageDescription : tensorDescription(model),
    parameters,
    requestBody: { required: true, content: { ...(takesImages && imageContent), 'application/json': json } },
    responses: {
      '200': {
        description: takesImages ? 'What is on the image, or on each of several.' : 'What the model gives.',
        content: {
          'application/json': {
            schema: takesImages ? Type.Union([referTo(Predictions), refer('Reply')]) : refer('Reply'),
          },
        },
      },
      ...repliesOf(...codes),
    },
  });
}

/**
 * Failures whose examples are components of the document: written out, they would make up most of one of many models.
 * @param components gets the examples
 */
const referToExamples = (replies: ReturnType<typeof errorReplies>, components: ModelOperations['examples']): object =>
  Object.fromEntries(
    Object.entries(replies).map(([status, { description, content }]) => {
      const { schema, examples } = content['application/json'];
      Object.assign(components, examples);
      const references = Object.keys(examples).map((code) => [code, { $ref: `#/components/examples/${code}` }]);
      return [
        status,
        { description, content: { 'application/json': { schema, examples: Object.fromEntries(references) } } },
      ];
    }),
  );

const imageContent = {
  'multipart/form-data': { schema: referTo(ImageForm) },
  'image/*': { schema: Type.String({ format: 'binary', description: 'The bytes of the file.' }) },
};

const imageDescription =
  'Takes one image, as the field `image` of a form, as the body itself, or as base64 in JSON, and replies with the labels ' +
  'that the model finds likeliest. JPEG, PNG, WebP, GIF (its first frame), TIFF and AVIF are understood.\n\n' +
  'Several images are taken as `{"instances": [{"b64": "…"}, …]}`, and tensors as `{"instances": […]}`, which the model gets ' +
  'as they are, without the scaling that images get. The reply then has an element for each instance.\n\n' +
  'A body without a content type, or with one that says nothing (`application/x-www-form-urlencoded`, as curl -d sends it, or ' +
  '`application/octet-stream`), is JSON or an image by its first bytes. It may be compressed (`Content-Encoding`: gzip, deflate or br).';

const tensorDescription = (model: ServedModel): string => {
  const columns = `{${model.inputs
    .slice(0, mostNamed)
    .map(({ name }) => `${JSON.stringify(name)}: […]`)
    .join(', ')}}`;
  return (
    `${takes(model)} The whole of each input by its name is taken as well: \`${columns}\`.\n\n` +
    'The reply has an element for each instance. NaN and infinities, which JSON lacks, are null in it, and are refused in a request.\n\n' +
    'JSON is known by its first byte where the content type is `application/x-www-form-urlencoded`, `application/octet-stream` or ' +
    'none. It may be compressed (`Content-Encoding`: gzip, deflate or br).'
  );
};

/** The parameter of the query: as many labels as there are classes at most. */
const topK = (classes: number): object => {
  const { description, ...schema } = PredictQuery.properties.top_k as TSchema & { description?: string };
  return {
    in: 'query',
    name: 'top_k',
    description,
    schema: { ...schema, maximum: classes, default: Math.min(5, classes) },
  };
};

/** A copy in which schemas are referred to as components of the document. */
function localReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(localReferences);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) =>
      key === '$ref' && typeof part === 'string' && !part.startsWith('#')
        ? [key, `#/components/schemas/${part}`]
        : [key, localReferences(part)],
    ),
  );
}
