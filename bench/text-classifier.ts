/**
 * A text classifier with a TextVectorization: keras-serve against the tutorial's way, Flask and Keras under gunicorn. And what of the code
 * for strings a server loads. `docs/benchmarks.md` says how to read and repeat it.
 *
 *     npm run bench:strings -- --python <environment> [--rounds 3] [--seconds 8]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../src/support/package.js';
import { loadedSources } from '../test/helpers/loaded-sources.js';
import { type Setup, textContenders } from './contenders.js';
import { measureServer, type Posted, type ServerResult } from './measure.js';
import { median, table, writeResults } from './results.js';

const { values } = parseArgs({
  options: {
    python: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '8' },
    port: { type: 'string', default: '5050' },
  },
});
const { python } = values;
if (!python) throw new Error('Name a Python environment that has bench/requirements.txt: --python <folder>');
const seconds = Number(values.seconds);
const clients = [1, 8];
/** Requests per second that keras-serve should answer, over those of the others. */
const bound = 3;

const folder = mkdtempSync(join(tmpdir(), 'keras-serve-text-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
execFileSync(join(python, 'bin/python'), [join(packageRoot, 'bench/make_text_model.py'), folder], {
  stdio: ['ignore', 'ignore', 'pipe'],
  env: { ...process.env, KERAS_BACKEND: 'tensorflow', TF_CPP_MIN_LOG_LEVEL: '3', CUDA_VISIBLE_DEVICES: '-1' },
});
const setup: Setup = { python, model: join(folder, 'model.keras'), port: Number(values.port) };
const posted: Posted = { file: join(folder, 'text.json'), contentType: 'application/json' };

const [ours, ...others] = textContenders;
// The first start compiles the model, and is measured at any other.
await measureServer(ours!, setup, posted, [], seconds);

/** A round: what each contender gave, by its name. */
type Round = Record<string, ServerResult>;
const rounds: Round[] = [];
const busy: number[] = [];
for (let round = 0; round < Number(values.rounds); round++) {
  const results: Round = {};
  busy.push(loadavg()[0]!);
  for (const contender of textContenders) {
    results[contender.name] = await measureServer(contender, setup, posted, clients, seconds);
    const rates = results[contender.name]!.loads.map(({ requestsPerSecond }) => requestsPerSecond.toFixed(0));
    console.error(`${contender.name}: ${rates.join(' and ')} requests a second`);
  }
  rounds.push(results);
}

/** Whether the machine had other things to do when it began. */
const wasBusy = busy[0]! > availableParallelism();
const loadOf = (round: Round, name: string, index: number) => round[name]!.loads[index]!;
const middle = (name: string, index: number, of: 'requestsPerSecond' | 'p50' | 'errors' | 'cpuSecondsPerRequest') =>
  median(rounds.map((round) => loadOf(round, name, index)[of]));
const rows = textContenders.map(({ name }) => [
  name,
  ...clients.flatMap((_, index) => [
    middle(name, index, 'requestsPerSecond').toFixed(0),
    `${middle(name, index, 'p50').toFixed(2)} ms`,
  ]),
  (1000 * middle(name, clients.length - 1, 'cpuSecondsPerRequest')).toFixed(2),
  String(clients.reduce((sum, _, index) => sum + middle(name, index, 'errors'), 0)),
]);
const ratios = others.map(({ name }) => {
  const found = clients.map((_, index) =>
    median(
      rounds.map((round) => {
        const [mine, theirs] = [ours!.name, name].map((one) => loadOf(round, one, index).requestsPerSecond);
        return mine! / theirs!;
      }),
    ),
  );
  return [
    name,
    ...found.map((ratio) => ratio.toFixed(1)),
    String(bound),
    wasBusy ? 'not judged' : Math.min(...found) >= bound ? 'met' : '**missed**',
  ];
});

const isString = (source: string) => source.startsWith('src/strings/') || source === 'src/inference/string-session.ts';
const loaded = {
  'the bundled model, which has no strings': await loadedSources(
    join(packageRoot, 'models/efficientnet-lite0'),
    folder,
  ),
  'the text classifier': await loadedSources(setup.model, folder),
};
const sources = Object.entries(loaded).map(([what, names]) => [
  what,
  names
    .filter(isString)
    .map((name) => `\`${name}\``)
    .join(', ') || 'nothing',
]);

const asked = JSON.parse(readFileSync(posted.file, 'utf8')).text.split(' ').length;
const text = [
  `A text of ${asked} words a request. Medians of ${rounds.length} rounds, ${seconds} s at each number of clients; ratios are taken round by round.`,
  `Load average before the first round: ${busy[0]!.toFixed(1)}.`,
  ...(wasBusy
    ? [
        '',
        '**The machine did other things as well**, which favours who needs least of it: run it again on a quiet one.',
      ]
    : []),
  '',
  table(['', 'requests/s at 1', 'p50', 'requests/s at 8', 'p50', 'CPU ms a request at 8', 'errors'], rows),
  '',
  table(['keras-serve over', 'at 1', 'at 8', 'bound', ''], ratios),
  '',
  'What a server and its inference processes load of the code for strings, with the compiled model in the cache:',
  '',
  table(['to serve', 'sources'], sources),
  '',
].join('\n');
console.log(text);
writeResults(
  join(packageRoot, 'bench/results'),
  'strings',
  'Texts to a classifier',
  { rounds, busy, loaded: sources },
  text,
);
