import type { JobFigures } from '../../jobs/job-store.js';
import type { AskedGauge } from './asked-gauges.js';

/** Requests that are answered later. */
export const jobGauges: readonly AskedGauge<JobFigures>[] = [
  {
    name: 'keras_serve_jobs',
    help: 'Jobs that are known, by what has become of them.',
    label: 'status',
    value: ({ counts }) => counts,
  },
  {
    name: 'keras_serve_job_oldest_seconds',
    help: 'How long the job that waits longest has been waiting.',
    value: ({ oldest }) => oldest,
  },
];
