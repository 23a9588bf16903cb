import { setTimeout as sleep } from 'node:timers/promises';
import { Redis, type RedisOptions } from 'ioredis';

/** How a connection is made; replies are as RESP2 has them. */
export type ClientOptions = RedisOptions & { replyMapping?: 'legacy' };

/** The longest pause before Redis is tried again, and how much is added by chance, in milliseconds. */
const longestPause = 1000;
const chance = 200;
/** Milliseconds that a connection gets to close. */
const patience = 1000;

/** What all connections have in common. */
const common: ClientOptions = {
  retryStrategy: (attempt) => Math.min(attempt * 50, longestPause) + Math.random() * chance,
  sentinelRetryStrategy: (attempt) => Math.min(attempt * 50, longestPause),
  connectTimeout: 5000,
  // Who is silent for longer than any command blocks is gone, though the network doesn't say so.
  socketTimeout: 30_000,
  keepAlive: 10_000,
  disconnectTimeout: 500,
  // A primary that has become a replica keeps its connections, unless it was Sentinels that made it one.
  reconnectOnError: (error) => error.message.includes('READONLY'),
};

/** A connection whose failures carry nothing secret and never end the process; so do those that are made of it. */
export class RedisClient extends Redis {
  /** @param made has each until it is closed */
  constructor(
    options: ClientOptions,
    private readonly made: Set<RedisClient>,
  ) {
    super({ ...common, ...options });
    // Without a listener they are printed with their stack.
    this.on('error', () => undefined);
    made.add(this);
  }

  /** BullMQ makes a second connection of the one that it gets. */
  override duplicate(override?: RedisOptions): never {
    return new RedisClient({ ...this.options, ...override, replyMapping: 'legacy' }, this.made) as never;
  }

  /**
   * Commands of one turn of the event loop go in one write: Redis reads them together, and has its disk keep what they changed once for
   * all of them.
   */
  override sendCommand(...args: Parameters<Redis['sendCommand']>): unknown {
    const { stream } = this;
    if (stream?.writableCorked === 0) {
      stream.cork();
      setImmediate(() => stream.uncork());
    }
    return super.sendCommand(...args);
  }

  /** Errors of Redis carry the command that they are of, with all that was sent: passwords, bodies. */
  override handleReconnection(...[error, item]: Parameters<Redis['handleReconnection']>): void {
    Reflect.deleteProperty(error, 'command');
    super.handleReconnection(error, item);
  }

  /** Closes it, whatever it is doing. */
  async close(): Promise<void> {
    this.made.delete(this);
    // While it waits to try again there is nothing to be closed, and no end is told of.
    const hasEnded = ['end', 'reconnecting'].includes(this.status);
    const ended = hasEnded || new Promise((resolve) => this.once('end', resolve));
    this.disconnect();
    await Promise.race([ended, sleep(patience, undefined, { ref: false })]);
  }
}
