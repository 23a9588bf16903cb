import type { Reply } from '../../protocols/protocol.js';
import type { StageTimings } from '../../serving/request-context.js';
import type { FailedReply, JobStatus } from '../job.js';
import type { KnownJob } from '../job-store.js';

/** The fields of a job in Redis. */
export type JobFields = Readonly<Record<string, string>>;

/** How a job ended: its fields, and the body of its reply. */
export interface JobEnd {
  status: 'succeeded' | 'failed';
  fields: Record<string, string>;
  body: readonly Uint8Array[];
}

/** What is kept of a reply. */
export function endOf(reply: Reply | FailedReply, version: number | undefined, timings: StageTimings): JobEnd {
  const { contentType, headers = {}, body } = reply;
  return {
    status: 'error' in reply ? 'failed' : 'succeeded',
    fields: {
      type: contentType,
      headers: JSON.stringify(headers),
      size: String(body.reduce((sum, { length }) => sum + length, 0)),
      timings: JSON.stringify(timings),
      ...(version !== undefined && { version: String(version) }),
      ...('error' in reply && { code: String(reply.status), error: JSON.stringify(reply.error) }),
    },
    body,
  };
}

/** The reply that an end had. @param body its bytes */
export function replyIn(fields: JobFields, body: Uint8Array): Reply | FailedReply {
  const reply = { contentType: fields.type!, headers: JSON.parse(fields.headers!) as Reply['headers'], body: [body] };
  if (fields.error === undefined) return reply as Reply;
  return {
    ...reply,
    status: Number(fields.code),
    error: JSON.parse(fields.error) as FailedReply['error'],
  } as FailedReply;
}

const dateOf = (milliseconds: string | undefined): Date | undefined =>
  milliseconds === undefined ? undefined : new Date(Number(milliseconds));

const states: ReadonlySet<string> = new Set<JobStatus>(['queued', 'running', 'succeeded', 'failed', 'cancelled']);
const isTime = (text: string | undefined) => text === undefined || /^\d{1,15}$/.test(text);

/** Whether fields are those of a job: anybody who may write to Redis may have written others. */
export const isJob = ({ status, model, created, started, finished }: JobFields): boolean =>
  states.has(status ?? '') &&
  model !== undefined &&
  created !== undefined &&
  [created, started, finished].every(isTime);

/** A job in Redis as it was when it was read. */
export class StoredJob implements KnownJob {
  readonly durable = true;

  constructor(
    readonly id: string,
    readonly fields: JobFields,
  ) {}

  get owner(): string | undefined {
    return this.fields.owner;
  }

  get model(): string {
    return this.fields.model!;
  }

  get version(): number | undefined {
    return this.fields.version === undefined ? undefined : Number(this.fields.version);
  }

  get status(): JobStatus {
    return this.fields.status as JobStatus;
  }

  get isFinished(): boolean {
    return this.fields.finished !== undefined;
  }

  get createdAt(): Date {
    return dateOf(this.fields.created)!;
  }

  get startedAt(): Date | undefined {
    return dateOf(this.fields.started);
  }

  get finishedAt(): Date | undefined {
    return dateOf(this.fields.finished);
  }

  get contentType(): string | undefined {
    return this.fields.type;
  }

  get size(): number {
    return Number(this.fields.size ?? 0);
  }

  get error(): FailedReply['error'] | undefined {
    return this.fields.error === undefined ? undefined : JSON.parse(this.fields.error);
  }

  get timings(): StageTimings {
    return JSON.parse(this.fields.timings ?? '{}');
  }
}
