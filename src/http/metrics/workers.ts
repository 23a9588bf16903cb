import { Gauge, type Registry } from 'prom-client';
import type { Workers } from '../../catalog/workers.js';

/** Processes that run the models for this one. */
export function countWorkers(workers: Workers, registers: Registry[]): void {
  new Gauge({
    name: 'keras_serve_workers',
    help: 'Workers that live.',
    registers,
    collect() {
      this.set(workers.count);
    },
  });
}
