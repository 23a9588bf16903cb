import { EventEmitter } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Why a connection was closed when there were too many: it was `idle` and made way, or nobody was idle, and it was `refused`. */
export type Crowded = 'idle' | 'refused';

/**
 * The connections of one server, whichever of its addresses they came to. Where there are more than it may have, the one
 * that has been idle for longest, having no request in flight, makes way for the new one; where none is idle, the new one is
 * refused. So connections that only stand there shut nobody out.
 */
export class Connections extends EventEmitter<{ crowded: [Crowded] }> {
  /** Those without a request in flight, the longest idle first. */
  private readonly idle = new Set<Socket>();
  /** Those with requests in flight, and how many. */
  private readonly busy = new Map<Socket, number>();

  /** @param limit the most connections at once */
  constructor(private readonly limit: number) {
    super();
  }

  /** How many there are. */
  get size(): number {
    return this.idle.size + this.busy.size;
  }

  /** Counts the connections of an address. */
  watch(server: Server): Server {
    server.on('connection', (socket) => this.enter(socket));
    server.prependListener('request', ({ socket }, response) => this.begin(socket, response));
    return server;
  }

  private enter(socket: Socket): void {
    if (this.size >= this.limit) {
      const [longestIdle] = this.idle;
      this.emit('crowded', longestIdle ? 'idle' : 'refused');
      if (!longestIdle) return void socket.destroy();
      this.idle.delete(longestIdle);
      longestIdle.destroy();
    }
    this.idle.add(socket);
    socket.once('close', () => {
      this.idle.delete(socket);
      this.busy.delete(socket);
    });
  }

  private begin(socket: Socket, response: ServerResponse): void {
    if (socket.destroyed) return;
    this.idle.delete(socket);
    this.busy.set(socket, (this.busy.get(socket) ?? 0) + 1);
    response.once('close', () => this.end(socket));
  }

  private end(socket: Socket): void {
    const others = (this.busy.get(socket) ?? 0) - 1;
    if (others > 0) return void this.busy.set(socket, others);
    this.busy.delete(socket);
    if (!socket.destroyed) this.idle.add(socket);
  }
}
