import type { Job } from './job.js';

const timeOf = (date: Date | undefined): string | null => date?.toISOString() ?? null;

/** What is known of a job but its result. */
export const summaryOf = (job: Job) => ({
  id: job.id,
  model: job.model,
  version: job.version ?? null,
  status: job.status,
  durable: false as const,
  created_at: timeOf(job.createdAt),
  started_at: timeOf(job.startedAt),
  finished_at: timeOf(job.finishedAt),
  ...(job.reply && { content_type: job.reply.contentType }),
  ...(job.error && { error: job.error }),
});

/**
 * A job as JSON, in chunks: with its result, where that is JSON too.
 * @param most the bytes that its result may have; a larger one is left out
 */
export function documentOf(job: Job, most = Number.POSITIVE_INFINITY): readonly Uint8Array[] {
  const summary = JSON.stringify(summaryOf(job));
  const { reply } = job;
  const hasResult = job.status === 'succeeded' && reply!.contentType.startsWith('application/json') && job.size <= most;
  if (!hasResult) return [Buffer.from(summary)];
  return [Buffer.from(`${summary.slice(0, -1)},"result":`), ...reply!.body, Buffer.from('}')];
}
