import { type Static, Type } from 'typebox';

/** The reply of the health checks. */
export const Health = Type.Object(
  { status: Type.Literal('ok') },
  { $id: 'keras-serve.Health', description: 'All is well.', examples: [{ status: 'ok' }] },
);
export type Health = Static<typeof Health>;
