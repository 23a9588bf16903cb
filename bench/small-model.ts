/**
 * Compares a model that takes next to no time, asked by JSON, with a bare Fastify route that parses the same and answers the same, round
 * after round. The log of requests is on. `docs/benchmarks.md` says how to read it.
 *
 *     npm run bench:small -- [--rounds 7] [--seconds 5] [--clients 16] [--port 5050]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../src/support/package.js';
import { unpackFamily } from '../test/helpers/fixtures.js';
import type { Contender } from './contenders.js';
import { type LoadResult, measureServer, type Posted } from './measure.js';
import { median, table, writeResults } from './results.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '5' },
    clients: { type: 'string', default: '16' },
    port: { type: 'string', default: '5050' },
  },
});
const clients = Number(values.clients);
const work = mkdtempSync(join(tmpdir(), 'keras-serve-small-'));
const { folder: fixtures, cases } = unpackFamily('core');
process.once('exit', () => {
  for (const folder of [work, fixtures]) rmSync(folder, { recursive: true });
});

const instances = join(work, 'instances.json');
writeFileSync(instances, JSON.stringify({ instances: [[0.1, 0.2, 0.3, 0.4, 0.5]] }));
const posted: Posted = { file: instances, contentType: 'application/json' };
const node = (name: string, ...args: string[]): Contender => ({
  name,
  keras: false,
  command: ({ model, port }) => [
    process.execPath,
    ...args.map((arg) => ({ MODEL: model, PORT: String(port) })[arg] ?? arg),
  ],
});
const cli = join(packageRoot, 'dist/src/cli.js');
const contenders = [
  node('keras-serve', cli, 'MODEL', '--port', 'PORT', '--cache-folder', join(work, 'cache')),
  node('the bare route', '--import', 'tsx', join(packageRoot, 'bench/contenders/bare-route.ts')),
];
const setup = {
  python: '',
  model: cases.find(({ name }) => name === 'dense_softmax')!.model,
  port: Number(values.port),
};

const measured = contenders.map(({ name }) => ({ name, loads: [] as LoadResult[] }));
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [place, contender] of contenders.entries()) {
    const { loads } = await measureServer(contender, setup, posted, [clients], Number(values.seconds));
    measured[place]!.loads.push(...loads);
  }
  console.error(`round ${round + 1} of ${values.rounds}`);
}

const medianOf = (loads: readonly LoadResult[], of: (load: LoadResult) => number) => median(loads.map(of));
const microseconds = (seconds: number) => (seconds * 1e6).toFixed(0);
const [own, bare] = measured.map(({ loads }) => loads) as [LoadResult[], LoadResult[]];
const share = median(own.map(({ requestsPerSecond }, round) => requestsPerSecond / bare[round]!.requestsPerSecond));
const text = [
  `Medians of ${values.rounds} rounds, ${clients} clients, \`wrk\` on the same machine.`,
  '',
  table(
    [
      '',
      'requests/s',
      'p50, ms',
      'p99, ms',
      'µs of the HTTP process a request',
      'µs of the inference processes',
      'errors',
    ],
    measured.map(({ name, loads }) => [
      name,
      medianOf(loads, ({ requestsPerSecond }) => requestsPerSecond).toFixed(0),
      medianOf(loads, ({ p50 }) => p50).toFixed(2),
      medianOf(loads, ({ p99 }) => p99).toFixed(2),
      microseconds(medianOf(loads, ({ ownCpuSecondsPerRequest }) => ownCpuSecondsPerRequest)),
      microseconds(
        medianOf(
          loads,
          ({ cpuSecondsPerRequest, ownCpuSecondsPerRequest }) => cpuSecondsPerRequest - ownCpuSecondsPerRequest,
        ),
      ),
      String(loads.reduce((sum, { errors }) => sum + errors, 0)),
    ]),
  ),
  '',
  `keras-serve answers ${share.toFixed(2)} of the requests that the bare route answers.`,
  '',
].join('\n');
writeResults(join(packageRoot, 'bench/results'), 'small-model', 'A small model by JSON', { measured }, text);
console.log(text);
process.exit();
