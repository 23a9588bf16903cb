/**
 * Compares a server that asks for API keys, lets pages of other origins in and limits rates with one that does none of it, and with
 * that once more, pair after pair, on a model that takes next to no time. `docs/benchmarks.md` says how to read it.
 *
 *     npm run bench:access -- [--pairs 7] [--seconds 4] [--port 5050]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../src/support/package.js';
import { unpackFamily } from '../test/helpers/fixtures.js';
import type { Contender } from './contenders.js';
import { measureServer, type Posted, type ServerResult } from './measure.js';
import { median, table, writeResults } from './results.js';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '4' },
    port: { type: 'string', default: '5050' },
  },
});
const seconds = Number(values.seconds);
const work = mkdtempSync(join(tmpdir(), 'keras-serve-access-'));
const { folder: fixtures, cases } = unpackFamily('core');
process.once('exit', () => {
  for (const folder of [work, fixtures]) rmSync(folder, { recursive: true });
});

const key = 'a-key-of-the-benchmark-0123456789abcdef';
const origin = 'https://app.example.com';
const [keys, instances] = ['keys', 'instances.json'].map((name) => join(work, name)) as [string, string];
// Neither the first nor the only one.
const others = Array.from({ length: 20 }, (_, index) => `other${index} other-key-${index}-0123456789abcdef\n`);
writeFileSync(keys, [...others, `benchmark ${key}\n`].join(''), { mode: 0o600 });
writeFileSync(instances, JSON.stringify({ instances: [[0.1, 0.2, 0.3, 0.4, 0.5]] }));
const posted: Posted = {
  file: instances,
  contentType: 'application/json',
  headers: { authorization: `Bearer ${key}`, origin },
};

const server = (name: string, ...flags: string[]): Contender => ({
  name,
  keras: false,
  command: ({ model, port }) => [
    process.execPath,
    join(packageRoot, 'dist/src/cli.js'),
    ...[model, '--port', String(port), '--log-level', 'warn', '--cache-folder', join(work, 'cache'), ...flags],
  ],
});
const servers = {
  without: server('without'),
  with: server('with', '--api-keys', keys, '--cors-origin', origin, '--rate-limit', '100000000/day'),
};

/** What is compared, with the figure's digits. */
const figures: Record<string, { of(result: ServerResult): number; digits: number }> = {
  'start to first 200, s': { of: ({ start }) => start, digits: 2 },
  'requests/s at 1': { of: ({ loads }) => loads[0]!.requestsPerSecond, digits: 1 },
  'requests/s at 8': { of: ({ loads }) => loads[1]!.requestsPerSecond, digits: 1 },
  'p99 at 8, ms': { of: ({ loads }) => loads[1]!.p99, digits: 1 },
  'CPU ms a request at 8': { of: ({ loads }) => loads[1]!.cpuSecondsPerRequest * 1000, digits: 3 },
};

const setup = {
  python: '',
  model: cases.find(({ name }) => name === 'dense_softmax')!.model,
  port: Number(values.port),
};
const measure = (contender: Contender) => measureServer(contender, setup, posted, [1, 8], seconds);

const pairs: Record<'without' | 'with' | 'again', ServerResult>[] = [];
for (let pair = 0; pair < Number(values.pairs); pair++) {
  pairs.push({
    without: await measure(servers.without),
    with: await measure(servers.with),
    again: await measure(servers.without),
  });
  console.error(`${new Date().toISOString().slice(11, 19)}  pair ${pair + 1} of ${values.pairs}`);
}
const errors = pairs.flatMap((pair) => Object.values(pair)).flatMap(({ loads }) => loads.map(({ errors }) => errors));
if (errors.some((count) => count > 0)) throw new Error(`Not all replies were 200: ${errors.join(', ')}`);

const rows = Object.entries(figures).map(([figure, { of, digits }]) => {
  const ratios = (other: 'with' | 'again') => pairs.map((pair) => of(pair[other]) / of(pair.without));
  const noise = ratios('again');
  return [
    figure,
    ...(['without', 'with'] as const).map((which) => median(pairs.map((pair) => of(pair[which]))).toFixed(digits)),
    median(ratios('with')).toFixed(3),
    `${Math.min(...noise).toFixed(3)} to ${Math.max(...noise).toFixed(3)}`,
  ];
});
const text = [
  `Medians of ${pairs.length} pairs, ${seconds} s at each number of clients; ratios are taken pair by pair.`,
  '',
  table(['', 'without', 'with', 'with / without', 'without again / without, least to most'], rows),
  '',
].join('\n');
writeResults(join(packageRoot, 'bench/results'), 'access', 'Keys, origins and a rate limit', { pairs }, text);
console.log(text);
