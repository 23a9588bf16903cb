/** The built server as a process of its own, and what it holds. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { usageOf } from '../../bench/processes.js';
import { packageRoot } from '../../src/support/package.js';
import { openDescriptors } from '../../test/helpers/proc.js';

/** What a server holds while nobody asks it anything. */
export interface Holdings {
  /** Files and sockets of its processes. */
  descriptors: number;
  /** Bytes of JavaScript's objects and buffers in the server, once those that nobody needs any more are gone. */
  heap: number;
  /** Bytes of all its processes; what they share counts once. */
  memory: number;
  /** What its metrics count, by name. */
  gauges: Record<string, number>;
}

/** Gauges that are as at the start once all clients are gone, summed over their labels. */
const gauges = ['connections', 'open_replies', 'held_bytes', 'queue_depth'].map((name) => `keras_serve_${name}`);

/** Runs in the server before anything else: collects garbage when asked to, says what is left, and ends with its parent. */
const collector = `
if (process.channel) {
  process.on('message', async () => {
    for (let round = 0; round < 3; round++) { gc(); await new Promise(setImmediate); }
    const { heapUsed, external } = process.memoryUsage();
    process.send(heapUsed + external);
  });
  process.channel.unref();
  process.on('disconnect', () => process.exit());
}`;

export class ServerProcess {
  /** Lines of its log that tell of failures of the server itself. */
  readonly failures: string[] = [];
  /** Models that have taken the place of others. */
  swaps = 0;
  stderr = '';

  private constructor(
    readonly child: ChildProcess,
    readonly url: string,
  ) {}

  /** Resolves when the models are served. */
  static async start(args: string[]): Promise<ServerProcess> {
    const cli = join(packageRoot, 'dist', 'src', 'cli.js');
    if (!existsSync(cli)) throw new Error('the build is missing: npm run build');
    const flags = ['--expose-gc', '--import', `data:text/javascript,${encodeURIComponent(collector)}`];
    const child = spawn(process.execPath, [...flags, cli, ...args, '--port', '0', '--log-format', 'json'], {
      cwd: packageRoot,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const lines = createInterface(child.stdout!);
    const url = await new Promise<string>((resolve, reject) => {
      lines.on('line', (line) => line.includes('"url":"http://') && resolve(JSON.parse(line).url));
      child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    });
    const server = new ServerProcess(child, url);
    // Levels from 50 are errors. What a client did wrong is none.
    lines.on('line', (line) => {
      if (/^\{"level":[56]/.test(line)) server.failures.push(line);
      if (line.includes('in the place of the one before')) server.swaps++;
    });
    child.stderr!.setEncoding('utf8').on('data', (text) => {
      server.stderr += text;
    });
    return server;
  }

  async holdings(): Promise<Holdings> {
    const pid = this.child.pid!;
    const heap = once(this.child, 'message');
    this.child.send('collect');
    return {
      heap: (await heap)[0],
      gauges: await this.gauges(),
      descriptors: openDescriptors(pid),
      memory: usageOf(pid).memory,
    };
  }

  /** Ends it as process managers do; resolves with its exit code and how many milliseconds it took. */
  async stop(): Promise<{ code: number | null; ms: number }> {
    const started = performance.now();
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    const [code] = await ended;
    return { code, ms: Math.round(performance.now() - started) };
  }

  /** Those of the metrics that must be as at the start; a connection that only asks for them is counted always. */
  private async gauges(): Promise<Record<string, number>> {
    const response = await fetch(`${this.url}/metrics`, { headers: { connection: 'close' } });
    const lines = (await response.text()).split('\n');
    const sum = (gauge: string) =>
      lines
        .filter((line) => line.startsWith(`${gauge} `) || line.startsWith(`${gauge}{`))
        .reduce((total, line) => total + Number(line.split(' ').at(-1)), 0);
    return Object.fromEntries(gauges.map((gauge) => [gauge.replace('keras_serve_', ''), sum(gauge)]));
  }
}
