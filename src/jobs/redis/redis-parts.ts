import type { Redis } from 'ioredis';
import type { Webhooks } from '../webhooks.js';
import type { RedisConnections } from './connection.js';
import { type DirectLimits, DirectRequests } from './direct-requests.js';
import { Mender } from './mender.js';
import { type QueueFigures, queueFigures } from './queue-figures.js';
import { Queues } from './queues.js';
import { RedisStore, type StoreLimits } from './redis-store.js';
import { type JobScripts, withScripts } from './scripts.js';
import { Subscriptions } from './subscriptions.js';
import { WebhookQueue } from './webhook-queue.js';

/** What those who take requests on have in Redis. */
export class RedisParts {
  readonly prefix: string;
  /** Says at once that Redis is away. */
  readonly redis: Redis & JobScripts;
  readonly queues: Queues;
  readonly subscriptions: Subscriptions;
  readonly webhooks: WebhookQueue;
  private readonly mender: Mender;

  constructor(private readonly connections: RedisConnections) {
    this.prefix = connections.prefix;
    this.redis = withScripts(connections.commands);
    this.queues = new Queues(this.redis, this.prefix);
    this.subscriptions = new Subscriptions(connections.forSubscriber());
    this.webhooks = new WebhookQueue(this.redis, this.prefix);
    this.mender = new Mender(this.redis, this.prefix, this.queues);
  }

  /** Where jobs are kept. */
  store(limits: StoreLimits): RedisStore {
    return new RedisStore({ ...this.asked(), tell: (job) => this.webhooks.add(job) }, limits);
  }

  /** Requests whose clients wait; `start` begins. */
  direct(limits: DirectLimits): DirectRequests {
    return new DirectRequests(this.asked(), limits);
  }

  /** Sees to it that nothing is lost, and that ends are told where that is wanted. */
  start(webhooks: Webhooks | undefined): void {
    this.mender.start();
    if (webhooks) this.webhooks.tell(this.connections.forWorker(), webhooks);
  }

  /** What there is to say of all queues. */
  figures(): Promise<QueueFigures> {
    return queueFigures(this.redis, this.prefix);
  }

  async close(): Promise<void> {
    await this.mender.close();
    await this.webhooks.close();
    await this.queues.close();
  }

  private asked() {
    const { redis, prefix, queues, subscriptions } = this;
    return { redis, prefix, queues, subscriptions };
  }
}
