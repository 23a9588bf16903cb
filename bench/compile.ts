/**
 * Measures how long models of keras.applications take to be read and compiled, and in how much memory. `docs/benchmarks.md`
 * says how to read and repeat it.
 * Usage: npm run bench:compile -- --python <environment> [--rounds 3] [--only ResNet50,VGG16] [--models <folder>]
 */
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { CompileProgress, CompileReply } from '../src/inference/compile-messages.js';
import { packageRoot } from '../src/support/package.js';
import { makeModel } from './models.js';
import { cpuOf } from './processes.js';
import { median, table, writeResults } from './results.js';

/** From the smallest file to the largest; families that are deep, and families that are wide. */
const applications = [
  'MobileNetV2',
  'MobileNet',
  'NASNetMobile',
  'EfficientNetV2B0',
  'DenseNet121',
  'EfficientNetB4',
  'Xception',
  'InceptionV3',
  'ResNet50',
  'ConvNeXtTiny',
  'ResNet101V2',
  'InceptionResNetV2',
  'ResNet152',
  'EfficientNetB7',
  'NASNetLarge',
  'EfficientNetV2L',
  'VGG16',
  'ConvNeXtLarge',
];

const { values } = parseArgs({
  options: {
    python: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string' },
    models: { type: 'string' },
  },
});
const { python } = values;
if (!python) throw new Error('Name a Python environment that has bench/requirements.txt: --python <folder>');

/** One run of a compile process: milliseconds of each step, of the processor's for the first two, and the most bytes resident. */
interface Run {
  read: number;
  compile: number;
  write: number;
  optimize: number;
  cpu: number;
  compileMemory: number;
  memory: number;
}

/** The most that a process ever had resident, in bytes; 0 once it has ended. */
function peakMemory(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Milliseconds between two looks at a process's memory. */
const interval = 5;

/** Compiles a model as the server does when it is not in the cache: in a process of its own, which writes it and ends. */
function run(path: string, output: string): Promise<Run> {
  const module = join(packageRoot, 'dist/src/inference/compile-main.js');
  // Without the loader of TypeScript, which this process has.
  const child = fork(module, { serialization: 'advanced', execArgv: [] });
  const starts = new Map<CompileProgress['step'] | 'end', number>();
  let [compileMemory, memory, cpu] = [0, 0, 0];
  const timer = setInterval(() => {
    memory = Math.max(memory, peakMemory(child.pid!));
  }, interval);
  return new Promise((resolve, reject) => {
    child.on('message', (reply: CompileReply) => {
      if (reply.kind === 'error') return reject(new Error(reply.message));
      const step = reply.kind === 'progress' ? reply.progress.step : 'end';
      if (starts.has(step)) return;
      starts.set(step, performance.now());
      if (step === 'reading') cpu = -cpuOf(child.pid!);
      if (step !== 'writing') return;
      cpu += cpuOf(child.pid!);
      compileMemory = peakMemory(child.pid!);
    });
    child.once('exit', (code, signal) => {
      clearInterval(timer);
      const between = (from: CompileProgress['step'], to: CompileProgress['step'] | 'end') =>
        starts.get(to)! - starts.get(from)!;
      if (!starts.has('end')) return reject(new Error(`the compile process ended (${signal ?? code})`));
      resolve({
        read: between('reading', 'compiling'),
        compile: between('compiling', 'writing'),
        write: between('writing', 'optimizing'),
        optimize: between('optimizing', 'end'),
        cpu: cpu * 1000,
        compileMemory,
        memory,
      });
    });
    child.send({ task: 'optimize', path, output });
  });
}

/** What a model took. Sizes in bytes. */
interface Result {
  name: string;
  size: number;
  runs: Run[];
}

async function measure(name: string, rounds: number): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'keras-serve-compile-'));
  try {
    const path = join(makeModel(name, python!, values.models ?? folder), 'model.keras');
    const runs: Run[] = [];
    // The first round brings the file into memory, and does not count.
    for (let round = 0; round <= rounds; round++) runs.push(await run(path, join(folder, 'model.onnx')));
    return { name, size: statSync(path).size, runs: runs.slice(1) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const megabyte = 1e6;
const figure = ({ runs }: Result, of: (run: Run) => number) => median(runs.map(of));
const compileTime = ({ read, compile }: Run) => read + compile;

/** `y = a + b·x`, and how much of the variance of y it tells (r²). */
interface Line {
  a: number;
  b: number;
  r2: number;
}

/** The line with the least squares. */
function fit(points: readonly (readonly [x: number, y: number])[]): Line {
  const mean = (of: (point: readonly [number, number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point[0]), mean((point) => point[1])];
  const [xx, xy, yy] = [
    mean((point) => (point[0] - x) ** 2),
    mean((point) => (point[0] - x) * (point[1] - y)),
    mean((point) => (point[1] - y) ** 2),
  ];
  const b = xy / xx;
  return { a: y - b * x, b, r2: xy ** 2 / (xx * yy) };
}

/** What a model may take at most. */
const bounds: Record<string, { milliseconds: number; memory: number }> = {
  ResNet50: { milliseconds: 1500, memory: 3 },
};

function report(results: readonly Result[]): void {
  const milliseconds = (result: Result, of: (run: Run) => number) => figure(result, of).toFixed(0);
  const times = (result: Result, of: (run: Run) => number) => `${(figure(result, of) / result.size).toFixed(2)} ×`;
  const rows = results.map((result) => [
    result.name,
    `${(result.size / megabyte).toFixed(0)} MB`,
    milliseconds(result, ({ read }) => read),
    milliseconds(result, ({ compile }) => compile),
    `**${milliseconds(result, compileTime)}**`,
    milliseconds(result, ({ cpu }) => cpu),
    milliseconds(result, ({ write }) => write),
    milliseconds(result, ({ optimize }) => optimize),
    times(result, ({ compileMemory }) => compileMemory),
    times(result, ({ memory }) => memory),
  ]);
  const head = [
    '',
    'file',
    'read, ms',
    'compile, ms',
    'both, ms',
    "of the processor's",
    'write, ms',
    'optimize, ms',
    'peak memory',
    'to the end',
  ];
  const line = (of: (run: Run) => number) => fit(results.map((result) => [result.size / megabyte, figure(result, of)]));
  const fits = { time: line(compileTime), cpu: line(({ cpu }) => cpu) };
  const show = ({ a, b, r2 }: Line) => `${a.toFixed(0)} ms + ${b.toFixed(2)} ms for each MB, r² = ${r2.toFixed(3)}`;
  const lines =
    results.length > 2
      ? [`Lines through reading and compiling: ${show(fits.time)}; of the processor's time ${show(fits.cpu)}.`]
      : [];
  for (const result of results) {
    const bound = bounds[result.name];
    if (!bound) continue;
    const [time, memory] = [figure(result, compileTime), figure(result, (run) => run.compileMemory) / result.size];
    const met = time < bound.milliseconds && memory < bound.memory ? 'met' : '**missed**';
    lines.push(
      `${result.name} should be read and compiled in less than ${bound.milliseconds} ms and ${bound.memory} × the file in memory: ${time.toFixed(0)} ms, ${memory.toFixed(2)} ×, ${met}.`,
    );
  }
  const text = `Medians of ${results[0]!.runs.length} runs, each in a fresh process.\n\n${table(head, rows)}\n\n${lines.join('\n\n')}\n`;
  writeResults(
    join(packageRoot, 'bench/results'),
    'compile',
    'Reading and compiling keras.applications',
    { fits, results },
    text,
  );
}

const names = values.only?.split(',') ?? applications;
const results: Result[] = [];
for (const name of names) {
  const result = await measure(name, Number(values.rounds));
  results.push(result);
  const says = (of: (run: Run) => number) => result.runs.map((run) => of(run).toFixed(0)).join(', ');
  console.error(
    `${name} (${(result.size / megabyte).toFixed(0)} MB): read and compiled in ${says(compileTime)} ms, optimized in ${says(({ optimize }) => optimize)} ms, ${(figure(result, ({ memory }) => memory) / result.size).toFixed(2)} × the file in memory`,
  );
  report(results.toSorted((a, b) => a.size - b.size));
}
