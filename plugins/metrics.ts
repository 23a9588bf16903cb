import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { errorReplies } from '../schemas/error.js';
import type { Connections } from '../src/http/connections.js';
import { kerasServeOf } from '../src/http/keras-serve.js';
import { keyHolderOf } from '../src/http/key-holder.js';
import { askedGauges } from '../src/http/metrics/asked-gauges.js';
import { countConnections } from '../src/http/metrics/connections.js';
import { jobGauges } from '../src/http/metrics/jobs.js';
import { countKeys } from '../src/http/metrics/keys.js';
import { countModels } from '../src/http/metrics/models.js';
import { queueGauges } from '../src/http/metrics/queue.js';
import { countWorkers } from '../src/http/metrics/workers.js';
import { replyTo } from '../src/http/open-replies.js';
import { CLIENT_GONE } from '../src/http/request-log.js';
import { inGroup } from '../src/http/route-group.js';
import { serverTiming } from '../src/http/server-timing.js';
import { withoutTrailingSlash } from '../src/http/trailing-slash.js';
import type { StageTimings } from '../src/serving/request-context.js';
import { listen } from '../src/support/listen.js';

export interface MetricsOptions {
  /** Those of the server, where it is ours. */
  connections?: Connections | undefined;
}

/** Seconds, from a model that does next to nothing to one that is far too slow. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** `GET /metrics` in Prometheus's text format, and the `Server-Timing` header. Everything is named `keras_serve_…`. */
export default fp<MetricsOptions>(
  async (app, { connections }) => {
    const parts = kerasServeOf(app);
    const registry = new Registry();
    const registers = [registry];
    collectDefaultMetrics({ register: registry, prefix: 'keras_serve_' });

    const requests = new Histogram({
      name: 'keras_serve_request_duration_seconds',
      help: 'Time from the first byte of a request to the last of its reply, by route, method and status.',
      labelNames: ['route', 'method', 'status'],
      buckets,
      registers,
    });
    const stages = new Histogram({
      name: 'keras_serve_stage_duration_seconds',
      help: 'Time that predictions spend in each stage: decode, queue, inference.',
      labelNames: ['model', 'stage'],
      buckets,
      registers,
    });
    const batches = new Histogram({
      name: 'keras_serve_batch_size',
      help: 'Rows in a run of a model.',
      labelNames: ['model'],
      buckets: [1, 2, 4, 8, 16, 32, 64, 128],
      registers,
    });
    const restarts = new Counter({
      name: 'keras_serve_inference_process_restarts_total',
      help: 'Inference processes that ended unasked and were replaced.',
      registers,
    });
    countModels(parts, registers);
    new Gauge({
      name: 'keras_serve_open_replies',
      help: 'Requests that have come in and are neither answered nor given up, this one among them.',
      registers,
      collect() {
        this.set(parts.replies.size);
      },
    });
    new Gauge({
      name: 'keras_serve_held_bytes',
      help: 'Memory that requests have reserved and not given back yet; there is a bound on it.',
      registers,
      collect() {
        this.set(parts.memory.reserved);
      },
    });
    new Gauge({
      name: 'keras_serve_memory_bytes',
      help: 'Resident memory of the server, and of its inference processes added up: what they share, such as weights, counts for each.',
      labelNames: ['process'],
      registers,
      collect() {
        const { processes } = parts.catalog.pool;
        this.set({ process: 'server' }, process.memoryUsage.rss());
        this.set(
          { process: 'inference' },
          processes.reduce((sum, { memory }) => sum + memory, 0),
        );
      },
    });

    const { redis, jobs } = parts;
    askedGauges(jobGauges, () => jobs.store.figures(), registers);
    if (redis) askedGauges(queueGauges, () => redis.figures(), registers);
    if (connections) countConnections(connections, registers);

    const stops: (() => void)[] = [];
    app.addHook('onReady', async () => {
      const { catalog } = parts;
      if (catalog.workers) countWorkers(catalog.workers, registers);
      stops.push(
        listen(catalog, { batch: ({ name, rows }) => batches.observe({ model: name }, rows) }),
        listen(catalog.pool.events, {
          restart: (pid) => {
            restarts.inc();
            app.log.warn({ pid }, 'an inference process ended and is being replaced');
          },
          loadFailed: (err) => app.log.error({ err }, 'a model could not be loaded into another inference process'),
        }),
      );
    });
    app.addHook('onClose', async () => {
      for (const stop of stops) stop();
    });
    app.addHook('onSend', (request, reply, _payload, done) => {
      reply.headers(serverTiming(replyTo(request).timings));
      done();
    });
    const countKey = parts.access.keys ? countKeys(parts.access.keys, registers) : () => undefined;
    const observe = (request: FastifyRequest, { elapsedTime }: FastifyReply, status: number) => {
      const route = withoutTrailingSlash(request.routeOptions.url ?? 'unknown');
      requests.observe({ route, method: request.method, status }, elapsedTime / 1000);
      countKey(keyHolderOf(request));
    };
    const observeStages = (model: string, timings: StageTimings) => {
      for (const [stage, duration] of Object.entries(timings)) stages.observe({ model, stage }, duration / 1000);
    };
    parts.replies.on('gone', ({ request, reply }) => observe(request, reply, CLIENT_GONE));
    app.addHook('onResponse', (request, reply, done) => {
      observe(request, reply, reply.statusCode);
      const { timings } = replyTo(request);
      if (Object.keys(timings).length === 0) return done();
      const { name = parts.catalog.defaultName, model: given = name } = request.params as {
        name?: string;
        model?: string;
      };
      observeStages(parts.catalog.get(given)?.name ?? given, timings);
      done();
    });
    parts.jobs.store.events.on('ended', ({ model, timings }) => observeStages(model, timings));

    app.get(
      '/metrics',
      {
        ...inGroup('metrics'),
        logLevel: 'warn',
        schema: {
          operationId: 'metrics',
          tags: ['Health'],
          summary: 'Metrics in Prometheus’s format',
          description:
            'Requests, latencies by stage, batches, queue, anomalies, connections, restarts, memory and the event loop’s delay.',
          response: {
            200: { description: 'Metrics', content: { 'text/plain': { schema: { type: 'string' } } } },
            ...errorReplies('method_not_allowed'),
          },
        },
      },
      async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()),
    );
  },
  { name: 'metrics', dependencies: ['model', 'open-replies', 'keys', 'jobs'] },
);
