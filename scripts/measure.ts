/**
 * Prints how the built server does with the bundled model: time from process start to the first 200, with nothing kept and with what the
 * first start keeps; memory of each of its processes; file descriptors; how fast `/health/live` answers while 50 predictions are in
 * flight; and what a request of a model that does next to nothing takes of the processor.
 *
 *     npm run measure
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuOf, processTree, usageOf } from '../bench/processes.js';
import { median } from '../bench/results.js';
import { packageRoot } from '../src/support/package.js';
import { unpackFamily } from '../test/helpers/fixtures.js';
import { untilIdle } from '../test/helpers/proc.js';
import { freePort } from './storm/cluster.js';

const rounds = 5;
const inFlight = 50;
const probes = 100;
const smallRequests = 20_000;

const { folder: fixtures, cases } = unpackFamily('core');
const caches = mkdtempSync(join(tmpdir(), 'keras-serve-measure-'));
process.once('exit', () => {
  for (const folder of [fixtures, caches]) rmSync(folder, { recursive: true });
});

const photo = new Blob([readFileSync(join(packageRoot, 'examples', 'cat.jpg'))]);
const picture = (): RequestInit => {
  const body = new FormData();
  body.append('image', photo, 'cat.jpg');
  return { method: 'POST', body };
};
const numbers: RequestInit = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ instances: [[0.1, 0.2, 0.3, 0.4, 0.5]] }),
};

async function predict(url: string, request: RequestInit): Promise<boolean> {
  const response = await fetch(`${url}/predict`, request);
  await response.arrayBuffer();
  return response.status === 200;
}

interface Server {
  url: string;
  child: ChildProcess;
  /** Until its first 200 to a prediction. */
  ms: number;
}

/** Starts the server. @param cache the folder of compiled models */
async function start(model: string, cache: string, request: RequestInit): Promise<Server> {
  const url = `http://localhost:${await freePort()}`;
  const started = performance.now();
  const args = ['dist/src/cli.js', model, '--port', new URL(url).port, '--cache-folder', cache];
  const child = spawn(process.execPath, args, { cwd: packageRoot, stdio: ['ignore', 'ignore', 'inherit'] });
  while (!(await predict(url, request).catch(() => false))) await sleep(10);
  return { url, child, ms: performance.now() - started };
}

async function stop({ child }: Server): Promise<void> {
  child.kill('SIGTERM');
  await once(child, 'exit');
}

const startPicture = (cache: string) => start('models/efficientnet-lite0', join(caches, cache), picture());

/** Keeps a server busy. @returns stops that */
function keepBusy(clients: number, ask: () => Promise<unknown>): () => Promise<unknown> {
  let running = true;
  const load = Array.from({ length: clients }, async () => {
    while (running) await ask();
  });
  return () => {
    running = false;
    return Promise.all(load);
  };
}

/** Megabytes that a process and its descendants hold; what they share is counted once. */
const residentMemory = (pid: number): number => usageOf(pid).memory / 2 ** 20;

const descriptorsOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** Megabytes that no file has, of each process: the server's, then the inference processes'. */
const ownMemory = (root: number): string =>
  processTree(root)
    .map((pid) => Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024)
    .map((size) => Math.round(size))
    .join(' + ');

async function measureStarts(cacheOf: (round: number) => string): Promise<string> {
  const starts: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const server = await startPicture(cacheOf(round));
    starts.push(server.ms);
    await stop(server);
  }
  return `${starts.map((ms) => Math.round(ms)).join(', ')} ms; median ${Math.round(median(starts))} ms`;
}

async function measurePictures(): Promise<void> {
  const server = await startPicture('kept');
  const { url } = server;
  const pid = server.child.pid!;
  const descriptors = descriptorsOf(pid);
  await untilIdle(pid);
  console.log(`memory after the first: ${Math.round(residentMemory(pid))} MB, of no file: ${ownMemory(pid)} MB`);
  let answered = 0;
  const rest = keepBusy(inFlight, async () => {
    if (await predict(url, picture())) answered++;
  });
  await sleep(1000);
  const before = { answered, time: performance.now() };
  const latencies: number[] = [];
  for (let probe = 0; probe < probes; probe++) {
    const started = performance.now();
    await (await fetch(`${url}/health/live`)).arrayBuffer();
    latencies.push(performance.now() - started);
    await sleep(20);
  }
  const rate = ((answered - before.answered) / (performance.now() - before.time)) * 1000;
  console.log(
    `memory with ${inFlight} in flight: ${Math.round(residentMemory(pid))} MB, of no file: ${ownMemory(pid)} MB; ${descriptors} descriptors before them, ${descriptorsOf(pid)} with them`,
  );
  console.log(
    `/health/live with ${inFlight} in flight: median ${median(latencies).toFixed(1)} ms, worst ${Math.max(...latencies).toFixed(1)} ms`,
  );
  console.log(`predictions meanwhile: ${rate.toFixed(0)} a second, this client sharing the processors`);
  await rest();
  await stop(server);
}

async function measureSmallRequests(): Promise<void> {
  const { model } = cases.find(({ name }) => name === 'dense_softmax')!;
  const server = await start(model, join(caches, 'small'), numbers);
  const [root, ...inference] = processTree(server.child.pid!) as [number, ...number[]];
  const ask = async (count: number) => {
    let left = count;
    const client = async () => {
      while (left-- > 0) await predict(server.url, numbers);
    };
    await Promise.all(Array.from({ length: 16 }, client));
  };
  await ask(smallRequests / 4);
  const used = () => [[root], inference].map((pids) => pids.reduce((sum, pid) => sum + cpuOf(pid), 0));
  const before = used();
  await ask(smallRequests);
  const [http, rest] = used().map((seconds, index) => ((seconds - before[index]!) / smallRequests) * 1e6) as [
    number,
    number,
  ];
  console.log(
    `processor time of a request by JSON to a small model: ${http.toFixed(0)} µs in the HTTP process, ${rest.toFixed(0)} µs in the inference processes`,
  );
  await stop(server);
}

console.log(`start to first 200, nothing kept: ${await measureStarts((round) => `cold${round}`)}`);
await stop(await startPicture('kept'));
console.log(`start to first 200, model compiled: ${await measureStarts(() => 'kept')}`);
await measurePictures();
await measureSmallRequests();
process.exit();
