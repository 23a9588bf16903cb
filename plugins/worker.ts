import { randomUUID } from 'node:crypto';
import fp from 'fastify-plugin';
import { errorReply } from '../schemas/error.js';
import { kerasServeOf } from '../src/http/keras-serve.js';
import { failedReply } from '../src/http/send-error.js';
import { obstacleOf } from '../src/jobs/obstacles.js';
import { Announcements } from '../src/jobs/redis/announcements.js';
import type { RedisConnections } from '../src/jobs/redis/connection.js';
import { Consumer } from '../src/jobs/redis/consumer.js';
import { QueueTurns } from '../src/jobs/redis/queue-turns.js';
import { withScripts } from '../src/jobs/redis/scripts.js';
import { openInference } from '../src/protocols/open-inference/protocol.js';
import { predictProtocol } from '../src/protocols/predict/protocol.js';
import type { Protocol } from '../src/protocols/protocol.js';
import { tensorFlowServing } from '../src/protocols/tensorflow-serving/protocol.js';

export interface WorkerOptions {
  connections: RedisConnections;
  /** The largest image file, in bytes. */
  maxImageSize: number;
  /** How often a request may be begun. */
  maxAttempts: number;
  /** Seconds that a job is known after its end. */
  jobTtl: number;
  /** Seconds that what is worked on gets to be finished, before it goes back into its queue. */
  closeTimeout: number;
}

/** Announces the models that are served here, and answers what lies in the queues for them. */
export default fp<WorkerOptions>(
  async (app, { connections, maxImageSize, maxAttempts, jobTtl, closeTimeout }) => {
    const parts = kerasServeOf(app);
    const { prefix, subscriptions, webhooks } = parts.redis!;
    const redis = withScripts(connections.forWorker());
    const protocols = [predictProtocol(maxImageSize), tensorFlowServing, openInference] as Protocol<never, never>[];
    let announcements: Announcements | undefined;
    let consumer: Consumer | undefined;
    let turns: QueueTurns | undefined;
    app.addHook('onReady', async () => {
      const { catalog, serving, tasks, memory } = parts;
      announcements = new Announcements(connections, randomUUID(), catalog, app.log);
      consumer = new Consumer(
        {
          serving,
          tasks,
          memory,
          redis,
          prefix,
          subscriptions,
          protocols: new Map(protocols.map((protocol) => [protocol.prefix, protocol])),
          obstacleOf,
          failure: (error, protocol = { errorBody: errorReply } as never) => failedReply(error, app.log, protocol),
          tell: (job) => webhooks.add(job),
          log: app.log,
        },
        { maxAttempts, jobTtl, processes: catalog.pool.processes.length },
      );
      parts.consumer = consumer;
      consumer.events.on('ended', (job) => parts.jobs.store.events.emit('ended', job));
      turns = new QueueTurns(redis, prefix, catalog, announcements, consumer);
      await consumer.start();
      await announcements.start();
      turns.start();
      app.log.info({ models: catalog.models.length }, 'models are announced, and requests are taken from the queue');
    });
    app.addHook('preClose', async () => {
      turns?.stop();
      await announcements?.stop();
      await consumer?.close(closeTimeout * 1000);
    });
  },
  { name: 'worker', dependencies: ['redis', 'model', 'serving', 'open-replies', 'jobs'] },
);
