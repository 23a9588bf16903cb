import { Gauge, type Registry } from 'prom-client';
import type { JobStore } from '../../jobs/job-store.js';

/** Requests that are answered later. */
export function countJobs(store: JobStore, registers: Registry[]): void {
  new Gauge({
    name: 'keras_serve_jobs',
    help: 'Jobs that are known, by what has become of them.',
    labelNames: ['status'],
    registers,
    async collect() {
      const { counts, oldest: seconds } = await store.figures();
      for (const [status, count] of Object.entries(counts)) this.set({ status }, count);
      oldest.set(seconds);
    },
  });
  const oldest = new Gauge({
    name: 'keras_serve_job_oldest_seconds',
    help: 'How long the job that waits longest has been waiting.',
    registers,
  });
}
