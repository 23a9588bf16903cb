import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import fp from 'fastify-plugin';
import { errorReplies } from '../../schemas/error.js';
import { Job, JobParams, JobQuery } from '../../schemas/jobs.js';
import { referTo } from '../../schemas/reference.js';
import { sendEvents, sendJob, sendResult } from '../../src/http/job-replies.js';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import { keyHolderOf } from '../../src/http/key-holder.js';
import { knownQuery } from '../../src/http/known-names.js';
import { replyTo } from '../../src/http/open-replies.js';
import { allInGroup } from '../../src/http/route-group.js';

const tags = ['Jobs'];

/** What the replies of requests can be. */
const anyContent = Object.fromEntries(
  ['application/json', 'text/csv', 'image/png', 'application/octet-stream'].map((type) => [type, { schema: {} }]),
);

/** Failures that are of the job, and not of the request: none has the status of one. */
const { 400: _, ...ownErrors } = errorReplies('job_unknown', 'job_unfinished', 'method_not_allowed');

/** `/jobs/{id}`: requests that are answered later. They are made by any request to predict with `Prefer: respond-async`. */
const jobs: FastifyPluginAsyncTypebox = async (app) => {
  const parts = kerasServeOf(app);
  allInGroup(app, 'jobs');
  const jobOf = (request: Parameters<typeof keyHolderOf>[0]) =>
    parts.jobs.all.get((request.params as { id: string }).id, keyHolderOf(request)?.name);

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
        response: { 200: referTo(Job), ...errorReplies('query_invalid', 'job_unknown', 'method_not_allowed') },
      },
    },
    async (request, reply) => {
      const job = jobOf(request);
      await job.settled(replyTo(request).signal, request.query.wait ?? 0);
      return sendJob(reply, job);
    },
  );

  app.get(
    '/jobs/:id/result',
    {
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
    async (request, reply) => sendResult(reply, jobOf(request)),
  );

  app.get(
    '/jobs/:id/events',
    {
      schema: {
        operationId: 'getJobEvents',
        tags,
        summary: 'Follow a job',
        description:
          'Server-sent events: `status` with the job as data, at once and whenever it changes. The last is that of its end.',
        params: JobParams,
        response: {
          200: { description: 'Events.', content: { 'text/event-stream': { schema: { type: 'string' } } } },
          ...errorReplies('job_unknown', 'method_not_allowed'),
        },
      },
    },
    async (request, reply) => sendEvents(reply, jobOf(request)),
  );

  app.delete(
    '/jobs/:id',
    {
      schema: {
        operationId: 'deleteJob',
        tags,
        summary: 'Cancel a job, or forget it',
        description: 'One that waits or runs is cancelled; of one that is finished nothing is known afterwards.',
        params: JobParams,
        response: { 204: { description: 'Done.' }, ...errorReplies('job_unknown', 'method_not_allowed') },
      },
    },
    async (request, reply) => {
      parts.jobs.all.delete(jobOf(request));
      return reply.code(204).send();
    },
  );
};

export default fp(jobs, { name: 'job-routes', dependencies: ['errors', 'jobs'], encapsulate: true });
