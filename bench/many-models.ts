/**
 * Measures what it costs to serve many small models at once: start, memory, and what one model's requests do to another's.
 * `docs/benchmarks.md` says how to read it.
 *
 *     npm run bench:models
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { packageRoot } from '../src/support/package.js';
import { unpackFamily } from '../test/helpers/fixtures.js';
import { usageOf } from './processes.js';
import { median, table, writeResults } from './results.js';

const { values } = parseArgs({
  options: {
    models: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '5' },
    port: { type: 'string', default: '5050' },
  },
});
const count = Number(values.models);
const url = `http://127.0.0.1:${values.port}`;

const { folder: fixtures, cases } = unpackFamily('convolution');
const work = mkdtempSync(join(tmpdir(), 'keras-serve-many-'));
const small = cases.filter(({ model, refused, weights }) => /\.keras$/.test(model) && !refused && !weights);
if (small.length < count) throw new Error(`There are only ${small.length} small models.`);

/** A folder with the first so many of the models. */
function folderOf(models: number): string {
  const folder = join(work, String(models));
  for (const { model, name } of small.slice(0, models)) {
    mkdirSync(join(folder, name), { recursive: true });
    cpSync(model, join(folder, name, 'model.keras'));
  }
  return folder;
}

/** Starts the server. @returns milliseconds until it is ready */
async function start(folder: string): Promise<{ child: ChildProcess; ms: number }> {
  const started = performance.now();
  const args = ['dist/src/cli.js', folder, '--port', values.port, '--cache-folder', join(work, 'cache'), '--strict'];
  const child = spawn(process.execPath, args, { cwd: packageRoot, stdio: ['ignore', 'ignore', 'inherit'] });
  while (!(await fetch(`${url}/health/ready`).catch(() => undefined))?.ok) {
    if (child.exitCode !== null) throw new Error('the server ended');
    await sleep(10);
  }
  return { child, ms: performance.now() - started };
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** Asks every model once, with the example of its own document. @returns the megabytes of all processes then */
async function memoryAfterAll(child: ChildProcess): Promise<number> {
  const { models } = (await (await fetch(`${url}/models`)).json()) as { models: { name: string }[] };
  for (const { name } of models) await ask(name);
  return usageOf(child.pid!).memory / 2 ** 20;
}

const bodies = new Map<string, string>();

/** Zeros for every input that a model describes. */
async function bodyOf(name: string): Promise<string> {
  const { inputs } = (await (await fetch(`${url}/models/${name}`)).json()) as {
    inputs: { name: string; shape: (number | null)[] }[];
  };
  const zeros = ([size, ...rest]: (number | null)[]): unknown =>
    size === undefined ? 0 : Array.from({ length: size ?? 4 }, () => zeros(rest));
  const rows = inputs.map(({ name, shape }) => [name, zeros(shape.slice(1))]);
  return JSON.stringify({ instances: [inputs.length === 1 ? rows[0]![1] : Object.fromEntries(rows)] });
}

/** @returns milliseconds of one prediction */
async function ask(name: string): Promise<number> {
  const body = bodies.get(name) ?? (await bodyOf(name));
  bodies.set(name, body);
  const started = performance.now();
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch(`${url}/models/${name}/predict`, { method: 'POST', headers, body });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${name}: ${text}`);
  return performance.now() - started;
}

async function asked(name: string, times: number): Promise<number> {
  const ms: number[] = [];
  for (let time = 0; time < times; time++) ms.push(await ask(name));
  return median(ms);
}

/** The median milliseconds of a small model alone, and beside eight clients that keep the bundled one busy. */
async function besideOthers(): Promise<{ alone: number; beside: number; other: number }> {
  const folder = folderOf(1);
  cpSync(join(packageRoot, 'models/efficientnet-lite0'), join(folder, 'busy'), { recursive: true });
  const { child } = await start(folder);
  try {
    const { name } = small[0]!;
    await asked(name, 50);
    const alone = await asked(name, 200);
    const form = () => {
      const data = new FormData();
      data.append('image', new Blob([readFileSync(join(packageRoot, 'examples/cat.jpg'))]), 'cat.jpg');
      return data;
    };
    const { models } = (await (await fetch(`${url}/models`)).json()) as { models: { name: string }[] };
    const busy = models.find((model) => model.name !== name)!.name;
    const others: number[] = [];
    let running = true;
    const load = Array.from({ length: 8 }, async () => {
      while (running) {
        const reply = await fetch(`${url}/models/${busy}/predict`, { method: 'POST', body: form() });
        await reply.text();
        const [, run] = /inference;dur=([\d.]+)/.exec(reply.headers.get('server-timing') ?? '') ?? [];
        others.push(Number(run));
      }
    });
    await sleep(1000);
    const beside = await asked(name, 100);
    running = false;
    await Promise.all(load);
    return { alone, beside, other: median(others) };
  } finally {
    await stop(child);
  }
}

try {
  const rounds: { models: number; ms: number; memory: number }[] = [];
  for (let round = -1; round < Number(values.rounds); round++) {
    for (const models of [1, count]) {
      const { child, ms } = await start(folderOf(models));
      const memory = await memoryAfterAll(child);
      await stop(child);
      // The first start compiles.
      if (round >= 0) rounds.push({ models, ms, memory });
    }
  }
  const of = (models: number, figure: 'ms' | 'memory') =>
    median(rounds.filter((round) => round.models === models).map((round) => round[figure]));
  const each = (of(count, 'memory') - of(1, 'memory')) / (count - 1);
  const beside = await besideOthers();
  const text = [
    `Small convolutional models out of the fixtures. Medians of ${values.rounds} starts, their cache warm.`,
    table(
      ['models', 'start to ready', 'memory after a request to each'],
      [1, count].map((models) => [
        String(models),
        `${(of(models, 'ms') / 1000).toFixed(2)} s`,
        `${of(models, 'memory').toFixed(0)} MB`,
      ]),
    ),
    `Each model more takes ${each.toFixed(1)} MB (at most 25), and ${count} are ready after ${(of(count, 'ms') / 1000).toFixed(2)} s (at most 3).`,
    `A small model answers in ${beside.alone.toFixed(1)} ms alone, and in ${beside.beside.toFixed(1)} ms while eight clients keep the bundled model busy, one run of which takes ${beside.other.toFixed(1)} ms: it waits for the run that is under way, not for the queue of the other.`,
  ].join('\n\n');
  writeResults(join(packageRoot, 'bench/results'), 'models', 'Many models at once', { rounds, beside }, `${text}\n`);
  console.log(text);
} finally {
  rmSync(work, { recursive: true, force: true });
  rmSync(fixtures, { recursive: true, force: true });
}
