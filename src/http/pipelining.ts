import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Hands on so many requests of one connection at once. Those behind them wait until earlier ones are answered, and no more
 * is read from their connection meanwhile: what a client gets to send is what fits into one read.
 */
export function limitPipelining(limit: number, handler: RequestListener): RequestListener {
  const pipelines = new WeakMap<Socket, Pipeline>();
  return (request, response) => {
    const { socket } = request;
    let pipeline = pipelines.get(socket);
    if (!pipeline) {
      pipeline = new Pipeline(socket, limit, handler);
      pipelines.set(socket, pipeline);
    }
    pipeline.add(request, response);
  };
}

/** The requests of one connection. */
class Pipeline {
  private running = 0;
  private readonly waiting: [request: IncomingMessage, response: ServerResponse][] = [];
  private watched = false;

  constructor(
    private readonly socket: Socket,
    private readonly limit: number,
    private readonly handler: RequestListener,
  ) {}

  add(request: IncomingMessage, response: ServerResponse): void {
    if (this.running < this.limit) return void this.begin(request, response);
    this.waiting.push([request, response]);
    this.socket.pause();
    if (this.watched) return;
    this.watched = true;
    // Node goes on reading of itself when a body has come to its end.
    this.socket.on('resume', () => this.waiting.length > 0 && this.socket.pause());
  }

  private begin(request: IncomingMessage, response: ServerResponse): void {
    this.running++;
    response.on('close', () => {
      this.running--;
      this.next();
    });
    this.handler(request, response);
  }

  private next(): void {
    if (this.socket.destroyed) this.waiting.length = 0;
    const first = this.waiting.shift();
    if (!first) return;
    this.begin(...first);
    if (this.waiting.length === 0) this.socket.resume();
  }
}
