import { EventEmitter } from 'node:events';
import type { ProtocolParts, Reply } from '../protocols/protocol.js';
import { type MemoryBudget, messageCost } from '../serving/memory-budget.js';
import { IdempotencyKeys } from './idempotency-keys.js';
import type { FailedReply, Job, JobTask } from './job.js';
import type { JobFigures, JobStore, KnownJob, LaterRequest } from './job-store.js';
import type { MemoryJobs } from './memory-jobs.js';
import type { Webhooks } from './webhooks.js';

/** Jobs that are kept, and run, in this process. */
export class MemoryStore implements JobStore {
  readonly isShared = false;
  readonly events: JobStore['events'] = new EventEmitter();
  private readonly idempotencyKeys = new IdempotencyKeys();

  /** @param webhooks where there are any */
  constructor(
    readonly jobs: MemoryJobs,
    private readonly parts: ProtocolParts & { readonly memory: MemoryBudget },
    private readonly webhooks: Webhooks | undefined,
  ) {
    jobs.on('forgotten', (job) => this.idempotencyKeys.forget(job));
    jobs.on('ended', (job) => this.events.emit('ended', job));
  }

  get unfinished(): number {
    return this.jobs.unfinished;
  }

  async take<Message>(request: LaterRequest<Message>): Promise<Job> {
    const make = () => this.add(request);
    return request.idempotent ? this.idempotencyKeys.jobOf(request.idempotent, make) : make();
  }

  async get(id: string, owner: string | undefined): Promise<Job> {
    return this.jobs.get(id, owner);
  }

  async settled(job: KnownJob, signal: AbortSignal, seconds: number): Promise<KnownJob> {
    await (job as Job).settled(signal, seconds);
    return job;
  }

  async watch(known: KnownJob, changed: (job: KnownJob) => void): Promise<() => void> {
    const job = known as Job;
    const tell = () => changed(job);
    job.on('change', tell);
    return () => job.off('change', tell);
  }

  async replyOf(job: KnownJob): Promise<Reply | FailedReply | undefined> {
    return (job as Job).reply;
  }

  async delete(job: KnownJob): Promise<void> {
    this.jobs.delete(job as Job);
  }

  async list(most: number): Promise<{ jobs: readonly KnownJob[]; total: number }> {
    const { all } = this.jobs;
    return { jobs: all.slice(0, most), total: all.length };
  }

  async figures(): Promise<JobFigures> {
    const { counts, oldest } = this.jobs;
    return { counts, oldest };
  }

  private add<Message>(request: LaterRequest<Message>): Job {
    const { protocol, address, kept, failure, owner, model, webhook } = request;
    const { message, bytes } = kept;
    const memory = this.parts.memory.reservation();
    const task: JobTask = {
      answer: async (context, onVersion) => {
        const lease = protocol.lease(this.parts.serving, address as never);
        try {
          onVersion(lease.version);
          return await protocol.answer(this.parts, lease, message, context);
        } finally {
          lease.release();
        }
      },
      failure,
    };
    memory.grow(bytes.reduce((sum, { length }) => sum + length, 0) * messageCost);
    try {
      const job = this.jobs.add({ owner, model, memory, task });
      if (webhook) this.webhooks!.follow(job, webhook);
      return job;
    } catch (error) {
      memory.release();
      throw error;
    }
  }
}
