import type { Job } from './job.js';

const timeOf = (date: Date | undefined): string | null => date?.toISOString() ?? null;

/** What is known of a job but its result. */
export const summaryOf = (job: Job) => ({
  id: job.id,
  model: job.request.model,
  version: job.version ?? null,
  status: job.status,
  durable: false as const,
  created_at: timeOf(job.createdAt),
  started_at: timeOf(job.startedAt),
  finished_at: timeOf(job.finishedAt),
  ...(job.reply && { content_type: job.reply.contentType }),
  ...(job.error && { error: job.error }),
});

/** A job as JSON: with its result, where that is JSON too. */
export function documentOf(job: Job): string {
  const summary = JSON.stringify(summaryOf(job));
  if (job.status !== 'succeeded' || !job.reply!.contentType.startsWith('application/json')) return summary;
  return `${summary.slice(0, -1)},"result":${Buffer.concat(job.reply!.body).toString()}}`;
}
