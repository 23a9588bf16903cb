/**
 * Prints how the built server does with the bundled model: time from process start to the first 200, memory of all its
 * processes, and how fast `/health/live` answers while 50 predictions are in flight.
 *
 *     npm run measure
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { usageOf } from '../bench/processes.js';
import { median } from '../bench/results.js';
import { packageRoot } from '../src/support/package.js';

const rounds = 5;
const inFlight = 50;
const probes = 100;

const photo = new Blob([readFileSync(join(packageRoot, 'examples', 'cat.jpg'))]);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function predict(url: string): Promise<boolean> {
  const body = new FormData();
  body.append('image', photo, 'cat.jpg');
  const response = await fetch(`${url}/predict`, { method: 'POST', body });
  await response.arrayBuffer();
  return response.status === 200;
}

/** Starts the server; resolves at its first 200 to a prediction. */
async function start(): Promise<{ url: string; child: ChildProcess; ms: number }> {
  const url = `http://localhost:${await freePort()}`;
  const started = performance.now();
  const args = ['dist/src/cli.js', 'models/efficientnet-lite0', '--port', new URL(url).port, '--log-level', 'silent'];
  const child = spawn(process.execPath, args, { cwd: packageRoot, stdio: 'inherit' });
  while (!(await predict(url).catch(() => false))) await sleep(10);
  return { url, child, ms: performance.now() - started };
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** Megabytes that a process and its descendants hold; what they share is counted once. */
const residentMemory = (pid: number): number => usageOf(pid).memory / 2 ** 20;

const starts: number[] = [];
for (let round = 0; round < rounds; round++) {
  const { child, ms } = await start();
  starts.push(ms);
  await stop(child);
}
console.log(
  `start to first 200: ${starts.map((ms) => Math.round(ms)).join(', ')} ms; median ${Math.round(median(starts))} ms`,
);

const { url, child } = await start();
console.log(`memory after the first: ${Math.round(residentMemory(child.pid!))} MB`);

let running = true;
let answered = 0;
const load = Array.from({ length: inFlight }, async () => {
  while (running) if (await predict(url)) answered++;
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
console.log(`memory with ${inFlight} in flight: ${Math.round(residentMemory(child.pid!))} MB`);
console.log(
  `/health/live with ${inFlight} in flight: median ${median(latencies).toFixed(1)} ms, worst ${Math.max(...latencies).toFixed(1)} ms`,
);
console.log(`predictions meanwhile: ${rate.toFixed(0)} a second, this client sharing the processors`);
running = false;
await Promise.all(load);
await stop(child);
