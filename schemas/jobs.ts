import { type Static, type TSchema, Type } from 'typebox';

const time = (description: string) => Type.Union([Type.String({ format: 'date-time' }), Type.Null()], { description });

/** A request that is answered later. */
export const Job = Type.Object(
  {
    id: Type.String({ description: '128 random bits.' }),
    model: Type.String({ description: 'The model that is asked.' }),
    version: Type.Union([Type.Integer(), Type.Null()], { description: 'The version that answers, once it is known.' }),
    status: Type.Enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']),
    durable: Type.Boolean({
      description: 'Whether the job outlives the server: one that is kept in memory is lost with it.',
    }),
    created_at: time('When it was made.'),
    started_at: time('When the model was asked.'),
    finished_at: time('When it ended, however it did.'),
    content_type: Type.Optional(
      Type.String({ description: 'Of the reply at `/jobs/{id}/result`, once there is one.' }),
    ),
    result: Type.Optional(Type.Unknown({ description: 'The reply of a job that succeeded, where it is JSON.' })),
    error: Type.Optional(
      Type.Object(
        { code: Type.String(), message: Type.String() },
        { description: 'Why it failed: what the direct request would have been told.' },
      ),
    ),
  },
  { $id: 'keras-serve.Job', description: 'A request that is answered later.' },
);
export type Job = Static<typeof Job>;

/** Jobs, the newest first. */
export const JobList = Type.Object(
  {
    jobs: Type.Array(
      Type.Object({ ...Type.Omit(Job, ['result']).properties, key: Type.Union([Type.String(), Type.Null()]) }),
      { description: 'The newest first, a thousand at most, each with the name of the key that made it.' },
    ),
    total: Type.Integer({ description: 'How many are known.' }),
  },
  { $id: 'keras-serve.JobList', description: 'Jobs of all keys, without their results.' },
);

export const JobParams = Type.Object({ id: Type.String({ description: 'The job’s id.' }) });

export const JobQuery = Type.Object({
  wait: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 60,
      description: 'Seconds to wait for the end of the job; what it is by then is answered.',
    }),
  ),
});
export type JobQuery = Static<typeof JobQuery>;

/**
 * The headers that any request to predict may have. The 202 that they can bring is in no operation's replies: whoever asks for none would
 * have to tell it from the answer in every generated client.
 */
export const LaterHeaders = Type.Object({
  prefer: Type.Optional(
    Type.String({
      description:
        '`respond-async` to be answered later: the reply is 202, a job, and in `Location` where it is. With `wait=5` beside it the answer itself, if it is there within 5 seconds.',
    }),
  ),
  'idempotency-key': Type.Optional(
    Type.String({
      maxLength: 255,
      description: 'The same request with the same key is answered once: later ones get the first one’s answer or job.',
    }),
  ),
});

/** `Idempotency-Key`: as headers are written. */
const titled = (name: string) => name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase());

/** The same as parameters of an operation in an OpenAPI document. */
export const laterParameters = Object.entries(LaterHeaders.properties).map(([name, known]) => {
  const { description, ...schema } = known as unknown as TSchema & { description: string };
  return { in: 'header', name: titled(name), description, schema };
});
