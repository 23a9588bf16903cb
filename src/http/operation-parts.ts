import type { ErrorCode, ErrorExample, errorReplies } from '../../schemas/error.js';
import { componentName } from '../../schemas/reference.js';

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

/** What operations say besides what their models do. */
export interface OperationOptions {
  /** The name of the model that `/predict` asks. */
  defaultName: string;
  /** Whether they need an API key. */
  needsKey: boolean;
  /** Failures of keys that they can have. */
  keyErrors: readonly ErrorCode[];
  /** Whether clients get 429 for asking too often. */
  hasRateLimit?: boolean | undefined;
}

/** Failures that any model can have. */
export const errors: ErrorCode[] = [
  'json_invalid',
  'body_invalid',
  'instances_invalid',
  'instances_refused',
  'form_invalid',
  'form_too_large',
  'query_invalid',
  'webhook_refused',
  'method_not_allowed',
  'not_acceptable',
  'request_timeout',
  'content_too_large',
  'json_too_complex',
  'content_type_unsupported',
  'content_encoding_unsupported',
  'idempotency_key_reused',
  'internal_error',
  'model_not_ready',
  'queue_full',
  'inference_process_died',
  'server_closing',
  'deadline_exceeded',
];
/** Of models that don't take images. */
export const otherErrors: ErrorCode[] = ['model_takes_no_images'];
/** Where an address names one. */
export const addressErrors: ErrorCode[] = ['model_unknown', 'model_version_unknown', 'url_invalid'];

/**
 * Failures whose examples are components of the document: written out, they would make up most of one of many models.
 * @param components gets the examples
 */
export const referToExamples = (
  replies: ReturnType<typeof errorReplies>,
  components: ModelOperations['examples'],
): object =>
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

/** A copy in which schemas are referred to as components of the document. */
export function localReferences<Value>(value: Value): Value;
export function localReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((part) => localReferences(part));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) =>
      key === '$ref' && typeof part === 'string' && !part.startsWith('#')
        ? [key, `#/components/schemas/${componentName(part)}`]
        : [key, localReferences(part)],
    ),
  );
}
