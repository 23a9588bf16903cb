import { createHash, hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { JobError } from './errors.js';
import type { Job } from './job.js';

/** What a request with an idempotency key is known by, and what it says. */
export interface IdempotentRequest {
  /** Whose key it is, for which method, path and query. */
  scope: readonly string[];
  key: string;
  /** Its body. */
  bytes: readonly Uint8Array[];
}

/** Bytes that are hashed in one go: a body of the largest size at once would hold up all other requests. */
const atOnce = 2 ** 20;

async function digestOf(parts: readonly Uint8Array[]): Promise<string> {
  const digest = createHash('sha256');
  let hashed = 0;
  for (const part of parts)
    for (let from = 0; from < part.length; from += atOnce) {
      const piece = part.subarray(from, from + atOnce);
      digest.update(piece);
      hashed += piece.length;
      if (hashed < atOnce) continue;
      await setImmediate();
      hashed = 0;
    }
  return digest.digest('base64');
}

/** What a request is known by, and a digest of what it says. */
export async function idempotencyName({
  scope,
  key,
  bytes,
}: IdempotentRequest): Promise<{ name: string; body: string }> {
  return { name: hash('sha256', JSON.stringify([...scope, key])), body: await digestOf(bytes) };
}

/**
 * Which job a request has made that may come again, as long as the job is known.
 * https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header
 */
export class IdempotencyKeys {
  private readonly known = new Map<string, { body: string; job: Job }>();
  private readonly names = new WeakMap<Job, string>();

  /** The job of a request: one that it has made before, or a new one. @throws JobError where its body is another */
  async jobOf(request: IdempotentRequest, make: () => Job): Promise<Job> {
    const { name, body } = await idempotencyName(request);
    const found = this.known.get(name);
    if (found && found.body !== body)
      throw new JobError(
        'idempotency_key_reused',
        'This Idempotency-Key came with another body before. Take a new one.',
      );
    if (found) return found.job;
    const job = make();
    this.known.set(name, { body, job });
    this.names.set(job, name);
    return job;
  }

  /** The job is known no more. */
  forget(job: Job): void {
    const name = this.names.get(job);
    if (name !== undefined) this.known.delete(name);
  }
}
