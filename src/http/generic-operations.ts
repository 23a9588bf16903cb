import { Type } from 'typebox';
import { type ErrorCode, errorReplies } from '../../schemas/error.js';
import { laterParameters } from '../../schemas/jobs.js';
import { ModelParams, ModelVersionParams } from '../../schemas/models.js';
import { PredictQuery } from '../../schemas/predict.js';
import { rateLimitedReply } from '../../schemas/rate-limit.js';
import { inputKinds } from '../datapoints/kinds.js';
import { keySecurity } from './key-documents.js';
import {
  addressErrors,
  errors,
  localReferences,
  type ModelOperations,
  type OperationOptions,
  otherErrors,
  referToExamples,
} from './operation-parts.js';

const description =
  'What a model takes and gives, and what it can be asked for, is in its own document: `/models/{name}/openapi.json`.\n\n' +
  'It takes datapoints in JSON: one alone, a list, or `{"instances": [...]}`; forms with a field for each input or column; tables of CSV; ' +
  'and what is one datapoint by itself, such as an image file or a text.';

const file = { schema: Type.String({ format: 'binary' }) };

const body = {
  required: true,
  content: {
    'application/json': { schema: { description: 'Datapoints.' }, example: { instances: [[0.5, 0.5, 0.5, 0.5]] } },
    'multipart/form-data': { schema: Type.Object({}, { additionalProperties: true }) },
    'image/*': file,
    'text/csv': { schema: Type.String() },
    'text/plain': { schema: Type.String() },
  },
};

const reply = {
  description: 'What the model gives.',
  content: {
    'application/json': {
      schema: Type.Object({
        predictions: { description: 'For one datapoint alone, or a list with an element for each.' },
        success: Type.Literal(true),
      }),
    },
    'image/png': file,
    'text/csv': { schema: Type.String() },
  },
};

const parametersIn = (place: 'query' | 'path', { properties }: { properties: object }) =>
  Object.entries(properties).map(([name, { description: text, examples, ...schema }]) => ({
    in: place,
    name,
    ...(place === 'path' && { required: true }),
    description: text,
    schema,
  }));

/** Failures that only some kinds have. */
const kindErrors: readonly ErrorCode[] = [...new Set(inputKinds.flatMap(({ errors: own }) => own))];

/**
 * The operations of all models, whatever they take and give: for documents of more models than anybody would read of.
 * @param hasDefault whether there is one that `/predict` asks
 */
export function genericOperations(
  hasDefault: boolean,
  { needsKey, keyErrors, hasRateLimit }: Omit<OperationOptions, 'defaultName'>,
): ModelOperations {
  const examples: ModelOperations['examples'] = {};
  const operation = (operationId: string, which: string, path: object[], codes: readonly ErrorCode[]) => ({
    post: {
      operationId,
      tags: ['Predict'],
      summary: `What ${which} says of datapoints`,
      description,
      ...(needsKey && { security: keySecurity }),
      parameters: [...path, ...parametersIn('query', PredictQuery), ...laterParameters],
      requestBody: body,
      responses: {
        200: reply,
        ...referToExamples(errorReplies(...keyErrors, ...errors, ...otherErrors, ...kindErrors, ...codes), examples),
        ...(hasRateLimit && { 429: rateLimitedReply() }),
      },
    },
  });
  return localReferences<ModelOperations>({
    first: hasDefault ? { '/predict': operation('predict', 'the default model', [], []) } : {},
    others: {
      '/models/{name}/predict': operation('predictModel', 'a model', parametersIn('path', ModelParams), addressErrors),
      '/models/{name}/versions/{version}/predict': operation(
        'predictModelVersion',
        'a version of a model',
        parametersIn('path', ModelVersionParams),
        addressErrors,
      ),
    },
    tags: [],
    schemas: {},
    examples,
  });
}
