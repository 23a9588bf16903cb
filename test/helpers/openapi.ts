import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';

/** What tests need of an operation. */
export interface Operation {
  operationId: string;
  summary: string;
  description: string;
  tags: string[];
  parameters: { name: string; schema: Record<string, unknown> }[];
  requestBody: { content: Record<string, { schema: object; example?: unknown }> };
  responses: Record<string, { content: Record<string, { schema: object }> }>;
}

/** An OpenAPI document. */
export interface Document {
  paths: Record<string, { post: Operation }>;
  components: { schemas: Record<string, object> };
}

/** What checks values against a schema of a document. */
export function validatorOf(document: Document, schema: object): Validator {
  return Compile(resolve(document.components.schemas, schema) as TSchema);
}

/** A schema with those that it refers to, by their names, in their places. */
export function resolve(schemas: Record<string, object>, schema: unknown): unknown {
  const inner = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inner);
    if (typeof value !== 'object' || value === null) return value;
    const { $ref } = value as { $ref?: string };
    if (typeof $ref === 'string') return inner(schemas[$ref.split('/').at(-1)!]);
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, inner(part)]));
  };
  return inner(schema);
}
