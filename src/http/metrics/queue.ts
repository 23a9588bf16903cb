import type { QueueFigures } from '../../jobs/redis/queue-figures.js';
import type { AskedGauge } from './asked-gauges.js';

/** What waits for workers in Redis, the same on each gateway of a namespace: a sum over them means nothing. */
export const queueGauges: readonly AskedGauge<QueueFigures>[] = [
  {
    name: 'keras_serve_queue_length',
    help: 'Requests that wait for a worker: jobs, and direct ones, whose clients wait.',
    label: 'kind',
    value: ({ length }) => length,
  },
  {
    name: 'keras_serve_queue_running',
    help: 'Requests that workers have begun.',
    label: 'kind',
    value: ({ running }) => running,
  },
  {
    name: 'keras_serve_queue_oldest_seconds',
    help: 'How long the request that waits longest has been waiting for a worker.',
    value: ({ oldest }) => oldest,
  },
  {
    name: 'keras_serve_queue_attempts_total',
    help: 'How often workers have begun a request.',
    value: ({ attempts }) => attempts,
  },
  {
    name: 'keras_serve_queue_retries_total',
    help: 'How often workers have begun a request that had been begun before.',
    value: ({ retries }) => retries,
  },
];
