import type { Reply } from '../protocols/protocol.js';
import type { KnownJob } from './job-store.js';

const timeOf = (date: Date | undefined): string | null => date?.toISOString() ?? null;

/** What is known of a job but its result. */
export const summaryOf = (job: KnownJob) => ({
  id: job.id,
  model: job.model,
  version: job.version ?? null,
  status: job.status,
  durable: job.durable,
  created_at: timeOf(job.createdAt),
  started_at: timeOf(job.startedAt),
  finished_at: timeOf(job.finishedAt),
  ...(job.contentType !== undefined && { content_type: job.contentType }),
  ...(job.error && { error: job.error }),
});

/** Whether its document has the result of a job: one that succeeded, in JSON of so many bytes at most. */
export const hasResult = (job: KnownJob, most = Number.POSITIVE_INFINITY): boolean =>
  job.status === 'succeeded' && job.contentType!.startsWith('application/json') && job.size <= most;

/**
 * A job as JSON, in chunks.
 * @param reply its reply, where that is in the document
 */
export function documentOf(job: KnownJob, reply?: Reply): readonly Uint8Array[] {
  const summary = JSON.stringify(summaryOf(job));
  if (!reply) return [Buffer.from(summary)];
  return [Buffer.from(`${summary.slice(0, -1)},"result":`), ...reply.body, Buffer.from('}')];
}
