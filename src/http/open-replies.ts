import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { MemoryBudget, Reservation } from '../serving/memory-budget.js';
import type { RequestContext, StageTimings } from '../serving/request-context.js';

/** Under what requests have their replies: a symbol, for a host has names of its own. */
export const openReply = Symbol('open reply');

/** A request as the plugin of open replies decorates it. */
export interface Decorated {
  [openReply]?: OpenReply;
}

/** Replies on one connection, in the order in which they will be sent. A connection that isn't a socket never ends. */
type Connection = Set<OpenReply>;

const connections = new WeakMap<Socket, Connection>();

function connectionOf(socket: Socket): Connection {
  let connection = connections.get(socket);
  if (!connection) {
    const replies: Connection = new Set();
    socket.on('close', () => {
      for (const reply of replies) reply.cutOff();
    });
    connections.set(socket, replies);
    connection = replies;
  }
  return connection;
}

/**
 * A reply that is under way, from the head of its request to its end: it is sent once all of it has been handed to the
 * system, and its client is gone when the connection ends before that.
 */
export class OpenReply implements RequestContext {
  readonly timings: StageTimings = {};
  private state: 'open' | 'sent' | 'gone' = 'open';
  private controller: AbortController | undefined;
  private reservation: Reservation | undefined;
  private readonly releases: (() => void)[] = [];
  private readonly connection: Connection;

  constructor(
    readonly request: FastifyRequest,
    readonly reply: FastifyReply,
    private readonly all: Set<OpenReply>,
    private readonly budget: MemoryBudget,
    private readonly onGone: (reply: OpenReply) => void,
  ) {
    const { raw } = reply;
    this.connection = connectionOf(request.socket);
    this.connection.add(this);
    all.add(this);
    raw.on('finish', () => this.end('sent'));
    raw.on('close', () => this.end('gone'));
  }

  /** Whether the connection ended before the reply was sent. */
  get isGone(): boolean {
    return this.state === 'gone';
  }

  /** Aborts when the client is gone. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.isGone) this.controller.abort();
    return this.controller.signal;
  }

  get memory(): Reservation {
    if (!this.reservation) {
      const reservation = this.budget.reservation();
      this.reservation = reservation;
      this.onEnd(() => reservation.release());
    }
    return this.reservation;
  }

  /** Calls a function when the reply is sent or the client gone; at once where that has been. */
  onEnd(release: () => void): void {
    if (this.state === 'open') this.releases.push(release);
    else release();
  }

  /** The connection has ended. Node tells this only the reply that it is sending, and never those queued behind it. */
  cutOff(): void {
    const { raw } = this.reply;
    if (raw.socket) return;
    raw.destroy();
    raw.emit('close');
  }

  private end(state: 'sent' | 'gone'): void {
    if (this.state !== 'open') return;
    this.state = state;
    this.connection.delete(this);
    this.all.delete(this);
    for (const release of this.releases) release();
    if (!this.isGone) return;
    this.controller?.abort();
    this.onGone(this);
  }
}

/** All replies that are under way. Emits `gone` for each whose client has gone. */
export class OpenReplies extends EventEmitter<{ gone: [OpenReply] }> {
  private readonly open = new Set<OpenReply>();

  /** @param budget the memory that requests may take */
  constructor(private readonly budget: MemoryBudget) {
    super();
  }

  get size(): number {
    return this.open.size;
  }

  /** Resolves when the replies that are open now are sent or their clients gone. */
  async settled(): Promise<void> {
    await Promise.all([...this.open].map((reply) => new Promise<void>((resolve) => reply.onEnd(resolve))));
  }

  add(request: FastifyRequest, reply: FastifyReply): OpenReply {
    return new OpenReply(request, reply, this.open, this.budget, (gone) => this.emit('gone', gone));
  }
}

/** The reply to a request. What the request holds is given back when it ends, and its signal ends what is done for it. */
export const replyTo = (request: FastifyRequest): OpenReply => (request as unknown as Decorated)[openReply]!;
