import { type Static, type TSchema, Type } from 'typebox';

/**
 * What the documents call a schema with this `$id`. The ids begin with a name of ours: an app that keras-serve is a plugin of may
 * have schemas of the same names.
 */
export const componentName = (id: string): string => id.replace(/^keras-serve\./, '');

/** A reference to a schema with an `$id`, which the Fastify instance has to know by `addSchema`. */
export const referTo = <Schema extends TSchema>(schema: Schema) =>
  Type.Unsafe<Static<Schema>>(Type.Ref((schema as Schema & { $id: string }).$id));

/** Schemas by their `$id`, for what follows references to them. */
export const byId = (...schemas: TSchema[]): Record<string, TSchema> =>
  Object.fromEntries(schemas.map((schema) => [(schema as TSchema & { $id: string }).$id, schema]));
