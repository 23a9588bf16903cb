/**
 * Measures this checkout against an earlier one, in turns: before, after, before again. What the two measurements of the same
 * code differ by says what a difference between the codes means. `docs/benchmarks.md` says how to read it.
 *
 *     npm run bench:before-after -- --before <built checkout> --python <environment> [--pairs 7] [--seconds 4] [--models …]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../src/support/package.js';
import { unpackFamily } from '../test/helpers/fixtures.js';
import type { Contender } from './contenders.js';
import { measureServer, type Posted, type ServerResult } from './measure.js';
import { makeModel } from './models.js';
import { median, table, writeResults } from './results.js';

const { values } = parseArgs({
  options: {
    before: { type: 'string' },
    python: { type: 'string' },
    pairs: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '4' },
    models: { type: 'string', default: 'bundled,resnet50,small' },
    port: { type: 'string', default: '5050' },
  },
});
const { before, python } = values;
if (!before) throw new Error('Name the folder of an earlier checkout that is built: --before <folder>');
const seconds = Number(values.seconds);

const work = mkdtempSync(join(tmpdir(), 'keras-serve-before-after-'));
const { folder: fixtures, cases } = unpackFamily('core');
process.once('exit', () => {
  for (const folder of [work, fixtures]) rmSync(folder, { recursive: true });
});
const instances = join(work, 'instances.json');
writeFileSync(instances, JSON.stringify({ instances: [[0.1, 0.2, 0.3, 0.4, 0.5]] }));
const image: Posted = { file: join(packageRoot, 'examples/cat.jpg') };

/** The models with what is asked of them; ResNet50 is made on first use. */
const models: Record<string, () => { model: string; posted: Posted }> = {
  bundled: () => ({ model: join(packageRoot, 'models/efficientnet-lite0/model.keras'), posted: image }),
  resnet50: () => {
    if (!python) throw new Error('Name a Python environment with Keras for ResNet50: --python <folder>');
    return { model: join(makeModel('ResNet50', python), 'model.keras'), posted: image };
  },
  small: () => ({
    model: cases.find(({ name }) => name === 'dense_softmax')!.model,
    posted: { file: instances, contentType: 'application/json' },
  }),
};

/** What is compared, with the figure's digits. */
const figures: Record<string, { of(result: ServerResult): number; digits: number }> = {
  'start to first 200, s': { of: ({ start }) => start, digits: 2 },
  'requests/s at 1': { of: ({ loads }) => loads[0]!.requestsPerSecond, digits: 1 },
  'p50 at 1, ms': { of: ({ loads }) => loads[0]!.p50, digits: 2 },
  'requests/s at 8': { of: ({ loads }) => loads[1]!.requestsPerSecond, digits: 1 },
  'p99 at 8, ms': { of: ({ loads }) => loads[1]!.p99, digits: 1 },
  'CPU ms a request at 8': { of: ({ loads }) => loads[1]!.cpuSecondsPerRequest * 1000, digits: 3 },
  'peak memory at 8, MB': { of: ({ loads }) => loads[1]!.peakMemory / 2 ** 20, digits: 0 },
};

/** A checkout as it starts by default; each has a cache of its own. */
const checkout = (name: string, folder: string): Contender => ({
  name,
  keras: false,
  command: ({ model, port }) => [
    process.execPath,
    join(folder, 'dist/src/cli.js'),
    ...[model, '--port', String(port), '--log-level', 'warn', '--cache-folder', join(work, name)],
  ],
});
const codes = { before: checkout('before', resolve(before)), after: checkout('after', packageRoot) };

/** What git calls the code in a folder. */
const revisionOf = (folder: string): string =>
  spawnSync('git', ['describe', '--always', '--dirty'], { cwd: folder, encoding: 'utf8' }).stdout?.trim() || 'unknown';

/** Before, after, and before again. */
type Pair = Record<'before' | 'after' | 'again', ServerResult>;

const text: string[] = [];
const raw: Record<string, Pair[]> = {};
for (const name of values.models.split(',')) {
  const chosen = models[name];
  if (!chosen) throw new Error(`There is no model "${name}"; there are ${Object.keys(models).join(', ')}.`);
  const { model, posted } = chosen();
  const setup = { python: python ?? '', model, port: Number(values.port) };
  const measure = (code: Contender, clients: readonly number[]) => measureServer(code, setup, posted, clients, seconds);
  // The first start compiles the model, and is measured at any other.
  for (const code of Object.values(codes)) await measure(code, []);
  const pairs: Pair[] = [];
  for (let pair = 0; pair < Number(values.pairs); pair++) {
    pairs.push({
      before: await measure(codes.before, [1, 8]),
      after: await measure(codes.after, [1, 8]),
      again: await measure(codes.before, [1, 8]),
    });
    console.error(`${new Date().toISOString().slice(11, 19)}  ${name}: pair ${pair + 1} of ${values.pairs}`);
  }
  raw[name] = pairs;
  const rows = Object.entries(figures).map(([figure, { of, digits }]) => {
    const ratios = (other: 'after' | 'again') => pairs.map((pair) => of(pair[other]) / of(pair.before));
    const noise = ratios('again');
    const change = median(ratios('after'));
    const [low, high] = [Math.min(...noise), Math.max(...noise)];
    return [
      figure,
      ...(['before', 'after'] as const).map((code) => median(pairs.map((pair) => of(pair[code]))).toFixed(digits)),
      change.toFixed(3),
      `${low.toFixed(3)} to ${high.toFixed(3)}`,
      change >= low && change <= high ? 'within' : '**outside**',
    ];
  });
  text.push(
    `## ${name}\n`,
    table(['', 'before', 'after', 'after / before', 'before again / before, least to most', ''], rows),
    '',
  );
}
writeResults(
  join(packageRoot, 'bench/results'),
  'before-after',
  'Before and after',
  { pairs: raw },
  [
    `Before is ${revisionOf(resolve(before))}, after ${revisionOf(packageRoot)}.`,
    `Medians of ${values.pairs} pairs, ${seconds} s at each number of clients; ratios are taken pair by pair.`,
    '',
    ...text,
  ].join('\n'),
);
console.log(text.join('\n'));
