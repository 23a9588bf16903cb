import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ModelLease } from '../catalog/catalog.js';
import { JobError } from '../jobs/errors.js';
import type { Job, JobTask } from '../jobs/job.js';
import type { KeptMessage, Protocol } from '../protocols/protocol.js';
import { bodyCost } from './bodies.js';
import { jobPath, sendJob, sendResult } from './job-replies.js';
import type { KerasServeParts } from './keras-serve.js';
import { keyHolderOf } from './key-holder.js';
import { replyTo } from './open-replies.js';
import { type Preferences, preferencesIn } from './prefer.js';
import { RequestError } from './request-error.js';
import { failedReply } from './send-error.js';

/** How a request is to be answered, if not as ever. */
export interface Later extends Preferences {
  idempotencyKey: string | undefined;
  /** Who is to be told of the end. */
  webhook: string | undefined;
}

/** What a request says of when it is answered; undefined where it says nothing. @throws RequestError, JobError */
export function laterOf({ headers, query }: FastifyRequest): Later | undefined {
  const preferences = preferencesIn(headers.prefer);
  const idempotencyKey = headers['idempotency-key'] as string | undefined;
  if (idempotencyKey !== undefined && !/^[\x20-\x7e]{1,255}$/.test(idempotencyKey))
    throw new RequestError('request_invalid', 'The header "Idempotency-Key" should be 1 to 255 printable characters.');
  const { webhook } = query as { webhook?: string | string[] };
  if (Array.isArray(webhook)) throw new JobError('webhook_refused', '"webhook" stands in the query more than once.');
  const respondAsync = preferences.respondAsync || webhook !== undefined;
  if (!respondAsync && idempotencyKey === undefined) return undefined;
  return { ...preferences, respondAsync, idempotencyKey, webhook };
}

/** The seconds that a request waits for a job, at most. */
const longestWait = 60;

/**
 * Makes a job of a request, and answers with it; or with its answer, where that is wanted, and there in time.
 * @throws JobError, ServingError, and what reading the message throws
 */
export async function answerLater<Message>(
  protocol: Protocol<never, Message>,
  parts: KerasServeParts,
  lease: ModelLease,
  message: Message,
  reply: FastifyReply,
  { respondAsync, wait = 0, idempotencyKey, webhook }: Later,
): Promise<FastifyReply> {
  const { request } = reply;
  const { webhooks } = parts.jobs;
  if (webhook !== undefined && !webhooks)
    throw new JobError('webhook_refused', 'There are no webhooks here: the operator has set no --webhook-secret.');
  const told = webhook === undefined ? undefined : webhooks!.addressOf(webhook);
  const kept = await protocol.keep(message, lease.model);
  // The job has a lease of its own once it runs: whoever waits for it keeps no model loaded.
  lease.release();
  const make = () => {
    const job = addJob(protocol, parts, lease, kept, request);
    if (told) webhooks!.follow(job, told);
    return job;
  };
  const scope = [keyHolderOf(request)?.name ?? '', request.method, request.url];
  const job =
    idempotencyKey === undefined
      ? make()
      : await parts.jobs.idempotencyKeys.jobOf(
          { scope, key: idempotencyKey, bytes: [sayings(request), ...kept.bytes] },
          make,
        );
  const { signal } = replyTo(request);
  await job.settled(signal, respondAsync ? Math.min(wait, longestWait) : Number.POSITIVE_INFINITY);
  if (!respondAsync || (wait > 0 && job.isFinished)) return sendResult(reply, job);
  reply.headers({
    location: jobPath(request, job),
    'preference-applied': 'respond-async',
  });
  return sendJob(reply.code(202), job);
}

/** What besides its body says what a request asks for. */
const sayings = ({ mediaType, headers }: FastifyRequest): Uint8Array =>
  Buffer.from(JSON.stringify([mediaType, headers.accept, headers['inference-header-content-length']]));

/** @throws JobError, ServingError where there is no room for it */
function addJob<Message>(
  protocol: Protocol<never, Message>,
  parts: KerasServeParts,
  { model }: ModelLease,
  { message, bytes }: KeptMessage<Message>,
  request: FastifyRequest,
): Job {
  const memory = parts.memory.reservation();
  // Of the request nothing else is kept: it holds its body.
  const { params, log } = request;
  const task: JobTask = {
    async answer(context, onVersion) {
      const lease = protocol.lease(parts.serving, params as never);
      try {
        onVersion(lease.version);
        return await protocol.answer(parts, lease, message, context);
      } finally {
        lease.release();
      }
    },
    failure: (error) => failedReply(error, log, protocol),
  };
  memory.grow(bytes.reduce((sum, { length }) => sum + length, 0) * bodyCost);
  try {
    return parts.jobs.all.add({ owner: keyHolderOf(request)?.name, model: model.name, memory, task });
  } catch (error) {
    memory.release();
    throw error;
  }
}
