/**
 * Measures what large models take: time and memory of the first start, time of later ones, and the memory of their processes.
 * `docs/benchmarks.md` says how to read it.
 *
 *     npm run bench:weights -- FOLDER [FOLDER ...]      as make_models.py writes them
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { environmentWithoutCertificates, packageRoot } from '../src/support/package.js';
import { inferenceProcesses, ownMemory, untilIdle } from '../test/helpers/proc.js';
import { cpuOfAll, processTree, usageOf } from './processes.js';
import { median, table, writeResults } from './results.js';

const { values, positionals: folders } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    processes: { type: 'string', default: '1,2,4' },
    port: { type: 'string', default: '5070' },
  },
});
if (folders.length === 0) throw new Error('Name the folders of models: bench/make_models.py writes some.');
const url = `http://127.0.0.1:${values.port}`;
const megabyte = 2 ** 20;

/** Resident bytes of a process and its descendants that are their own, of those that are still there: files that it has mapped are given back where there is no room. */
const ownOfTree = (root: number): number => processTree(root).reduce((sum, pid) => sum + (ownMemory(pid) || 0), 0);

interface Start {
  /** Seconds until the model answers. */
  seconds: number;
  /** Seconds of processor time until then. */
  cpu: number;
  /** The most bytes that all processes had for themselves at once until then; 0 where that was not looked at. */
  peak: number;
}

/**
 * Starts a server, and measures until it is ready.
 * @param watch whether its memory is looked at meanwhile, which takes of the processors
 */
async function start(
  folder: string,
  cache: string,
  processes: number,
  watch = false,
): Promise<Start & { child: ChildProcess }> {
  const started = performance.now();
  const args = [folder, '--port', values.port, '--cache-folder', cache, '--processes', String(processes), '--strict'];
  const child = spawn(process.execPath, ['dist/src/cli.js', ...args], {
    cwd: packageRoot,
    // Where certificates are set, Node reads them at every start.
    env: environmentWithoutCertificates(),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  let peak = 0;
  while (!(await fetch(`${url}/health/ready`).catch(() => undefined))?.ok) {
    if (child.exitCode !== null) throw new Error('the server ended');
    if (watch) peak = Math.max(peak, ownOfTree(child.pid!));
    await sleep(20);
  }
  return { child, seconds: (performance.now() - started) / 1000, cpu: cpuOfAll(child.pid!), peak };
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** Bytes of the model files in a folder. */
const sizeOf = (folder: string): number =>
  readdirSync(folder)
    .filter((name) => /\.(keras|h5|onnx)$/.test(name))
    .reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);

interface Measured {
  model: string;
  bytes: number;
  cold: Start;
  warm: { seconds: number; cpu: number };
  memory: { processes: number; own: number; all: number }[];
}

async function measure(folder: string): Promise<Measured> {
  const cache = mkdtempSync(join(tmpdir(), 'keras-serve-weights-'));
  try {
    // What comes from the disk the first time would count as compiling.
    for (const name of readdirSync(folder))
      if (statSync(join(folder, name)).size < 2 ** 31) readFileSync(join(folder, name));
    const first = await start(folder, cache, 2, true);
    await stop(first.child);
    const { child: _, ...cold } = first;
    const warm: Start[] = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      const { child, ...one } = await start(folder, cache, 2);
      await stop(child);
      warm.push(one);
    }
    const memory: Measured['memory'] = [];
    for (const processes of values.processes.split(',').map(Number)) {
      const { child } = await start(folder, cache, processes);
      await untilIdle(child.pid!);
      const own = inferenceProcesses(child.pid!).reduce((sum, pid) => sum + ownMemory(pid), 0);
      memory.push({ processes, own, all: usageOf(child.pid!).memory });
      await stop(child);
    }
    const of = (figure: 'seconds' | 'cpu') => median(warm.map((one) => one[figure]));
    return {
      model: basename(folder),
      bytes: sizeOf(folder),
      cold,
      warm: { seconds: of('seconds'), cpu: of('cpu') },
      memory,
    };
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

const megabytes = (bytes: number): string => `${(bytes / megabyte).toFixed(0)} MB`;
const results: Measured[] = [];
for (const folder of folders) results.push(await measure(folder));
const text = [
  `First start, with two inference processes; later ones are medians of ${values.rounds}. Processor time is that until a server is ready, with the model in one of the processes. “Own” is memory that is no file's (RssAnon), at its peak in all processes together; “all” is the proportional set size, files that are mapped among it.`,
  table(
    ['model', 'file', 'first start', 'processor time', 'peak, own', 'later starts', 'processor time'],
    results.map(({ model, bytes, cold, warm }) => [
      model,
      megabytes(bytes),
      `${cold.seconds.toFixed(2)} s`,
      `${cold.cpu.toFixed(2)} s`,
      `${megabytes(cold.peak)} (${(cold.peak / bytes).toFixed(2)} × the file)`,
      `${warm.seconds.toFixed(2)} s`,
      `${warm.cpu.toFixed(2)} s`,
    ]),
  ),
  'Inference processes once the model has answered, and server and processes together:',
  table(
    ['model', 'processes', 'own, of the inference processes', 'all', 'of weights and 60 MB a process'],
    results.flatMap(({ model, bytes, memory }) =>
      memory.map(({ processes, own, all }) => [
        model,
        String(processes),
        megabytes(own),
        megabytes(all),
        `${(all / (bytes + processes * 60 * megabyte)).toFixed(2)} ×`,
      ]),
    ),
  ),
].join('\n\n');
writeResults(join(packageRoot, 'bench/results'), 'weights', 'Weights in memory', results, `${text}\n`);
console.log(text);
