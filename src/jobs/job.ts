import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { Reply } from '../protocols/protocol.js';
import type { Reservation } from '../serving/memory-budget.js';
import type { RequestContext, StageTimings } from '../serving/request-context.js';

/** How far a job is. Behind the last three nothing comes. */
export type JobStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';

/** The reply to a request that failed, as its protocol has it. */
export interface FailedReply extends Reply {
  status: number;
  error: { code: string; message: string };
}

/** What a job does, which holds all that its request has brought. */
export interface JobTask {
  /**
   * Answers the request; the same again where it is called again.
   * @param onVersion is told the version that answers
   */
  answer(context: RequestContext, onVersion: (version: number) => void): Promise<Reply>;
  /** The reply that says why it failed. */
  failure(error: unknown): FailedReply;
}

/** A request that is answered later. */
export interface JobRequest {
  /** Whose it is: the name of a key, undefined where there are none. */
  owner: string | undefined;
  /** The name of the model that is asked. */
  model: string;
  /** What its message takes of memory, given back when the job is finished. */
  memory: Reservation;
  task: JobTask;
}

/** A request that is answered later, and what becomes of it. Emits `change` for each status, and `end` once, with the last. */
export class Job extends EventEmitter<{ change: []; end: [] }> implements RequestContext {
  /** 128 random bits. */
  readonly id = randomBytes(16).toString('hex');
  readonly owner: string | undefined;
  readonly model: string;
  readonly createdAt = new Date();
  readonly timings: StageTimings = {};
  readonly memory: Reservation;
  startedAt?: Date;
  finishedAt?: Date;
  /** The version that answers, once it is known. */
  version?: number;
  /** The reply of a job that succeeded, or failed. */
  reply?: Reply | FailedReply;
  /** Gone with its end, and with it what the request has brought. */
  private task: JobTask | undefined;
  private state: JobStatus = 'queued';
  /** Gone with its end, too: those who listened hold what they worked on. */
  private controller: AbortController | undefined = new AbortController();

  constructor({ owner, model, memory, task }: JobRequest) {
    super();
    this.owner = owner;
    this.model = model;
    this.memory = memory;
    this.task = task;
    // Each who waits listens.
    this.setMaxListeners(0);
  }

  get status(): JobStatus {
    return this.state;
  }

  /** Lost with the process. */
  get durable(): boolean {
    return false;
  }

  get contentType(): string | undefined {
    return this.reply?.contentType;
  }

  get isFinished(): boolean {
    return this.finishedAt !== undefined;
  }

  /** Aborts when it is cancelled; nobody waits for one that has ended. */
  get signal(): AbortSignal {
    return this.controller?.signal ?? AbortSignal.abort();
  }

  /** Why it failed. */
  get error(): FailedReply['error'] | undefined {
    return this.reply && 'error' in this.reply ? this.reply.error : undefined;
  }

  /** Bytes of its reply. */
  get size(): number {
    return this.reply?.body.reduce((sum, { length }) => sum + length, 0) ?? 0;
  }

  /** Tries to answer the request. @throws what the task throws, for whoever may try again or fail it */
  async attempt(): Promise<void> {
    if (!this.task) return;
    this.startedAt = new Date();
    this.state = 'running';
    this.emit('change');
    const reply = await this.task.answer(this, (version) => {
      this.version = version;
    });
    this.finish('succeeded', reply);
  }

  /** Puts it back among those that wait. */
  putBack(): void {
    if (this.isFinished) return;
    this.state = 'queued';
    delete this.startedAt;
    this.emit('change');
  }

  /** It has come to nothing. */
  fail(error: unknown): void {
    if (this.task) this.finish('failed', this.task.failure(error));
  }

  cancel(): void {
    this.finish('cancelled');
  }

  /**
   * Resolves when it is finished, or when the signal aborts.
   * @param seconds after which it resolves whatever the job is
   */
  async settled(signal?: AbortSignal, seconds = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.isFinished || seconds <= 0) return;
    const time = seconds === Number.POSITIVE_INFINITY ? [] : [AbortSignal.timeout(seconds * 1000)];
    await once(this, 'end', { signal: AbortSignal.any([...time, ...(signal ? [signal] : [])]) }).catch(() => undefined);
  }

  /** The last of its states; what comes after is passed over. */
  private finish(status: 'succeeded' | 'failed' | 'cancelled', reply?: Reply | FailedReply): void {
    if (this.isFinished) return;
    this.state = status;
    this.finishedAt = new Date();
    if (reply) this.reply = reply;
    this.task = undefined;
    this.memory.release();
    if (status === 'cancelled') this.controller?.abort();
    this.controller = undefined;
    this.emit('change');
    this.emit('end');
  }
}
