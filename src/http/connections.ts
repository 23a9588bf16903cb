import { EventEmitter } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { socketBelow } from './socket-below.js';

/**
 * Which connection was closed when there were too many: one that was `idle`; where none was, one whose request was
 * `unfinished`, not having arrived as a whole; where there was neither, the new one, which was `refused`.
 */
export type Crowded = 'idle' | 'unfinished' | 'refused';

/** Milliseconds that a client of a server that closes may send nothing, or take nothing, before its connection is cut. */
const patience = 3000;

/** Milliseconds until a client that sends no more is asked whether it is still there; each time it takes twice as long. */
const firstProbe = 100;

/** Whether it is the server, not the client, that is to do something next. */
const isAtWork = ({ req, writableEnded, writableNeedDrain }: ServerResponse): boolean =>
  req.complete && !writableEnded && !writableNeedDrain;

/** Whether something has arrived as a whole that is not answered yet. */
const isOwed = ({ req }: ServerResponse): boolean => req.complete;

/**
 * The connections of one server, whichever of its addresses they came to. Where there are more than it may have, the one
 * that has been idle for longest, having no request in flight, makes way for the new one; where none is idle, the one whose
 * request has been arriving for longest; where all wait for answers, the new one is refused. So connections that only stand
 * there, or send no more than half of something, shut nobody out.
 */
export class Connections extends EventEmitter<{ crowded: [Crowded]; unread: [] }> {
  private readonly servers: Server[] = [];
  /** Those without a request in flight, the longest idle first. */
  private readonly idle = new Set<Socket>();
  /** Those with requests in flight, and the replies to these in their order. */
  private readonly busy = new Map<Socket, Set<ServerResponse>>();
  /** Those of the idle ones that aren't secure yet, and can't be used before. */
  private readonly opening = new WeakSet<Socket>();
  private closing = false;

  /**
   * @param limit the most connections at once
   * @param replyTimeout milliseconds that a client may take nothing of its reply; `unread` tells of each that has
   */
  constructor(
    private readonly limit: number,
    private readonly replyTimeout: number,
  ) {
    super();
  }

  /** How many there are. */
  get size(): number {
    return this.idle.size + this.busy.size;
  }

  /** How many requests have arrived as a whole and have no answer yet. */
  get unanswered(): number {
    const replies = [...this.busy.values()].flatMap((replies) => [...replies]);
    return replies.filter(({ req, writableEnded }) => req.complete && !writableEnded).length;
  }

  /** Whether no other reply is to come on the connection of this one. */
  isLast(reply: ServerResponse): boolean {
    const replies = this.busy.get(reply.req.socket) ?? [];
    return [...replies].every((other) => other === reply);
  }

  /** The reply that is being sent on a connection, or will be next. */
  current(socket: Socket): ServerResponse | undefined {
    const [reply] = this.busy.get(socket) ?? [];
    return reply;
  }

  /**
   * Calls a function once all requests of a connection that have arrived as a whole are answered.
   * @param act gets the reply to one that hasn't, if there is one
   */
  afterAnswers(socket: Socket, act: (unfinished?: ServerResponse) => void): void {
    const replies = [...(this.busy.get(socket) ?? [])];
    const go = () => act(replies.find((reply) => !isOwed(reply)));
    const last = replies.filter(isOwed).at(-1);
    if (last) last.once('close', go);
    else go();
  }

  /** Takes on the connections of an address. */
  watch(server: Server): Server {
    this.servers.push(server);
    // Who sends no more may still wait for answers. Node has no other way to say so.
    Object.assign(server, { httpAllowHalfOpen: true });
    const isSecure = 'setSecureContext' in server;
    server.on('connection', (socket) => this.enter(socket, isSecure));
    server.on('secureConnection', (socket: TLSSocket) => this.becomeSecure(socketBelow(socket), socket));
    server.prependListener('request', ({ socket }, response) => this.begin(socket, response));
    // With a listener Node leaves it to that to close connections that have been idle for too long.
    server.on('timeout', (socket) => this.giveUp(server, socket));
    return server;
  }

  /**
   * Lets each connection end with the last request that can be answered on it. Those that stand there are closed now; those
   * whose clients should send or read on get a few seconds without any of it.
   * @param main the server that somebody else closes
   */
  close(main: Server): void {
    this.closing = true;
    for (const server of this.servers) if (server !== main) server.close();
    for (const socket of this.idle) {
      // Node doesn't count it among the idle ones, since its first request is to come.
      if (socket.bytesRead === 0 || this.opening.has(socket)) socket.destroy();
      else socket.setTimeout(patience);
    }
    for (const socket of this.busy.keys()) socket.setTimeout(patience);
  }

  private enter(socket: Socket, isOpening = false): void {
    if (this.size >= this.limit) {
      const [which, victim] = this.leastNeeded(socket);
      this.emit('crowded', which);
      // Its place is free at once, though its end is told later.
      this.idle.delete(victim);
      this.busy.delete(victim);
      victim.destroy();
      if (victim === socket) return;
    }
    if (isOpening) this.opening.add(socket);
    this.add(socket);
  }

  private add(socket: Socket): void {
    if (this.closing) {
      if (this.opening.has(socket)) return void socket.destroy();
      socket.setTimeout(patience);
    }
    // Once it has ended, it tells no more whose it was, unless it was asked before.
    void socket.remoteAddress;
    this.idle.add(socket);
    socket.once('end', () => this.probe(socket));
    socket.once('close', () => {
      this.idle.delete(socket);
      this.busy.delete(socket);
    });
  }

  /** A connection counts as what stands above it, once that is there. */
  private becomeSecure(below: Socket, socket: TLSSocket): void {
    // It may have made way meanwhile.
    if (this.idle.delete(below)) this.add(socket);
    else socket.destroy();
  }

  /** The connection that is closed when there is one too many. */
  private leastNeeded(newest: Socket): [Crowded, Socket] {
    const [idle] = this.idle;
    if (idle) return ['idle', idle];
    for (const [socket, replies] of this.busy) if (![...replies].some(isOwed)) return ['unfinished', socket];
    return ['refused', newest];
  }

  /**
   * A client that sends no more has gone, or has only closed its side and waits for its answers. What is written to it tells:
   * an interim answer, which clients pass over (RFC 9110, section 15.2). HTTP/1.0 has none.
   */
  private probe(socket: Socket, pause = firstProbe): void {
    const timer = setTimeout(() => {
      const reply = this.current(socket);
      if (!reply) return;
      if (reply.req.httpVersion !== '1.1') return void socket.destroy();
      if (!reply.headersSent) reply.writeContinue();
      this.probe(socket, 2 * pause);
    }, pause);
    socket.once('close', () => clearTimeout(timer));
  }

  private begin(socket: Socket, response: ServerResponse): void {
    if (socket.destroyed) return;
    // A request takes away the limit that its connection had while it was idle.
    socket.setTimeout(this.closing ? patience : this.replyTimeout);
    this.idle.delete(socket);
    const replies = this.busy.get(socket) ?? new Set();
    this.busy.set(socket, replies.add(response));
    response.once('close', () => {
      replies.delete(response);
      if (replies.size > 0 || !this.busy.delete(socket)) return;
      if (!socket.destroyed) this.idle.add(socket);
    });
  }

  /** Nothing has come from a connection, and nothing been taken by it, for as long as it may be so. */
  private giveUp(server: Server, socket: Socket): void {
    const reply = this.current(socket);
    if (!reply) return void socket.destroy();
    if (!this.closing) return void this.closeUnread(socket);
    const { bytesRead } = socket;
    // What has arrived while the server was busy is read before that.
    setImmediate(() => {
      if (socket.bytesRead > bytesRead) return;
      if (isAtWork(reply)) socket.setTimeout(patience);
      else if (reply.req.complete || reply.headersSent) socket.destroy();
      else server.emit('clientError', Object.assign(new Error(), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket);
    });
  }

  /** Closes a connection whose client leaves its reply where it is; one that waits for the server has nothing to take. */
  private closeUnread(socket: Socket): void {
    if (socket.writableLength === 0) return;
    this.emit('unread');
    socket.destroy();
  }
}
