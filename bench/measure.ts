import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { packageRoot } from '../src/support/package.js';
import { type Contender, contendersFolder, type Setup } from './contenders.js';
import { cpuOf, processTree, usageOf } from './processes.js';

const run = promisify(execFile);

/** What one concurrency level gave. Times in milliseconds, memory in bytes. */
export interface LoadResult {
  concurrency: number;
  requestsPerSecond: number;
  p50: number;
  p99: number;
  /** Replies that were not 200, and connections that broke. */
  errors: number;
  cpuSecondsPerRequest: number;
  /** The part of it that the process which was started took itself. */
  ownCpuSecondsPerRequest: number;
  peakMemory: number;
}

/** What one start of a contender gave. */
export interface ServerResult {
  /** Seconds from process start to the first 200. */
  start: number;
  loads: LoadResult[];
}

/** What is posted to `/predict`. */
export interface Posted {
  /** A file: an image, or the whole body where there is a content type. */
  file: string;
  contentType?: string;
  /** Besides. */
  headers?: Record<string, string>;
  /** `/predict` by default. */
  path?: string;
}

const startTimeout = 180_000;

function launch(contender: Contender, setup: Setup): ChildProcess {
  const [command, ...args] = contender.command(setup) as [string, ...string[]];
  const environment = {
    ...process.env,
    ...contender.environment,
    MODEL: setup.model,
    PORT: String(setup.port),
    KERAS_BACKEND: 'tensorflow',
    TF_CPP_MIN_LOG_LEVEL: '3',
  };
  return spawn(command, args, {
    cwd: contendersFolder,
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** What `fetch` needs to post it once. */
function requestOf({ file, contentType, headers }: Posted): RequestInit {
  const bytes = readFileSync(file);
  if (contentType) return { method: 'POST', body: bytes, headers: { 'content-type': contentType, ...headers } };
  const form = new FormData();
  form.append('image', new Blob([bytes], { type: 'image/jpeg' }), 'image.jpg');
  return { method: 'POST', body: form, ...(headers && { headers }) };
}

async function firstReply(setup: Setup, posted: Posted, child: ChildProcess): Promise<void> {
  const request = requestOf(posted);
  const deadline = performance.now() + startTimeout;
  while (performance.now() < deadline && child.exitCode === null) {
    const reply = await fetch(`http://127.0.0.1:${setup.port}${posted.path ?? '/predict'}`, request).catch(
      () => undefined,
    );
    await reply?.arrayBuffer();
    if (reply?.status === 200) return;
    await sleep(10);
  }
  throw new Error('no 200 in time');
}

async function load(
  concurrency: number,
  seconds: number,
  setup: Setup,
  { file, contentType, headers = {}, path = '/predict' }: Posted,
  root: number,
): Promise<LoadResult> {
  const before = usageOf(root);
  const own = cpuOf(root);
  let peakMemory = 0;
  const sampler = setInterval(() => {
    peakMemory = Math.max(peakMemory, usageOf(root).memory);
  }, 500);
  const args = [
    '-t',
    '1',
    '-c',
    String(concurrency),
    '-d',
    `${seconds}s`,
    '--timeout',
    '60s',
    '-s',
    join(packageRoot, 'bench/post.lua'),
  ];
  const lines = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const { stdout } = await run('wrk', [...args, ...lines, `http://127.0.0.1:${setup.port}${path}`], {
    env: { ...process.env, BODY: file, ...(contentType && { CONTENT_TYPE: contentType }) },
  });
  clearInterval(sampler);
  const after = usageOf(root);
  const result = JSON.parse(/^RESULT (.*)$/m.exec(stdout)?.[1] ?? '{}');
  const errors = result.status + result.connect + result.read + result.write + result.timeout;
  return {
    concurrency,
    requestsPerSecond: (result.requests - result.status) / result.seconds,
    p50: result.p50,
    p99: result.p99,
    errors,
    cpuSecondsPerRequest: (after.cpu - before.cpu) / result.requests,
    ownCpuSecondsPerRequest: (cpuOf(root) - own) / result.requests,
    peakMemory: Math.max(peakMemory, after.memory),
  };
}

/** Makes what a contender needs of the model. */
export async function prepare(contender: Contender, setup: Setup): Promise<void> {
  const [command, ...args] = contender.prepare?.(setup) ?? [];
  if (command) await run(command, args, { env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' } });
}

/** What a contender is asked: where it has a way of its own, by that, in a file of the folder. */
function askedOf({ ask }: Contender, posted: Posted, folder: string): Posted {
  if (!ask) return posted;
  const file = join(folder, 'body');
  writeFileSync(file, ask.body(readFileSync(posted.file)));
  return { file, contentType: ask.contentType, path: ask.path };
}

/** Starts a contender, drives it at each concurrency, and ends it. */
export async function measureServer(
  contender: Contender,
  setup: Setup,
  given: Posted,
  concurrencies: readonly number[],
  seconds: number,
): Promise<ServerResult> {
  const folder = mkdtempSync(join(tmpdir(), 'keras-serve-asked-'));
  const posted = askedOf(contender, given, folder);
  const launched = performance.now();
  const child = launch(contender, setup);
  let log = '';
  child.stderr?.on('data', (chunk) => {
    log = (log + chunk).slice(-2000);
  });
  const ended = once(child, 'exit');
  try {
    await firstReply(setup, posted, child).catch((error) => {
      throw new Error(`${contender.name}: ${error.message}\n${log}`);
    });
    const start = (performance.now() - launched) / 1000;
    await load(4, 2, setup, posted, child.pid!);
    const loads: LoadResult[] = [];
    for (const concurrency of concurrencies) loads.push(await load(concurrency, seconds, setup, posted, child.pid!));
    return { start, loads };
  } finally {
    // Workers may have left the process group, and would keep the port and the processors.
    for (const pid of processTree(child.pid!)) kill(pid);
    await ended;
    rmSync(folder, { recursive: true });
    await sleep(500);
  }
}

/** Runs the bare loop in `processes` processes of `threads` threads each. */
export async function measureBareLoop(
  model: { path: string; input: string },
  image: string,
  seconds: number,
  processes: number,
  threads: number,
): Promise<LoadResult> {
  const args = [
    '--import',
    'tsx',
    join(contendersFolder, 'bare-loop.ts'),
    model.path,
    model.input,
    image,
    String(seconds),
    String(threads),
  ];
  const runs = await Promise.all(
    Array.from({ length: processes }, async () =>
      JSON.parse((await run(process.execPath, args, { cwd: packageRoot })).stdout),
    ),
  );
  const sum = (key: string) => runs.reduce((total, result) => total + result[key], 0);
  return {
    concurrency: processes,
    requestsPerSecond: runs.reduce((total, { requests, seconds }) => total + requests / seconds, 0),
    p50: Math.max(...runs.map(({ p50 }) => p50)),
    p99: Math.max(...runs.map(({ p99 }) => p99)),
    errors: 0,
    cpuSecondsPerRequest: sum('cpu') / sum('requests'),
    ownCpuSecondsPerRequest: sum('cpu') / sum('requests'),
    peakMemory: sum('memory'),
  };
}
