import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { Absence } from './absence.js';
import { checkServer, type RedisLog } from './check.js';
import { RedisClient } from './client.js';
import { NotYet, reasonOf, refusalOf } from './errors.js';
import { type Place, placeOf } from './place.js';
import type { RedisSettings } from './settings.js';

/** The longest pause between two attempts to begin, in milliseconds. */
const longestPause = 2000;

/** Milliseconds after which a command that isn't answered has failed: who asks a gateway waits no longer. */
const commandTimeout = 8000;

/** Connections to one Redis. */
export class RedisConnections {
  /** For commands: rejects at once while Redis is away. */
  readonly commands: Redis;
  /** What all keys begin with: `keras-serve:default:`. */
  readonly prefix: string;
  private readonly made = new Set<RedisClient>();
  private isClosed = false;

  private constructor(
    private readonly place: Place,
    private readonly absence: Absence,
  ) {
    this.prefix = place.prefix;
    this.commands = this.connect({ enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout });
    let fault: Error | undefined;
    this.commands.on('error', (error) => {
      fault = error;
    });
    this.commands.on('close', () => {
      if (!this.isClosed) absence.begin(fault ? reasonOf(fault, place) : 'it closed the connection');
      fault = undefined;
    });
    this.commands.on('ready', () => absence.end());
  }

  /**
   * Resolves once Redis was reached and checked. While it can't be it logs a line now and again and goes on trying, until `signal`
   * aborts.
   * @throws RedisError where trying again is no use: a wrong password, missing rights, a Cluster, too old a version
   */
  static async open(settings: RedisSettings, log: RedisLog, signal?: AbortSignal): Promise<RedisConnections> {
    const place = await placeOf(settings);
    const absence = new Absence(place.where, log);
    try {
      for (let pause = 50; ; pause = Math.min(pause * 2, longestPause)) {
        const reason = await attempt(place, log, signal);
        if (reason === undefined) break;
        absence.begin(reason);
        await sleep(pause, undefined, { signal });
      }
      const connections = new RedisConnections(place, absence);
      await connections.ready(signal);
      return connections;
    } catch (error) {
      absence.close();
      signal?.throwIfAborted();
      throw error;
    }
  }

  /** Whether Redis can be reached now. */
  get isReady(): boolean {
    return this.commands.status === 'ready';
  }

  /** A new connection that waits for Redis however long: for BullMQ's workers. */
  forWorker(): Redis {
    return this.connect({ maxRetriesPerRequest: null });
  }

  /** A new connection to subscribe with, which subscribes once more by itself. */
  forSubscriber(): Redis {
    return this.connect({ maxRetriesPerRequest: null });
  }

  /** Closes all connections that it made, and those that were made of them. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.absence.close();
    await Promise.all(Array.from(this.made, (client) => client.close()));
  }

  private async ready(signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      this.commands.once('ready', resolve);
      signal?.addEventListener('abort', () => resolve());
    });
    if (signal?.aborted) await this.close();
    signal?.throwIfAborted();
  }

  private connect(options: object): RedisClient {
    return new RedisClient({ ...this.place.options, ...options }, this.made);
  }
}

/**
 * Reaches and checks Redis once.
 * @returns why it can't be used now; undefined where it can
 * @throws RedisError where it never can
 */
async function attempt(place: Place, log: RedisLog, signal: AbortSignal | undefined): Promise<string | undefined> {
  signal?.throwIfAborted();
  const once = { lazyConnect: true, enableReadyCheck: false, retryStrategy: null, sentinelRetryStrategy: () => null };
  const client = new RedisClient({ ...place.options, ...once }, new Set());
  const faults: Error[] = [];
  for (const event of ['error', 'sentinelError']) client.on(event, (error) => faults.push(error));
  const stop = () => client.disconnect();
  signal?.addEventListener('abort', stop);
  try {
    await client.connect();
    await checkServer(client, place.database, place, log);
    return undefined;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof NotYet) return error.message;
    // What the promise is rejected with is but the end of the connection.
    const all = [...faults, error as Error];
    for (const fault of all) {
      const refusal = refusalOf(fault, place);
      if (refusal) throw refusal;
    }
    return reasonOf(all[0]!, place);
  } finally {
    signal?.removeEventListener('abort', stop);
    await client.close();
  }
}
