import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { errorReplies } from '../../schemas/error.js';
import { Job, JobList, JobParams, JobQuery } from '../../schemas/jobs.js';
import { referTo } from '../../schemas/reference.js';
import { forbidden } from '../../src/http/access.js';
import { sendEvents, sendJob, sendResult } from '../../src/http/job-replies.js';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import { keyHolderOf } from '../../src/http/key-holder.js';
import { knownQuery } from '../../src/http/known-names.js';
import { replyTo } from '../../src/http/open-replies.js';
import { allInGroup } from '../../src/http/route-group.js';
import { summaryOf } from '../../src/jobs/document.js';
import type { KnownJob } from '../../src/jobs/job-store.js';

const tags = ['Jobs'];

/** What the replies of requests can be. */
const anyContent = Object.fromEntries(
  ['application/json', 'text/csv', 'image/png', 'application/octet-stream'].map((type) => [type, { schema: {} }]),
);

/** Failures that are of the job, and not of the request: none has the status of one. */
const { 400: _, ...ownErrors } = errorReplies(
  'job_unknown',
  'job_unfinished',
  'method_not_allowed',
  'queue_unavailable',
);

/** Jobs that are listed. */
const mostListed = 1000;

/** `/jobs/{id}`: requests that are answered later. They are made by any request to predict with `Prefer: respond-async`. */
const jobs: FastifyPluginAsyncTypebox = async (app) => {
  const parts = kerasServeOf(app);
  allInGroup(app, 'jobs');
  const jobOf = async (request: FastifyRequest): Promise<KnownJob> => {
    const job = await parts.jobs.store.get((request.params as { id: string }).id, keyHolderOf(request)?.name);
    // The key may be for fewer models than when it made the job.
    if (parts.access.mayUse(request, job.model)) return job;
    throw forbidden('Your key is for the model of this job no more.');
  };

  if (parts.access.keys) listJobs(app);

  app.get(
    '/jobs/:id',
    {
      onRequest: knownQuery(...Object.keys(JobQuery.properties)),
      schema: {
        operationId: 'getJob',
        tags,
        summary: 'How far is a job?',
        description:
          'The job, with its result once it has succeeded and where that is JSON. Whoever would rather wait than ask again says `wait`.',
        params: JobParams,
        querystring: JobQuery,
        response: {
          200: referTo(Job),
          ...errorReplies('query_invalid', 'job_unknown', 'method_not_allowed', 'queue_unavailable'),
        },
      },
    },
    async (request, reply) => {
      const { signal } = replyTo(request);
      return sendJob(reply, await parts.jobs.store.settled(await jobOf(request), signal, request.query.wait ?? 0));
    },
  );

  app.get(
    '/jobs/:id/result',
    {
      onRequest: knownQuery(),
      schema: {
        operationId: 'getJobResult',
        tags,
        summary: 'The answer of a job',
        description:
          'The very reply that the request would have had at once, with its status and content type: JSON, CSV, a picture, tensors.',
        params: JobParams,
        response: {
          200: { description: 'The reply.', content: anyContent },
          ...ownErrors,
          default: {
            description: 'The request failed: the reply says why, as its protocol does.',
            content: { 'application/json': { schema: {} } },
          },
        },
      },
    },
    async (request, reply) => sendResult(reply, await jobOf(request)),
  );

  app.get(
    '/jobs/:id/events',
    {
      onRequest: knownQuery(),
      schema: {
        operationId: 'getJobEvents',
        tags,
        summary: 'Follow a job',
        description:
          'Server-sent events: `status` with the job as data, at once and whenever it changes. The last is that of its end.',
        params: JobParams,
        response: {
          200: { description: 'Events.', content: { 'text/event-stream': { schema: { type: 'string' } } } },
          ...errorReplies('query_invalid', 'job_unknown', 'method_not_allowed', 'queue_unavailable'),
        },
      },
    },
    async (request, reply) => sendEvents(reply, await jobOf(request)),
  );

  app.delete(
    '/jobs/:id',
    {
      onRequest: knownQuery(),
      schema: {
        operationId: 'deleteJob',
        tags,
        summary: 'Cancel a job, or forget it',
        description: 'One that waits or runs is cancelled; of one that is finished nothing is known afterwards.',
        params: JobParams,
        response: {
          204: { description: 'Done.' },
          ...errorReplies('query_invalid', 'job_unknown', 'method_not_allowed', 'queue_unavailable'),
        },
      },
    },
    async (request, reply) => {
      await parts.jobs.store.delete(await jobOf(request));
      return reply.code(204).send();
    },
  );
};

/** `GET /jobs`: those of all keys, where there are keys. */
function listJobs(app: Parameters<FastifyPluginAsyncTypebox>[0]): void {
  const parts = kerasServeOf(app);
  app.addSchema(JobList);
  app.get(
    '/jobs',
    {
      onRequest: knownQuery(),
      schema: {
        operationId: 'listJobs',
        tags,
        summary: 'List the jobs of all keys',
        description: 'For keys with `admin` alone: a job belongs to the key that made it.',
        response: {
          200: referTo(JobList),
          ...errorReplies('query_invalid', 'forbidden', 'method_not_allowed', 'queue_unavailable'),
        },
      },
    },
    async (request) => {
      if (!keyHolderOf(request)?.admin)
        throw forbidden('The list of jobs is for API keys with "admin" behind them in the file of --api-keys.');
      const { jobs, total } = await parts.jobs.store.list(mostListed);
      return { jobs: jobs.map((job) => ({ ...summaryOf(job), key: job.owner ?? null })), total };
    },
  );
}

export default fp(jobs, { name: 'job-routes', dependencies: ['errors', 'jobs'], encapsulate: true });
