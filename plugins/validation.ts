import { type TSchema, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import type { FastifySchemaCompiler } from 'fastify';

/** Checks parts of requests by their schemas, taking nothing for what it isn't: `2.5` is no integer. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = (part) => {
  const check = TypeBoxValidatorCompiler({ ...part, httpPart: 'body' });
  return part.httpPart === 'body' ? check : (texts) => check(withNumbers(texts, part.schema));
};

/** What came as text: a query, headers, or parts of an address, with numbers where the schema has them. */
function withNumbers(texts: Record<string, unknown>, schema: TSchema): Record<string, unknown> {
  const { properties } = schema as TSchema & { properties: Record<string, { type?: string }> };
  const isNumber = (name: string, text: unknown) =>
    /^(integer|number)$/.test(properties[name]?.type ?? '') && /^-?\d+(\.\d+)?$/.test(String(text));
  return Object.fromEntries(
    Object.entries(texts).map(([name, value]) => [name, isNumber(name, value) ? Number(value) : value]),
  );
}
