/**
 * Measures what it adds to a start to work out a card of what lies beside a model: the same model with and without 5 MB of other files, in turns,
 * with an empty cache and with one that has them. `docs/benchmarks.md` says how to read it.
 *
 *     npm run bench:cards [-- --rounds 9]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { unzipSync } from 'fflate';
import { packageRoot } from '../src/support/package.js';
import { cpuOfAll } from './processes.js';
import { median, table, writeResults } from './results.js';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '9' }, port: { type: 'string', default: '5070' } },
});
const url = `http://127.0.0.1:${values.port}`;
const work = mkdtempSync(join(tmpdir(), 'keras-serve-cards-'));

/** What working out a card may add to a cold start, in milliseconds, and of how many bytes of files. */
const bound = { milliseconds: 150, bytes: 5 * 2 ** 20 };

const folders = { without: join(work, 'without'), with: join(work, 'with') };
type Variant = keyof typeof folders;

/** A model with its scalers, and beside them what people leave: code, tables, words with their ids. */
function makeFolders(): number {
  const archive = unzipSync(readFileSync(join(packageRoot, 'test/fixtures/beside/folders.zip')));
  for (const folder of Object.values(folders)) mkdirSync(folder);
  for (const folder of Object.values(folders))
    writeFileSync(join(folder, 'model.keras'), archive['houses/model.keras']!);
  for (const file of ['x_scaler.pkl', 'y_scaler.joblib'])
    writeFileSync(join(folders.with, file), archive[`houses/${file}`]!);
  const random = mulberry(5);
  const number = () => (random() * 1000).toFixed(4);
  const words = Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`word${index}x${number()}`, index]));
  writeFileSync(join(folders.with, 'word_index.json'), JSON.stringify(words));
  // Of other columns than the model's: names are looked for in the code, too.
  const rows = Array.from({ length: 25_000 }, () => Array.from({ length: 6 }, number).join(','));
  writeFileSync(join(folders.with, 'houses.csv'), `id,area,rooms,year,garden,price\n${rows.join('\n')}\n`);
  const sources = join(packageRoot, 'src/cards');
  for (const name of readdirSync(sources).filter((one) => one.endsWith('.ts')))
    copyFileSync(join(sources, name), join(folders.with, name));
  const code = (part: number) =>
    `def step_${part}(x):\n    names = ["a${part}", "b", "c"]\n    return x * ${part} + len(names)\n\n`;
  const cell = (part: number) => ({ cell_type: 'code', source: code(part), outputs: [{ text: number().repeat(40) }] });
  const cells = Array.from({ length: 2500 }, (_, part) => cell(part));
  writeFileSync(join(folders.with, 'train.ipynb'), JSON.stringify({ cells }));
  const files = readdirSync(folders.with).filter((name) => name !== 'model.keras');
  return files.reduce((sum, name) => sum + statSync(join(folders.with, name)).size, 0);
}

/** Numbers from 0 to 1 that are the same each time. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a start took until the model was ready, in milliseconds: by the clock, and of the processor's of all processes. */
interface Start {
  wall: number;
  cpu: number;
}

async function start(variant: Variant, cache: string): Promise<Start> {
  const started = performance.now();
  const args = [
    'dist/src/cli.js',
    folders[variant],
    '--port',
    values.port,
    '--cache-folder',
    cache,
    '--processes',
    '1',
  ];
  const child = spawn(process.execPath, args, { cwd: packageRoot, stdio: ['ignore', 'ignore', 'inherit'] });
  while (!(await fetch(`${url}/health/ready`).catch(() => undefined))?.ok) {
    if (child.exitCode !== null) throw new Error('the server ended');
    await sleep(5);
  }
  const wall = performance.now() - started;
  const cpu = cpuOfAll(child.pid!) * 1000;
  await stop(child);
  return { wall, cpu };
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** Starts by variant and by whether their cache was empty, a pair of each in every round. */
const runs: Record<Variant, Record<'cold' | 'warm', Start[]>> = {
  without: { cold: [], warm: [] },
  with: { cold: [], warm: [] },
};

async function measure(rounds: number): Promise<void> {
  for (let round = 0; round <= rounds; round++) {
    const order: Variant[] = round % 2 === 0 ? ['without', 'with'] : ['with', 'without'];
    for (const variant of order) {
      const cache = join(work, `cache-${round}-${variant}`);
      for (const state of ['cold', 'warm'] as const) {
        const one = await start(variant, cache);
        // The first round brings files into memory, and does not count.
        if (round > 0) runs[variant][state].push(one);
      }
      rmSync(cache, { recursive: true, force: true });
    }
  }
}

function report(bytes: number): void {
  const figure = (variant: Variant, state: 'cold' | 'warm', of: keyof Start) =>
    median(runs[variant][state].map((run) => run[of]));
  const added = (state: 'cold' | 'warm', of: keyof Start) =>
    median(runs.with[state].map((run, index) => run[of] - runs.without[state][index]![of]));
  const rows = (['cold', 'warm'] as const).flatMap((state) =>
    (['wall', 'cpu'] as const).map((of) => [
      `${state === 'cold' ? 'empty cache' : 'kept'}, ${of === 'wall' ? 'by the clock' : "of the processor's"}`,
      figure('without', state, of).toFixed(0),
      figure('with', state, of).toFixed(0),
      `**${added(state, of).toFixed(0)}**`,
    ]),
  );
  const head = ['ms', 'the model alone', 'with what lies beside it', 'added'];
  const met = added('cold', 'wall') <= bound.milliseconds ? 'met' : 'not met';
  const [load] = loadavg();
  const text = [
    `Medians of ${runs.with.cold.length} starts each, in turns; *added* is the median of the differences. Beside the model lie ${(bytes / 2 ** 20).toFixed(1)} MB. ` +
      `The machine's load was ${load!.toFixed(1)} at the end.`,
    table(head, rows),
    `A card may add ${bound.milliseconds} ms to a start with an empty cache: ${added('cold', 'wall').toFixed(0)} ms by the clock, ${met}.`,
  ].join('\n\n');
  writeResults(
    join(packageRoot, 'bench/results'),
    'cards',
    'A card out of what lies beside a model',
    { bytes, load, runs },
    `${text}\n`,
  );
  process.stdout.write(`${text}\n`);
}

try {
  const bytes = makeFolders();
  if (bytes > bound.bytes) throw new Error(`${bytes} bytes lie beside the model: the bound is of ${bound.bytes}.`);
  await measure(Number(values.rounds));
  report(bytes);
} finally {
  rmSync(work, { recursive: true });
}
