import { Counter, Gauge, type Registry } from 'prom-client';
import type { Connections } from '../connections.js';

/** Connections of a server of ours. */
export function countConnections(connections: Connections, registers: Registry[]): void {
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
