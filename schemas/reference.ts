import { type Static, type TSchema, Type } from 'typebox';

/** A reference to a schema with an `$id`, which the Fastify instance has to know by `addSchema`. */
export const referTo = <Schema extends TSchema>(schema: Schema) =>
  Type.Unsafe<Static<Schema>>(Type.Ref((schema as Schema & { $id: string }).$id));
