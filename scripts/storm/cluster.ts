/** Gateways, workers and a Redis as processes of their own, which can be killed and come back. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/support/package.js';

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** A process that is started again, with the same arguments, whenever it is killed. */
export class Undying {
  private child: ChildProcess;
  private isOver = false;
  /** What it wrote that tells of faults. */
  readonly faults: string[] = [];
  /** How often it was killed. */
  killed = 0;
  /** Whether it has begun its work. */
  isReady = false;

  constructor(
    private readonly command: string,
    private readonly args: readonly string[],
    /** Milliseconds until it comes back. */
    private readonly pause = 0,
    /** More variables of its environment. */
    private readonly variables: Readonly<Record<string, string>> = {},
  ) {
    this.child = this.start();
  }

  /** The process that runs now. */
  get pid(): number {
    return this.child.pid!;
  }

  kill(): void {
    this.killed++;
    this.isReady = false;
    this.child.kill('SIGKILL');
  }

  /** Ends it for good. */
  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    this.isOver = true;
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    this.child.kill(signal);
    const [code] = (await once(this.child, 'exit')) as [number | null];
    return code;
  }

  private start(): ChildProcess {
    const child = spawn(this.command, this.args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: packageRoot,
      env: { ...process.env, ...this.variables },
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.look(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.look(text));
    child.on('exit', (code) => {
      if (this.isOver) return;
      if (code !== null) this.faults.push(`it ended by itself with ${code}`);
      setTimeout(() => {
        if (!this.isOver) this.child = this.start();
      }, this.pause);
    });
    return child;
  }

  /** Levels from 50 on are errors of the process itself. */
  private look(text: string): void {
    this.isReady ||= /"url":|Ready to accept connections/.test(text);
    for (const line of text.split('\n'))
      if (/^\{"level":[56]/.test(line) || /^\s+at /.test(line)) this.faults.push(line);
  }
}

/** What a cluster has. */
export interface ClusterSize {
  gateways: number;
  workers: number;
  /** More flags of the workers. */
  flags?: readonly string[];
  /** More variables of the workers' environment. */
  variables?: Readonly<Record<string, string>>;
}

/** A cluster of one machine, which serves a model by Redis. */
export class Cluster {
  readonly gateways: Undying[] = [];
  readonly workers: Undying[] = [];
  /** Where the gateways listen. */
  readonly urls: string[] = [];

  private constructor(
    readonly redis: Undying,
    readonly redisUrl: string,
    private readonly folder: string,
  ) {}

  /** Resolves when each gateway has the model. */
  static async start(model: string, { gateways, workers, flags = [], variables = {} }: ClusterSize): Promise<Cluster> {
    const cli = join(packageRoot, 'dist', 'src', 'cli.js');
    if (!existsSync(cli)) throw new Error('the build is missing: npm run build');
    const folder = mkdtempSync(join(tmpdir(), 'keras-serve-storm-'));
    const port = await freePort();
    const durable = [
      '--appendonly',
      'yes',
      '--appendfsync',
      'always',
      '--save',
      '',
      '--maxmemory-policy',
      'noeviction',
    ];
    const place = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder];
    const redis = new Undying('redis-server', [...place, ...durable], 500);
    const cluster = new Cluster(redis, `redis://127.0.0.1:${port}`, folder);
    const common = ['--redis', cluster.redisUrl, '--log-format', 'json', '--host', '127.0.0.1'];
    const start = (args: readonly string[], variables = {}) =>
      new Undying(process.execPath, [cli, ...args, ...common], 0, variables);
    const worker = [model, '--role', 'worker', '--processes', '1', ...flags, '--port', '0'];
    for (let index = 0; index < workers; index++) cluster.workers.push(start(worker, variables));
    for (let index = 0; index < gateways; index++) {
      const own = await freePort();
      cluster.urls.push(`http://127.0.0.1:${own}`);
      cluster.gateways.push(start(['--role', 'gateway', '--port', String(own), '--max-jobs', '1000000']));
    }
    for (const url of cluster.urls) await until(async () => (await modelsAt(url)) > 0);
    return cluster;
  }

  /** Faults that any of the processes has had. */
  get faults(): string[] {
    return [...this.gateways, ...this.workers].flatMap(({ faults }) => faults);
  }

  /** Stops the workers, or lets them go on: they don't know it. */
  async pauseWorkers(isPaused: boolean): Promise<void> {
    for (const { pid } of this.workers) process.kill(pid, isPaused ? 'SIGSTOP' : 'SIGCONT');
  }

  /** Ends all without a word. */
  async kill(): Promise<void> {
    await Promise.all([...this.gateways, ...this.workers, this.redis].map((one) => one.end()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** @returns the exit codes of those that were asked to end */
  async end(): Promise<(number | null)[]> {
    const codes = await Promise.all([...this.gateways, ...this.workers].map((one) => one.end('SIGTERM')));
    await this.redis.end();
    rmSync(this.folder, { recursive: true, force: true });
    return codes;
  }
}

async function modelsAt(url: string): Promise<number> {
  const reply = await fetch(`${url}/models`).catch(() => undefined);
  if (!reply?.ok) return 0;
  const { models } = (await reply.json()) as { models: unknown[] };
  return models.length;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 100));
}
