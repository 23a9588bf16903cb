import { PassThrough } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { documentOf, hasResult } from '../jobs/document.js';
import { JobError } from '../jobs/errors.js';
import type { KnownJob } from '../jobs/job-store.js';
import { jsonType } from '../protocols/protocol.js';
import { kerasServeOf } from './keras-serve.js';
import { replyTo } from './open-replies.js';
import { sendReply } from './send-reply.js';
import { serverTiming } from './server-timing.js';

/** Where a job is, as clients have to write it. */
export const jobPath = (request: FastifyRequest, { id }: KnownJob): string => {
  const { outerPath, jobs } = kerasServeOf(request.server);
  return `${outerPath(request)}${jobs.path}/${id}`;
};

/** A job as JSON, with its result where that is JSON of so many bytes at most. */
async function bodyOf({ server }: FastifyRequest, job: KnownJob, most?: number): Promise<readonly Uint8Array[]> {
  const { store } = kerasServeOf(server).jobs;
  return documentOf(job, hasResult(job, most) ? await store.replyOf(job) : undefined);
}

/** Answers with what is known of a job. */
export async function sendJob(reply: FastifyReply, job: KnownJob): Promise<FastifyReply> {
  const body = await bodyOf(reply.request, job);
  return sendReply(reply.header('cache-control', 'no-store'), { contentType: jsonType, body });
}

/**
 * Answers as the request would have been that made a job.
 * @throws JobError where it isn't finished, or was cancelled
 */
export async function sendResult(reply: FastifyReply, job: KnownJob): Promise<FastifyReply> {
  const result = await kerasServeOf(reply.server).jobs.store.replyOf(job);
  if (!result)
    throw new JobError(
      'job_unfinished',
      job.isFinished
        ? 'The job was cancelled, so it has no result.'
        : `The job is not finished yet. GET ${jobPath(reply.request, job)}?wait=60 waits for it.`,
    );
  if ('status' in result) reply.code(result.status);
  else reply.header('x-model-version', job.version);
  return sendReply(reply.headers(serverTiming(job.timings)), result);
}

/** Bytes of a result that an event has: each who listens has a copy. */
const largestEvent = 64 * 1024;
/** Milliseconds after which a line of no meaning keeps a connection from being taken for dead. */
const heartbeat = 15_000;

/**
 * Answers with a job at once and whenever it changes, as server-sent events; the last is that of its end.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export async function sendEvents(reply: FastifyReply, first: KnownJob): Promise<FastifyReply> {
  const { store } = kerasServeOf(reply.server).jobs;
  const stream = new PassThrough();
  let last = '';
  const send = async (job: KnownJob) => {
    const body = await bodyOf(reply.request, job, largestEvent);
    const lines = Buffer.concat(body)
      .toString()
      .replace(/\r\n?|\n/g, '\ndata: ');
    // It is looked at now and then, whether it has changed or not.
    if (lines === last) return;
    last = lines;
    stream.write(`event: status\ndata: ${lines}\n\n`);
    if (!job.isFinished) return;
    clearInterval(timer);
    stream.end();
  };
  // One after the other: each waits for what is to be read for it.
  let sending = Promise.resolve();
  const sendNext = (job: KnownJob) => {
    sending = sending.then(() => send(job)).catch((error) => void stream.destroy(error));
  };
  const timer = setInterval(() => stream.write(':\n\n'), heartbeat);
  replyTo(reply.request).onEnd(() => clearInterval(timer));
  const stop = await store.watch(first, sendNext);
  replyTo(reply.request).onEnd(stop);
  // It may have changed before it was watched.
  sendNext(await store.get(first.id, first.owner));
  return reply.type('text/event-stream').header('cache-control', 'no-store').send(stream);
}
