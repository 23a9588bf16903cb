import type { EventEmitter } from 'node:events';
import type { KeptMessage, Protocol, Reply } from '../protocols/protocol.js';
import type { StageTimings } from '../serving/request-context.js';
import type { IdempotentRequest } from './idempotency-keys.js';
import type { FailedReply, JobStatus } from './job.js';

/** A request that is to be answered later. */
export interface LaterRequest<Message = unknown> {
  /** Whose it is: the name of a key, undefined where there are none. */
  owner: string | undefined;
  /** The name of the model that is asked. */
  model: string;
  protocol: Protocol<never, Message>;
  /** The parts of its address that name the model. */
  address: object;
  kept: KeptMessage<Message>;
  /** The reply that says why it failed. */
  failure(error: unknown): FailedReply;
  /** What it is known by where it may come again. */
  idempotent?: IdempotentRequest | undefined;
  /** Where its end is to be told. */
  webhook?: URL | undefined;
}

/** A job as it is known now. */
export interface KnownJob {
  /** 128 random bits. */
  readonly id: string;
  readonly owner: string | undefined;
  readonly model: string;
  /** The version that answers, once it is known. */
  readonly version?: number | undefined;
  readonly status: JobStatus;
  readonly isFinished: boolean;
  /** Whether it outlives the process. */
  readonly durable: boolean;
  readonly createdAt: Date;
  readonly startedAt?: Date | undefined;
  readonly finishedAt?: Date | undefined;
  /** Of its reply, once there is one. */
  readonly contentType?: string | undefined;
  /** Bytes of its reply. */
  readonly size: number;
  /** Why it failed. */
  readonly error?: FailedReply['error'] | undefined;
  readonly timings: StageTimings;
}

/** What there is to say of all jobs. */
export interface JobFigures {
  /** How many there are by their states. */
  counts: Record<JobStatus, number>;
  /** Seconds that the one that waits longest has been waiting; 0 where none does. */
  oldest: number;
}

/** Where jobs are kept. Whatever it is asked it may not be able to tell: what it throws is a KnownError. */
export interface JobStore {
  /** Takes a request on, or gives the job that it has made before. @throws JobError, ServingError where there is no room for it */
  take<Message>(request: LaterRequest<Message>): Promise<KnownJob>;
  /** A job of an owner. @throws JobError where there is none */
  get(id: string, owner: string | undefined): Promise<KnownJob>;
  /** The job as it is when it is finished, when the signal aborts, or after so many seconds. */
  settled(job: KnownJob, signal: AbortSignal, seconds: number): Promise<KnownJob>;
  /**
   * Tells of a job whenever it has changed, the last time with its end.
   * @returns ends that
   */
  watch(job: KnownJob, changed: (job: KnownJob) => void): Promise<() => void>;
  /** The reply of a job that succeeded, or failed. */
  replyOf(job: KnownJob): Promise<Reply | FailedReply | undefined>;
  /** Cancels a job that waits or runs, forgets one that is finished. */
  delete(job: KnownJob): Promise<void>;
  /** The newest jobs, and how many are known. */
  list(most: number): Promise<{ jobs: readonly KnownJob[]; total: number }>;
  figures(): Promise<JobFigures>;
  /** Tells of jobs that have ended in this process. */
  readonly events: EventEmitter<{ ended: [Pick<KnownJob, 'model' | 'timings'>] }>;
  /** Whether other processes share it, and may have to answer. */
  readonly isShared: boolean;
  /** Jobs that will be lost with this process: those that wait or run here. */
  readonly unfinished: number;
}
