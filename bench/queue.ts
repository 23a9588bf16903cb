/**
 * What the way through Redis costs: a direct request through a gateway against the same server without, jobs against Celery with the same
 * model, jobs where few and many wait, two workers against one. Needs a redis-server; Celery where its environment is named.
 * `docs/benchmarks.md` says how to read it.
 *
 *     npm run bench:queue -- [--rounds 3] [--jobs 2000] [--python folder of an environment with celery[redis] and onnxruntime]
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Cluster, freePort, Undying } from '../scripts/storm/cluster.js';
import { RedisConnections } from '../src/jobs/redis/connection.js';
import { RedisParts } from '../src/jobs/redis/redis-parts.js';
import { RawBody } from '../src/protocols/body.js';
import { predictProtocol } from '../src/protocols/predict/protocol.js';
import type { Protocol } from '../src/protocols/protocol.js';
import { packageRoot } from '../src/support/package.js';
import { unpackFamily } from '../test/helpers/fixtures.js';
import { contendersFolder } from './contenders.js';
import { cpuOf, processTree } from './processes.js';
import { median, table, writeResults } from './results.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    jobs: { type: 'string', default: '2000' },
    python: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const jobs = Number(values.jobs);
const { folder, cases } = unpackFamily('core');
const work = mkdtempSync(join(tmpdir(), 'keras-serve-queue-'));
process.once('exit', () => {
  for (const one of [folder, work]) rmSync(one, { recursive: true });
});
const { model } = cases.find(({ name }) => name === 'dense_softmax')!;
const body = JSON.stringify({ instances: [[0.1, 0.2, 0.3, 0.4, 0.5]] });
const cli = join(packageRoot, 'dist', 'src', 'cli.js');

/** By `fetch` a request would take as much of the processor as the gateway, the worker and Redis do. */
const agent = new Agent({ keepAlive: true });

/** @returns milliseconds that it took */
async function post(url: string, headers: Record<string, string> = {}): Promise<number> {
  const started = performance.now();
  const sent = request(`${url}/predict`, {
    agent,
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': body.length, ...headers },
  });
  sent.end(body);
  const [reply] = (await once(sent, 'response')) as [IncomingMessage];
  await once(reply.resume(), 'end');
  if (reply.statusCode! >= 300) throw new Error(`${url} answered ${reply.statusCode}`);
  return performance.now() - started;
}

const later = { prefer: 'respond-async' };

/** Does something so often, by so many at once. @returns seconds that it took */
async function often(count: number, clients: number, once: () => Promise<unknown>): Promise<number> {
  let left = count;
  const started = performance.now();
  const client = async () => {
    while (left-- > 0) await once();
  };
  await Promise.all(Array.from({ length: clients }, client));
  return (performance.now() - started) / 1000;
}

async function succeeded(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^keras_serve_jobs\{status="succeeded"\} (\d+)$/m.exec(text)?.[1]);
}

/** Milliseconds of a request through the queue, and without it, turn by turn. */
async function latency(): Promise<{ queue: number[]; plain: number[] }> {
  const cluster = await Cluster.start(model, { gateways: 1, workers: 1 });
  const port = await freePort();
  const server = new Undying(process.execPath, [
    cli,
    model,
    '--port',
    String(port),
    '--processes',
    '1',
    '--log-level',
    'warn',
  ]);
  const plain = `http://localhost:${port}`;
  while (!(await post(plain).catch(() => undefined))) await sleep(100);
  const [gateway] = cluster.urls as [string];
  const times = { queue: [] as number[], plain: [] as number[] };
  for (let turn = 0; turn < 50; turn++) await Promise.all([post(gateway), post(plain)]);
  for (let turn = 0; turn < 300; turn++) {
    times.queue.push(await post(gateway));
    times.plain.push(await post(plain));
  }
  await server.end();
  await cluster.end();
  return times;
}

/** Jobs a second, from the first that is made to the last that is done. */
async function ownJobs(): Promise<number> {
  const cluster = await Cluster.start(model, { gateways: 1, workers: 2 });
  const [url] = cluster.urls as [string];
  await often(50, 4, () => post(url));
  const started = performance.now();
  await often(jobs, 16, () => post(url, later));
  while ((await succeeded(url)) < jobs) await sleep(20);
  const seconds = (performance.now() - started) / 1000;
  await cluster.end();
  return jobs / seconds;
}

/** The same by Celery. */
async function celeryJobs(python: string, onnx: string): Promise<number> {
  const port = await freePort();
  const redis = new Undying('redis-server', [
    '--port',
    String(port),
    '--dir',
    work,
    '--appendonly',
    'yes',
    '--appendfsync',
    'always',
    '--save',
    '',
  ]);
  const env = { ...process.env, REDIS_URL: `redis://127.0.0.1:${port}/0`, MODEL: onnx };
  const options = { cwd: contendersFolder, env };
  await sleep(1000);
  const args = ['-A', 'celery_onnx', 'worker', '--concurrency', '2', '--loglevel', 'warning'];
  const worker = spawn(join(python, 'bin/celery'), args, { ...options, stdio: 'ignore' });
  const seconds = Number(execFileSync(join(python, 'bin/python'), ['celery_onnx.py', String(jobs)], options));
  worker.kill('SIGTERM');
  await redis.end();
  return jobs / seconds;
}

/** Milliseconds to accept a job, and jobs a second that are done, where so many wait. */
async function waiting(counts: readonly number[]): Promise<{ count: number; accept: number; done: number }[]> {
  const cluster = await Cluster.start(model, { gateways: 1, workers: 1 });
  const [url] = cluster.urls as [string];
  const settings = { url: cluster.redisUrl, namespace: 'default' };
  const connections = await RedisConnections.open(settings, console as never);
  const parts = new RedisParts(connections);
  const store = parts.store({ maxJobs: 1e9, jobTtl: 60 });
  const protocol = predictProtocol(1) as Protocol<never, never>;
  const bytes = Buffer.from(body);
  const message = { mediaType: 'application/json', body: new RawBody([bytes as never], bytes.length) };
  const kept = { message, bytes: [] } as never;
  const name = (await (await fetch(`${url}/models`)).json()) as { models: { name: string }[] };
  const asked = {
    owner: undefined,
    model: name.models[0]!.name,
    protocol,
    address: {},
    kept,
    failure: undefined as never,
  };
  await cluster.pauseWorkers(true);
  const results = [];
  let present = 0;
  for (const count of counts) {
    await often(count - present, 64, () => store.take(asked));
    const accepted: number[] = [];
    for (let turn = 0; turn < 100; turn++) accepted.push(await post(url, later));
    const before = await succeeded(url);
    await cluster.pauseWorkers(false);
    const started = performance.now();
    await sleep(5000);
    const done = ((await succeeded(url)) - before) / ((performance.now() - started) / 1000);
    await cluster.pauseWorkers(true);
    await sleep(500);
    present = count + 100 - ((await succeeded(url)) - before);
    results.push({ count, accept: median(accepted), done });
  }
  await cluster.pauseWorkers(false);
  await parts.close();
  await connections.close();
  await cluster.kill();
  return results;
}

/** Requests a second of the workers' processor time, for each number of workers. */
async function workers(count: number): Promise<number> {
  const cluster = await Cluster.start(model, { gateways: 1, workers: count });
  const [url] = cluster.urls as [string];
  await often(200, 32, () => post(url));
  const cpu = () => cluster.workers.flatMap(({ pid }) => processTree(pid)).reduce((sum, pid) => sum + cpuOf(pid), 0);
  const before = cpu();
  const requests = 3000;
  await often(requests, 32, () => post(url));
  const used = cpu() - before;
  await cluster.end();
  return requests / used;
}

/** Milliseconds of a run that only sleeps. */
const nap = 20;

/**
 * Requests a second of so many workers whose model only sleeps, one request a run, and the part of the time in which their processes run
 * nothing; more wait than they can take.
 */
async function sleepers(count: number): Promise<{ rate: number; idle: number }> {
  const hook = pathToFileURL(join(contendersFolder, 'sleeping-run.mjs')).href;
  const cluster = await Cluster.start(model, {
    gateways: 1,
    workers: count,
    flags: ['--max-batch', '1'],
    variables: { NODE_OPTIONS: `--import ${hook}`, RUN_SLEEPS: String(nap) },
  });
  const [url] = cluster.urls as [string];
  await often(50, 16, () => post(url));
  const requests = 250 * count;
  const before = await ranFor(url);
  const seconds = await often(requests, 16, () => post(url));
  const ran = (await ranFor(url)) - before;
  await cluster.end();
  return { rate: requests / seconds, idle: 1 - ran / seconds / count };
}

/** Seconds that all runs have taken. */
async function ranFor(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^keras_serve_stage_duration_seconds_sum\{.*stage="inference".*\} (\S+)$/m.exec(text)?.[1]);
}

const onnx = join(work, 'model.onnx');
execFileSync(process.execPath, [cli, 'convert', model, onnx], { stdio: 'ignore' });
const measured = {
  latency: [] as { queue: number; plain: number }[],
  own: [] as number[],
  celery: [] as number[],
  one: [] as number[],
  two: [] as number[],
  sleeping: [] as { rate: number; idle: number }[],
  twoSleeping: [] as { rate: number; idle: number }[],
};
for (let round = 0; round < rounds; round++) {
  const { queue, plain } = await latency();
  measured.latency.push({ queue: median(queue), plain: median(plain) });
  measured.own.push(await ownJobs());
  if (values.python) measured.celery.push(await celeryJobs(values.python, onnx));
  measured.one.push(await workers(1));
  measured.two.push(await workers(2));
  measured.sleeping.push(await sleepers(1));
  measured.twoSleeping.push(await sleepers(2));
  console.error(`round ${round + 1} of ${rounds}`, JSON.stringify(measured));
}
const depths = await waiting([10, 1000, 10_000, 100_000]);
const added = median(measured.latency.map((one) => one.queue - one.plain));
const ratio = (ones: number[], others: number[]) => median(ones.map((one, index) => one / others[index]!)).toFixed(2);
const ratesOf = (sleepers: readonly { rate: number }[]) => sleepers.map(({ rate }) => rate);
const rows = [
  ['direct request without the queue, p50', `${median(measured.latency.map(({ plain }) => plain)).toFixed(2)} ms`],
  ['through gateway, Redis and worker, p50', `${median(measured.latency.map(({ queue }) => queue)).toFixed(2)} ms`],
  ['what that adds', `${added.toFixed(2)} ms`],
  [`jobs a second, ${jobs} of them`, median(measured.own).toFixed(0)],
  ...(values.python
    ? [
        ['the same by Celery and ONNX Runtime', median(measured.celery).toFixed(0)],
        ['keras-serve / Celery', ratio(measured.own, measured.celery)],
      ]
    : []),
  ['requests for each second of the processor time of one worker', median(measured.one).toFixed(0)],
  ['of two', median(measured.two).toFixed(0)],
  ['two / one', ratio(measured.two, measured.one)],
  [`requests a second of one worker whose runs sleep ${nap} ms`, median(ratesOf(measured.sleeping)).toFixed(1)],
  ['of two', median(ratesOf(measured.twoSleeping)).toFixed(1)],
  ['two / one, by the clock', ratio(ratesOf(measured.twoSleeping), ratesOf(measured.sleeping))],
  [
    'time in which the processes of two run nothing while requests wait',
    `${(100 * median(measured.twoSleeping.map(({ idle }) => idle))).toFixed(1)} %`,
  ],
];
const text = [
  `Medians of ${rounds} rounds. Redis writes each command to its disk before it answers (\`appendfsync always\`); all processes share the machine.`,
  '',
  table(['', ''], rows),
  '',
  table(
    ['jobs that wait', 'to accept one more, p50', 'done a second by one worker'],
    depths.map(({ count, accept, done }) => [count.toLocaleString('en'), `${accept.toFixed(2)} ms`, done.toFixed(0)]),
  ),
  '',
].join('\n');
writeResults(join(packageRoot, 'bench/results'), 'queue', 'The queue', { measured, depths }, text);
console.log(text);
process.exit();
