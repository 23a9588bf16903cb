import { type TSchema, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import type { FastifySchemaCompiler } from 'fastify';

/** What of a schema says what texts stand for. */
type TextSchema = TSchema & { type?: string; items?: TextSchema; properties?: Record<string, TextSchema> };

/**
 * Checks parts of requests by their schemas, taking nothing for what it isn't: `2.5` is no integer. Queries, headers and parts of
 * addresses come as texts: numbers, booleans and lists are made of them where their schemas say so.
 */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = (part) => {
  const check = TypeBoxValidatorCompiler({ ...part, httpPart: 'body' });
  const { properties = {} } = part.schema as TextSchema;
  if (part.httpPart === 'body') return check;
  return (texts: Record<string, unknown>) =>
    check(Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, coerce(text, properties[name])])));
};

const numberOf = (text: string) => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text);

/** What texts become, by the type in the schema; those that stand for nothing of it stay as they are, and are refused. */
const values: Partial<Record<string, (text: string) => unknown>> = {
  integer: numberOf,
  number: numberOf,
  boolean: (text) => (text === 'true' || text === 'false' ? text === 'true' : text),
};

/** @param text of a parameter that stands there once; of others, all of them */
function coerce(text: unknown, { type = '', items }: TextSchema = {}): unknown {
  if (type === 'array') return [text].flat().map((element) => coerce(element, items));
  return typeof text === 'string' ? (values[type]?.(text) ?? text) : text;
}
