import { Gauge, type Registry } from 'prom-client';
import type { MemoryJobs } from '../../jobs/memory-jobs.js';

/** Requests that are answered later. */
export function countJobs(jobs: MemoryJobs, registers: Registry[]): void {
  new Gauge({
    name: 'keras_serve_jobs',
    help: 'Jobs that are known, by what has become of them.',
    labelNames: ['status'],
    registers,
    collect() {
      for (const [status, count] of Object.entries(jobs.counts)) this.set({ status }, count);
    },
  });
  new Gauge({
    name: 'keras_serve_job_oldest_seconds',
    help: 'How long the job that waits longest has been waiting.',
    registers,
    collect() {
      this.set(jobs.oldest);
    },
  });
}
