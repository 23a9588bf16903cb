/** What is wrong with replies, by what their routes document. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { ErrorReplyWithKeys, errors } from '../../schemas/error.js';
import { Job } from '../../schemas/jobs.js';
import { ProtocolError } from '../../schemas/protocol-error.js';
import { componentName } from '../../schemas/reference.js';
import type { KerasServeParts } from '../../src/http/keras-serve.js';
import { keyErrorsOf } from '../../src/http/key-documents.js';
import { modelOperations } from '../../src/http/model-operations.js';
import { groupOf } from '../../src/http/route-group.js';
import { resolve } from './openapi.js';

/** What is documented of a status: a schema of JSON, or one for each media type. */
type Documented = TSchema & { content?: Record<string, { schema: TSchema }> };

/** What is documented of an operation, and the schemas that it refers to. */
interface Documents {
  response: Record<string, Documented>;
  schemas: Record<string, object>;
}

/**
 * What is wrong with a reply in JSON; undefined where it is as documented.
 * @param parts of the instance that answers, if it serves models
 */
export function faultOf(
  reply: FastifyReply,
  body: string | Buffer,
  parts: KerasServeParts | undefined,
): string | undefined {
  const { request } = reply;
  const { schema, url } = request.routeOptions;
  let value: unknown;
  try {
    value = JSON.parse(withoutWords(String(body), url));
  } catch {
    return 'is no JSON';
  }
  // What its header asks for: the document of the route is of those who ask for nothing.
  if (reply.statusCode === 202 && reply.hasHeader('preference-applied')) return mismatch(aJob, value);
  const documents = modelDocuments(request, parts) ?? {
    response: (schema as { response?: Documents['response'] } | undefined)?.response ?? {},
    schemas: request.server.getSchemas() as Documents['schemas'],
  };
  const isDocumented = Object.keys(documents.response).length > 0;
  // What an app answers that has ours in it is its own business.
  if (!isDocumented) return reply.statusCode < 400 || !parts?.catalog ? undefined : mismatch(anyError, value);
  // The document has them in the form of the others, of each route that can have them.
  const ofKeys = parts?.access ? keyErrorsOf(parts.access, groupOf(request)).map((code) => errors[code][0]) : [];
  if (ofKeys.some((status) => status === reply.statusCode)) return mismatch(anyError, value);
  const documented = documents.response[reply.statusCode] ?? documents.response.default;
  if (!documented) return `the status is not documented, ${body}`;
  const contentSchema = documented.content ? documented.content['application/json']?.schema : documented;
  if (!contentSchema) return 'JSON is not documented';
  return mismatch(validatorOf(contentSchema, documents.schemas), value);
}

/** TensorFlow Serving's clients know numbers that JSON lacks, as words. */
const withoutWords = (text: string, url = ''): string =>
  url.includes('::predict') ? text.replaceAll(/(?<=[[,:])(NaN|-?Infinity)(?=[\],}])/g, '0') : text;

const anyError = Compile({ anyOf: [closed(ErrorReplyWithKeys), closed(ProtocolError)] } as unknown as TSchema);
const aJob = Compile(closed(Job) as TSchema);

function mismatch(validator: Validator, value: unknown): string | undefined {
  if (validator.Check(value)) return undefined;
  const [first] = validator.Errors(value);
  return `${first?.instancePath} ${first?.message} (${first?.schemaPath}), ${JSON.stringify(value).slice(0, 500)}`;
}

const validators = new WeakMap<object, Validator>();

function validatorOf(schema: TSchema, schemas: Record<string, object>): Validator {
  const known = validators.get(schema) ?? Compile(closed(resolve(schemas, schema)) as TSchema);
  validators.set(schema, known);
  return known;
}

/** A schema by which objects have the properties alone that it names: one that isn't documented is a fault, too. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const parts = Object.fromEntries(Object.entries(schema).map(([key, part]) => [key, closed(part)]));
  return parts.type === 'object' && parts.properties ? { additionalProperties: false, ...parts } : parts;
}

const modelResponses = new WeakMap<object, { generation: number; paths: Record<string, object>; schemas: object }>();

/** What the documents say of the operation of a model that runs it; undefined of other routes, and of models that aren't there. */
function modelDocuments(request: FastifyRequest, parts: KerasServeParts | undefined): Documents | undefined {
  const { url = '', schema } = request.routeOptions;
  const { catalog } = parts ?? {};
  if (!catalog || !url.endsWith('/predict') || !schema?.hide) return undefined;
  let made = modelResponses.get(catalog);
  if (made?.generation !== catalog.generation) {
    const { first, others, schemas } = modelOperations(catalog.models, {
      defaultName: catalog.defaultName,
      needsKey: parts?.access?.needsKey('predict') ?? false,
      keyErrors: parts?.access ? keyErrorsOf(parts.access, 'predict') : [],
      hasRateLimit: parts?.hasRateLimit,
    });
    const common = Object.entries(request.server.getSchemas()).map(([id, schema]) => [componentName(id), schema]);
    const paths = { ...first, ...others };
    made = { generation: catalog.generation, paths, schemas: { ...Object.fromEntries(common), ...schemas } };
    modelResponses.set(catalog, made);
  }
  const { name, version } = request.params as { name?: string; version?: string };
  const model = name === undefined ? undefined : encodeURIComponent(catalog.get(name)?.name ?? '');
  const versioned = version === undefined ? '' : `/versions/${Number(version)}`;
  const path = model === undefined ? '/predict' : `/models/${model}${versioned}/predict`;
  const operation = made.paths[path] as { post: { responses: Documents['response'] } } | undefined;
  return operation && { response: operation.post.responses, schemas: made.schemas as Documents['schemas'] };
}
