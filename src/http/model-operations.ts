import { type TSchema, Type } from 'typebox';
import { type ErrorCode, errorReplies } from '../../schemas/error.js';
import { laterParameters } from '../../schemas/jobs.js';
import {
  ImageForm,
  ImageInstance,
  ImageJson,
  ImagePrediction,
  LabelPrediction,
  MaskPrediction,
  NumberPrediction,
  PicturePrediction,
  Predictions,
} from '../../schemas/predict.js';
import { rateLimitedReply } from '../../schemas/rate-limit.js';
import { componentName, referTo } from '../../schemas/reference.js';
import { type CatalogModel, isAvailable } from '../catalog/model-versions.js';
import type { ServedModel } from '../catalog/served-model.js';
import { inputKind, isImage } from '../datapoints/kinds.js';
import { modelSchemas } from '../datapoints/model-schemas.js';
import { keySecurity } from './key-documents.js';
import { bodiesOf } from './model-bodies.js';
import { csvNote, otherReplies, parametersOf } from './model-replies.js';
import { descriptionOf, summaryOf } from './model-texts.js';
import {
  addressErrors,
  errors,
  localReferences,
  type ModelOperations,
  type OperationOptions,
  otherErrors,
  referToExamples,
} from './operation-parts.js';

/** `keras-mnist.v2` as the name of a type: `KerasMnistV2`. */
const asTypeName = (name: string): string =>
  name
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
    .replace(/^(?=\d|$)/, 'Model');

/** What names of other schemas begin with, in small letters: `InferenceRequest`, `ErrorReply`. */
const reserved = ['error', 'inference', 'tensorflowserving'];

/** Names that aren't taken yet: `Mnist`, `Mnist2`. */
function uniqueNames(): (wanted: string) => string {
  const taken = new Set(reserved);
  return (wanted) => {
    let name = wanted;
    for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${wanted}${number}`;
    taken.add(name.toLowerCase());
    return name;
  };
}

/** The operations of those models that can predict now, as parts of an OpenAPI document. */
export function modelOperations(
  models: readonly CatalogModel[],
  { defaultName, needsKey, keyErrors, hasRateLimit }: OperationOptions,
): ModelOperations {
  const security = needsKey ? { security: keySecurity } : {};
  const repliesOf = (...codes: ErrorCode[]) => errorReplies(...keyErrors, ...codes);
  const limited = hasRateLimit ? { 429: rateLimitedReply() } : {};
  const typeName = uniqueNames();
  const made: ModelOperations = { first: {}, others: {}, tags: [], schemas: { ...sharedSchemas }, examples: {} };
  for (const { name, versions } of models) {
    const available = versions.filter(isAvailable).flatMap(({ version, model }) => (model ? [{ version, model }] : []));
    const [newest] = available;
    if (!newest) continue;
    const type = typeName(asTypeName(name));
    const address = `/models/${encodeURIComponent(name)}`;
    made.tags.push({ name, description: newest.model.card.description ?? `The model ${name}.` });
    for (const { version, model } of available) {
      const describe = addSchemas(made.schemas, model, model === newest.model ? type : `${type}Version${version}`);
      const summary = summaryOf(model);
      if (model === newest.model && name === defaultName)
        made.first['/predict'] = {
          post: {
            operationId: 'predict',
            tags: ['Predict'],
            summary,
            ...security,
            ...describe((...codes) => ({ ...repliesOf(...codes), ...limited })),
          },
        };
      const rest = {
        tags: [name],
        ...security,
        ...describe((...codes) => ({
          ...referToExamples(repliesOf(...codes, ...addressErrors), made.examples),
          ...limited,
        })),
      };
      if (model === newest.model)
        made.others[`${address}/predict`] = { post: { operationId: `predict${type}`, summary, ...rest } };
      made.others[`${address}/versions/${version}/predict`] = {
        post: { operationId: `predict${type}Version${version}`, summary: `${summary}: version ${version}`, ...rest },
      };
    }
  }
  return withUsed(localReferences(made));
}

/** Without the shared schemas that nothing refers to. */
function withUsed(made: ModelOperations): ModelOperations {
  const text = JSON.stringify(made);
  const isUsed = (name: string) =>
    !Object.hasOwn(sharedSchemas, name) || text.includes(`"#/components/schemas/${name}"`);
  return { ...made, schemas: Object.fromEntries(Object.entries(made.schemas).filter(([name]) => isUsed(name))) };
}

const sharedSchemas = Object.fromEntries(
  [
    ImagePrediction,
    LabelPrediction,
    NumberPrediction,
    MaskPrediction,
    PicturePrediction,
    Predictions,
    ImageForm,
    ImageJson,
    ImageInstance,
  ].map((schema: TSchema) => {
    const { $id, ...rest } = schema as TSchema & { $id: string };
    return [componentName($id), rest];
  }),
);

/** Failures that the kinds of a model's inputs add. */
const kindErrors = ({ kinds }: ServedModel): readonly ErrorCode[] => [
  ...new Set(Object.values(kinds.inputs).flatMap(({ kind }) => inputKind(kind).errors)),
];

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
  const takesImages = isImage(model.kinds);
  const { request, example, reply } = modelSchemas(model, (part, schema) => {
    schemas[type + part] = schema;
    return { $ref: `#/components/schemas/${type}${part}` } as TSchema;
  });
  const parameters = [...parametersOf(model), ...laterParameters];
  const codes = [...errors, ...kindErrors(model), ...(takesImages ? [] : otherErrors)];
  return (repliesOf) => ({
    description: descriptionOf(model),
    parameters,
    requestBody: { required: true, content: bodiesOf(model, { schema: request, example }) },
    responses: {
      '200': {
        description:
          (takesImages ? 'What is on the image, or on each of several.' : 'What the model gives.') + csvNote(model),
        content: {
          'application/json': { schema: isTutorial(model) ? Type.Union([referTo(Predictions), reply]) : reply },
          ...otherReplies(model),
        },
      },
      ...repliesOf(...codes),
    },
  });
}

/** Whether one image gets labels, and nothing else. */
const isTutorial = ({ kinds, outputs }: ServedModel): boolean =>
  isImage(kinds) && outputs.length === 1 && ['classes', 'binary'].includes(kinds.outputs[outputs[0]!.name]!.kind);
