import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ModelLease } from '../catalog/catalog.js';
import { JobError } from '../jobs/errors.js';
import type { IdempotentRequest } from '../jobs/idempotency-keys.js';
import type { KeptMessage, Protocol } from '../protocols/protocol.js';
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
  const { store, webhookAddress, deadline } = parts.jobs;
  if (!respondAsync && lease.model.absence) throw lease.model.absence;
  const told = webhook === undefined ? undefined : webhookAddress(webhook);
  const kept = await protocol.keep(message, lease.model);
  // The job has a lease of its own once it runs: whoever waits for it keeps no model loaded.
  lease.release();
  const owner = keyHolderOf(request)?.name;
  // Of the request nothing else is kept: it holds its body.
  const { params, log } = request;
  const taken = await store.take({
    owner,
    model: lease.model.name,
    protocol,
    address: params as object,
    kept,
    failure: (error) => failedReply(error, log, protocol),
    idempotent: idempotencyKey === undefined ? undefined : idempotentRequest(request, owner, idempotencyKey, kept),
    webhook: told,
  });
  // In memory a job has the model's own deadline, behind others that wait.
  const patience = store.isShared ? deadline : Number.POSITIVE_INFINITY;
  const job = await store.settled(
    taken,
    replyTo(request).signal,
    respondAsync ? Math.min(wait, longestWait) : patience,
  );
  if (!respondAsync && !job.isFinished && !replyTo(request).isGone)
    throw new JobError(
      'deadline_exceeded',
      `Not answered within ${deadline} s, but it will be: ask again with the same Idempotency-Key.`,
    );
  if (!respondAsync || (wait > 0 && job.isFinished)) return sendResult(reply, job);
  reply.headers({
    location: jobPath(request, job),
    'preference-applied': 'respond-async',
  });
  return sendJob(reply.code(202), job);
}

/** What a request is known by that may come again, and what it says. */
const idempotentRequest = (
  { method, url, mediaType, headers }: FastifyRequest,
  owner: string | undefined,
  key: string,
  { bytes }: KeptMessage<unknown>,
): IdempotentRequest => {
  // What besides its body says what it asks for.
  const sayings = JSON.stringify([mediaType, headers.accept, headers['inference-header-content-length']]);
  return { scope: [owner ?? '', method, url], key, bytes: [Buffer.from(sayings), ...bytes] };
};
