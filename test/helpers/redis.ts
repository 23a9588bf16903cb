/** Real Redis servers and Sentinels, each on a port and in a folder of its own, that can be killed and started again. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { makeCertificate } from './certificates.js';
import { temporaryFolder } from './folder.js';
import { freePort } from './real-proxies.js';

/** What is run: Valkey's is told by `REDIS_SERVER=valkey-server`. */
const program = process.env.REDIS_SERVER ?? 'redis-server';

/** Why Redis can't be run here, or false; in CI it always is. */
export const noRedis: string | false =
  spawnSync(program, ['--version']).error !== undefined &&
  !process.env.CI &&
  `no ${program} is installed (apt install redis-server)`;

/** What a server is to be. Without anything it writes all to its append-only file at once. */
export interface RedisOptions {
  /** Lines of its configuration file: `maxmemory-policy allkeys-lru`. */
  config?: readonly string[];
  /** Whether it speaks TLS alone, with a certificate for 127.0.0.1 that is signed by its own key. */
  isEncrypted?: boolean;
  /** Whether it listens on a Unix socket alone. */
  hasSocket?: boolean;
  /** Whether it is a Sentinel. */
  isSentinel?: boolean;
}

/** A server of Redis in a process of its own. */
export class RedisServer {
  private child: ChildProcess | undefined;
  private log = '';

  private constructor(
    readonly folder: string,
    readonly port: number,
    private readonly options: RedisOptions,
  ) {}

  static async create(options: RedisOptions = {}): Promise<RedisServer> {
    const server = new RedisServer(temporaryFolder('redis'), await freePort(), options);
    const { config = [], isEncrypted, hasSocket, isSentinel } = options;
    const lines = [`dir ${server.folder}`, 'bind 127.0.0.1'];
    if (isEncrypted) {
      const { cert, key } = makeCertificate();
      writeFileSync(server.path('tls.crt'), cert);
      writeFileSync(server.path('tls.key'), key);
      const files = [`tls-cert-file ${server.path('tls.crt')}`, `tls-key-file ${server.path('tls.key')}`];
      lines.push('port 0', `tls-port ${server.port}`, ...files, 'tls-auth-clients no');
    } else if (hasSocket) lines.push('port 0', `unixsocket ${server.path('redis.sock')}`);
    else lines.push(`port ${server.port}`);
    if (!isSentinel) lines.push('appendonly yes', 'appendfsync always', 'save ""');
    writeFileSync(server.path('redis.conf'), [...lines, ...config].join('\n'));
    return server;
  }

  /** The path of a file of its folder. */
  path(name: string): string {
    return join(this.folder, name);
  }

  get url(): string {
    const { isEncrypted, hasSocket } = this.options;
    if (hasSocket) return `unix:${this.path('redis.sock')}`;
    return `${isEncrypted ? 'rediss' : 'redis'}://127.0.0.1:${this.port}`;
  }

  /** Starts it, once more where it has ended: with the port and the data that it had. */
  async start(): Promise<void> {
    const kind = this.options.isSentinel ? ['--sentinel'] : [];
    const child = spawn(program, [this.path('redis.conf'), ...kind], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    this.log = '';
    let failure: Error | undefined;
    child.once('error', (error) => {
      failure = error;
    });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (part) => {
        this.log += part;
      });
    const isReady = this.options.isSentinel ? /Sentinel ID is/ : /ready to accept connections/i;
    for (const end = Date.now() + 60_000; !isReady.test(this.log); await sleep(20))
      assert.ok(!failure && child.exitCode === null && Date.now() < end, `${program}: ${failure ?? this.log}`);
  }

  /** Ends it as a power cut would, and waits until it has ended. */
  async kill(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Sends signals that stop it and let it go on: while it is stopped it keeps its connections and answers nothing. */
  pause(isPaused: boolean): void {
    this.child?.kill(isPaused ? 'SIGSTOP' : 'SIGCONT');
  }

  /** Has it run a command. */
  async run(...[command, ...args]: [string, ...string[]]): Promise<unknown> {
    const tls = this.options.isEncrypted ? { rejectUnauthorized: false } : undefined;
    const at = this.options.hasSocket ? { path: this.path('redis.sock') } : { host: '127.0.0.1', port: this.port };
    const client = new Redis({ ...at, tls, enableReadyCheck: false, retryStrategy: () => null });
    const faults: unknown[] = [];
    client.on('error', (error) => faults.push(error));
    try {
      return await client.call(command, ...args);
    } catch (error) {
      const ended = this.child?.signalCode ?? this.child?.exitCode ?? 'runs';
      throw new Error(`${command}: ${error} ${faults}; ${program} ${ended}: ${this.log}`);
    } finally {
      client.disconnect();
    }
  }
}

/** A server that runs until the test has ended. */
export async function startRedis(t: Pick<TestContext, 'after'>, options: RedisOptions = {}): Promise<RedisServer> {
  const server = await RedisServer.create(options);
  t.after(() => server.kill());
  await server.start();
  return server;
}

/** A log that keeps its lines, each with its level. */
export function keptLog() {
  const lines: string[] = [];
  const add = (level: string) => (_of: object, message: string) => void lines.push(`${level} ${message}`);
  return { lines, info: add('info'), warn: add('warn') };
}

/** Waits until something is so. */
export async function until(what: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !what(); await sleep(20)) assert.ok(Date.now() < end, 'it never came to be');
}
