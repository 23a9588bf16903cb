/**
 * What it costs a gateway to know many models: 200 workers, who announce by the code of real ones, have 25 models each in a real
 * Redis, and one gateway in a process of its own reads them all; beside it the same with 50 models. Needs a redis-server.
 * `docs/benchmarks.md` says how to read it.
 *
 *     npm run bench:announcements -- [--workers 200] [--models 5000] [--few 50] [--requests 300] [--profile folder]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort } from '../scripts/storm/cluster.js';
import { openCatalog } from '../src/catalog/open-catalog.js';
import type { ServedModel } from '../src/catalog/served-model.js';
import { RedisConnections } from '../src/jobs/redis/connection.js';
import { packageRoot } from '../src/support/package.js';
import { bundledModel } from '../test/helpers/app.js';
import { protocolModels } from '../test/helpers/protocol-app.js';
import { RedisServer } from '../test/helpers/redis.js';
import { writeWorker } from '../test/helpers/workers.js';
import { cpuOf } from './processes.js';
import { median, table, writeResults } from './results.js';

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '200' },
    models: { type: 'string', default: '5000' },
    few: { type: 'string', default: '50' },
    requests: { type: 'string', default: '300' },
    profile: { type: 'string' },
  },
});
const [workers, many, few, requests] = [values.workers, values.models, values.few, values.requests].map(Number) as [
  number,
  number,
  number,
  number,
];
const mostMemory = 300;
const log = { info: () => undefined, warn: (...all: unknown[]) => console.error(...all) };

/** What a gateway costs that knows so many models. */
interface Figures {
  models: number;
  /** Seconds from its start until it has read all and is ready. */
  ready: number;
  /** Seconds of the processor in that time. */
  cpu: number;
  /** Megabytes: then, the most until then, after each model was asked for, and the most that there ever was. */
  memory: { ready: number; read: number; asked: number; most: number };
  /** Milliseconds of the median request: for one model again and again, and for another one each time. */
  same: Record<string, number>;
  other: Record<string, number>;
}

/** Has workers announce so many models together, each of which is one of those that are given under another name. */
async function announceAll(url: string, models: number, real: readonly ServedModel[]): Promise<void> {
  const connections = await RedisConnections.open({ url, namespace: 'default' }, log);
  const each = Math.ceil(models / workers);
  for (let from = 0; from < models; from += each) {
    const own = Array.from({ length: Math.min(each, models - from) }, (_, at): ServedModel => {
      const model = real[(from + at) % real.length]!;
      const card = { ...model.card, description: `The model number ${from + at}.` };
      return Object.create(model, { name: { value: nameOf(from + at) }, card: { value: card } });
    });
    await writeWorker(connections, `worker-${from / each}`, own);
  }
  await connections.close();
}

const nameOf = (index: number): string => `model-${index}`;

async function startGateway(redis: string): Promise<{ child: ChildProcess; url: string; seconds: number }> {
  const port = await freePort();
  const args = ['--role', 'gateway', '--redis', redis, '--host', '127.0.0.1', '--port', String(port)];
  const profile = values.profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', values.profile];
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [...profile, join(packageRoot, 'dist/src/cli.js'), ...args, '--log-level', 'warn'],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const url = `http://127.0.0.1:${port}`;
  while (!(await fetch(`${url}/health/ready`).catch(() => undefined))?.ok) {
    if (child.exitCode !== null) throw new Error('the gateway ended');
    await sleep(20);
  }
  return { child, url, seconds: (performance.now() - started) / 1000 };
}

/** Megabytes that a process has in memory: now, or at most so far. */
function megabytes(pid: number, what: 'VmRSS' | 'VmHWM'): number {
  const [, kilobytes] = new RegExp(`^${what}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return Number(kilobytes) / 1024;
}

/** What is asked: all of it is answered by the gateway alone. */
const asked: Record<string, (url: string, name: string) => Promise<Response>> = {
  'its document': (url, name) => fetch(`${url}/models/${name}`),
  'a body that is refused': (url, name) =>
    fetch(`${url}/models/${name}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-unknown' },
      body: '{}',
    }),
  'whether it is ready': (url, name) => fetch(`${url}/v2/models/${name}/ready`),
};

async function times(url: string, nameAt: (turn: number) => string): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const [what, ask] of Object.entries(asked)) {
    const all: number[] = [];
    for (let turn = 0; turn < requests; turn++) {
      const started = performance.now();
      const reply = await ask(url, nameAt(turn));
      await reply.arrayBuffer();
      if (reply.status === 404 || reply.status >= 500) throw new Error(`${what}: ${reply.status}`);
      all.push(performance.now() - started);
    }
    found[what] = median(all);
  }
  return found;
}

async function measure(models: number, real: readonly ServedModel[]): Promise<Figures> {
  const redis = await RedisServer.create();
  await redis.start();
  await announceAll(redis.url, models, real);
  const { child, url, seconds } = await startGateway(redis.url);
  const pid = child.pid!;
  const cpu = cpuOf(pid);
  const [ready, read] = [megabytes(pid, 'VmRSS'), megabytes(pid, 'VmHWM')];
  const listed = (await (await fetch(`${url}/models`)).json()) as { models: unknown[] };
  if (listed.models.length !== models) throw new Error(`it knows ${listed.models.length} models`);
  await times(url, (turn) => nameOf(turn % models));
  const same = await times(url, () => nameOf(models - 1));
  // A step that meets each of them once.
  const other = await times(url, (turn) => nameOf((turn * 17) % models));
  for (let index = 0; index < models; index++) await (await fetch(`${url}/models/${nameOf(index)}`)).arrayBuffer();
  const memory = { ready, read, asked: megabytes(pid, 'VmRSS'), most: megabytes(pid, 'VmHWM') };
  child.kill('SIGTERM');
  await once(child, 'exit');
  await redis.kill();
  return { models, ready: seconds, cpu, memory, same, other };
}

const { folder } = protocolModels();
const catalog = openCatalog([join(folder, 'served'), bundledModel], { processes: 1 });
await catalog.started;
const real = catalog.models.map(({ name }) => catalog.find(name));
const measured: Figures[] = [];
try {
  for (const models of [few, many]) measured.push(await measure(models, real));
} finally {
  await catalog.close();
  rmSync(folder, { recursive: true });
}
const count = (models: number) => models.toLocaleString('en');
const figure = (one: Figures, of: 'same' | 'other', what: string) => `${one[of][what]!.toFixed(2)} ms`;
const row = (what: string, value: (one: Figures) => string) => [what, ...measured.map(value)];
const text = [
  `${real.length} real models under as many names as it takes, announced by ${workers} workers (of 50 models by 50). Redis, the workers and the gateway share the machine.`,
  '',
  table(
    ['models', ...measured.map(({ models }) => count(models))],
    [
      row('from the start of a gateway until it has read all', ({ ready }) => `${ready.toFixed(2)} s`),
      row('of the processor', ({ cpu }) => `${cpu.toFixed(2)} s`),
      row('memory (RSS) then', ({ memory }) => `${memory.ready.toFixed(0)} MB`),
      row('the most until then', ({ memory }) => `${memory.read.toFixed(0)} MB`),
      row('after each model was asked for', ({ memory }) => `${memory.asked.toFixed(0)} MB`),
      row('the most that it ever was', ({ memory }) => `${memory.most.toFixed(0)} MB`),
      ...Object.keys(asked).flatMap((what) => [
        row(`${what}, of one model`, (one) => figure(one, 'same', what)),
        row(`${what}, of another one each time`, (one) => figure(one, 'other', what)),
      ]),
    ],
  ),
  '',
  `The memory, once all is read and asked for, should be under ${mostMemory} MB, and what is asked take as long with many models as with few.`,
  '',
].join('\n');
writeResults(join(packageRoot, 'bench/results'), 'announcements', 'Announced models', { measured }, text);
console.log(text);
process.exit(measured.some(({ memory }) => memory.asked > mostMemory) ? 1 : 0);
