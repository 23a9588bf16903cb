import { Counter, type Registry } from 'prom-client';
import type { ApiKeys } from '../../keys/api-keys.js';
import type { KeyHolder } from '../key-holder.js';

/** Requests by key. @returns counts a request of a holder */
export function countKeys(keys: ApiKeys, registers: Registry[]): (holder: KeyHolder | undefined) => void {
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
