import { PassThrough } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { documentOf } from '../jobs/document.js';
import { JobError } from '../jobs/errors.js';
import type { Job } from '../jobs/job.js';
import { jsonType } from '../protocols/protocol.js';
import { kerasServeOf } from './keras-serve.js';
import { sendReply } from './send-reply.js';
import { serverTiming } from './server-timing.js';

/** Where a job is, as clients have to write it. */
export const jobPath = (request: FastifyRequest, { id }: Job): string => {
  const { outerPath, jobs } = kerasServeOf(request.server);
  return `${outerPath(request)}${jobs.path}/${id}`;
};

/** Answers with what is known of a job. */
export const sendJob = (reply: FastifyReply, job: Job): FastifyReply =>
  sendReply(reply.header('cache-control', 'no-store'), { contentType: jsonType, body: documentOf(job) });

/**
 * Answers as the request would have been that made a job.
 * @throws JobError where it isn't finished, or was cancelled
 */
export function sendResult(reply: FastifyReply, job: Job): FastifyReply {
  const { reply: result } = job;
  if (!result)
    throw new JobError(
      'job_unfinished',
      job.isFinished
        ? 'The job was cancelled, so it has no result.'
        : `The job is not finished yet. GET ${jobPath(reply.request, job)}?wait=60 waits for it.`,
    );
  if ('status' in result) reply.code(result.status);
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
export function sendEvents(reply: FastifyReply, job: Job): FastifyReply {
  const stream = new PassThrough();
  const send = () => {
    const lines = Buffer.concat(documentOf(job, largestEvent))
      .toString()
      .replace(/\r\n?|\n/g, '\ndata: ');
    stream.write(`event: status\ndata: ${lines}\n\n`);
    if (!job.isFinished) return;
    clearInterval(timer);
    stream.end();
  };
  const timer = setInterval(() => stream.write(':\n\n'), heartbeat);
  stream.on('close', () => {
    clearInterval(timer);
    job.off('change', send);
  });
  job.on('change', send);
  send();
  return reply.type('text/event-stream').header('cache-control', 'no-store').send(stream);
}
