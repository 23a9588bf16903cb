import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { errorReplies } from '../schemas/error.js';
import { versionStates } from '../src/catalog/model-versions.js';
import type { Connections } from '../src/http/connections.js';
import { type KerasServeParts, kerasServeOf } from '../src/http/keras-serve.js';
import { type KeyHolder, keyHolderOf } from '../src/http/key-holder.js';
import { replyTo } from '../src/http/open-replies.js';
import { CLIENT_GONE } from '../src/http/request-log.js';
import { inGroup } from '../src/http/route-group.js';
import { withoutTrailingSlash } from '../src/http/trailing-slash.js';
import type { ApiKeys } from '../src/keys/api-keys.js';
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
    new Gauge({
      name: 'keras_serve_queue_depth',
      help: 'Requests that wait for an inference process.',
      labelNames: ['model'],
      registers,
      collect() {
        this.reset();
        for (const { name, versions } of parts.catalog.models)
          for (const { model } of versions) this.inc({ model: name }, model?.queued ?? 0);
      },
    });
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
      name: 'keras_serve_model_state',
      help: 'What each version of each model is doing: 1 for its state, 0 for the others.',
      labelNames: ['model', 'version', 'state'],
      registers,
      collect() {
        this.reset();
        for (const { name, versions } of parts.catalog.models)
          for (const { version, state } of versions)
            for (const one of versionStates) this.set({ model: name, version, state: one }, one === state ? 1 : 0);
      },
    });
    new Counter({
      name: 'keras_serve_model_load_failures_total',
      help: 'How often a version of a model could not be loaded.',
      labelNames: ['model', 'version'],
      registers,
      collect() {
        this.reset();
        for (const { name, versions } of parts.catalog.models)
          for (const { version, failures } of versions) this.inc({ model: name, version }, failures);
      },
    });
    new Gauge({
      name: 'keras_serve_assumptions',
      help: 'How much of a version of a model is inferred, in place of a card that says it, by how sure it is.',
      labelNames: ['model', 'version', 'certainty'],
      registers,
      collect() {
        this.reset();
        for (const { name, versions } of parts.catalog.models)
          for (const { version, model } of versions)
            for (const { certainty } of model?.assumptions ?? []) this.inc({ model: name, version, certainty }, 1);
      },
    });
    new Gauge({
      name: 'keras_serve_anomalies',
      help: 'What looks like nonsense in what goes into a version of a model or comes out: 1 once it has been noticed, until the model is loaded anew.',
      labelNames: ['model', 'version', 'key', 'anomaly'],
      registers,
      collect() {
        this.reset();
        for (const { name, versions } of parts.catalog.models)
          for (const { version, model } of versions)
            for (const { key, anomaly } of model?.anomalies ?? []) this.set({ model: name, version, key, anomaly }, 1);
      },
    });
    new Gauge({
      name: 'keras_serve_memory_bytes',
      help: 'Resident memory of the server and of its inference processes.',
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

    countJobs(parts, registers);
    if (connections) countConnections(connections, registers);

    const stops: (() => void)[] = [];
    app.addHook('onReady', async () => {
      const { catalog } = parts;
      stops.push(
        listen(catalog, { batch: ({ name, rows }) => batches.observe({ model: name }, rows) }),
        listen(catalog.pool.events, {
          restart: (pid) => {
            restarts.inc();
            app.log.warn({ pid }, 'an inference process ended and is being replaced');
          },
          loadFailed: (err) => app.log.error({ err }, 'a model could not be loaded into a new inference process'),
        }),
      );
    });
    app.addHook('onClose', async () => {
      for (const stop of stops) stop();
    });
    app.addHook('onSend', async (request, reply) => {
      const timings = Object.entries(replyTo(request).timings);
      if (timings.length > 0)
        reply.header(
          'server-timing',
          timings.map(([stage, duration]) => `${stage};dur=${duration.toFixed(1)}`).join(', '),
        );
    });
    const countKey = parts.access.keys ? countKeys(parts.access.keys, registers) : () => undefined;
    const observe = (request: FastifyRequest, { elapsedTime }: FastifyReply, status: number) => {
      const route = withoutTrailingSlash(request.routeOptions.url ?? 'unknown');
      requests.observe({ route, method: request.method, status }, elapsedTime / 1000);
      countKey(keyHolderOf(request));
    };
    parts.replies.on('gone', ({ request, reply }) => observe(request, reply, CLIENT_GONE));
    app.addHook('onResponse', async (request, reply) => {
      observe(request, reply, reply.statusCode);
      const timings = Object.entries(replyTo(request).timings);
      if (timings.length === 0) return;
      const { name = parts.catalog.defaultName, model: given = name } = request.params as {
        name?: string;
        model?: string;
      };
      const model = parts.catalog.get(given)?.name ?? given;
      for (const [stage, duration] of timings) stages.observe({ model, stage }, duration / 1000);
    });

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

/** @returns counts a request of a holder */
function countKeys(keys: ApiKeys, registers: Registry[]): (holder: KeyHolder | undefined) => void {
  const counts = new Map<string, number>();
  new Counter({
    name: 'keras_serve_requests_by_key_total',
    help: 'Requests by the name of the API key that came with them, of the keys that there are now.',
    labelNames: ['key'],
    registers,
    collect() {
      this.reset();
      const names = new Set(keys.all.map(({ name }) => name));
      for (const name of counts.keys()) if (!names.has(name)) counts.delete(name);
      for (const key of names) this.inc({ key }, counts.get(key) ?? 0);
    },
  });
  return (holder) => holder && void counts.set(holder.name, (counts.get(holder.name) ?? 0) + 1);
}

function countJobs(parts: KerasServeParts, registers: Registry[]): void {
  new Gauge({
    name: 'keras_serve_jobs',
    help: 'Jobs that are known, by what has become of them.',
    labelNames: ['status'],
    registers,
    collect() {
      for (const [status, count] of Object.entries(parts.jobs.all.counts)) this.set({ status }, count);
    },
  });
  new Gauge({
    name: 'keras_serve_job_oldest_seconds',
    help: 'How long the job that waits longest has been waiting.',
    registers,
    collect() {
      this.set(parts.jobs.all.oldest);
    },
  });
}

function countConnections(connections: Connections, registers: Registry[]): void {
  new Gauge({
    name: 'keras_serve_connections',
    help: 'Connections that are open.',
    registers,
    collect() {
      this.set(connections.size);
    },
  });
  const crowded = new Counter({
    name: 'keras_serve_connections_crowded_total',
    help: 'Connections closed because there were too many: idle ones and unfinished requests that made way for new ones, or new ones refused.',
    labelNames: ['which'],
    registers,
  });
  for (const which of ['idle', 'unfinished', 'refused'] as const) crowded.inc({ which }, 0);
  connections.on('crowded', (which) => crowded.inc({ which }));
  const unread = new Counter({
    name: 'keras_serve_reply_timeouts_total',
    help: 'Connections closed because their clients took nothing of their replies for too long.',
    registers,
  });
  connections.on('unread', () => unread.inc());
}
