/**
 * Measures keras-serve against what people serve Keras models with today. `docs/benchmarks.md` says how to read and repeat it.
 * Usage: npm run bench -- --python <environment> [--rounds 7] [--seconds 5] [--models bundled,table,…]
 *     [--only name,… --out <folder>]
 * What was measured of other models before stays in the results.
 */
import { availableParallelism, loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { compileModelFile } from '../src/inference/compiled-model.js';
import { packageRoot } from '../src/support/package.js';
import { type Contender, contenders, type Kind, type Setup } from './contenders.js';
import { type LoadResult, measureBareLoop, measureServer, type Posted, prepare, type ServerResult } from './measure.js';
import { makeModel, makeRowModel } from './models.js';
import { type Round, readRounds, writeReport } from './report.js';
import { machine } from './results.js';

const { values } = parseArgs({
  options: {
    python: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '5' },
    models: { type: 'string', default: 'bundled,resnet50,table,text,rnn' },
    only: { type: 'string' },
    out: { type: 'string' },
    image: { type: 'string', default: join(packageRoot, 'examples/cat.jpg') },
    port: { type: 'string', default: '5050' },
  },
});
function end(message: string): never {
  console.error(message);
  process.exit(1);
}
if (!values.python) end('Name a Python environment that has bench/requirements.txt: --python <folder>');
if (values.only && !values.out)
  end('bench/results has the figures of all contenders: name another folder for those of a few: --out <folder>');
const [load = 0] = loadavg();
if (load > 0.5) console.error(`Something else runs here (load ${load.toFixed(1)}): the figures will be off.`);
// Contenders are started in a folder of their own.
const python = resolve(values.python);
const seconds = Number(values.seconds);
const concurrencies = [1, 8, 64];
const wanted = values.only?.split(',');
const results = resolve(values.out ?? join(packageRoot, 'bench/results'));

/** A model, what it is asked, and who is asked. */
interface Subject {
  model: string;
  setup: Setup;
  posted: Posted;
  contenders: Contender[];
  /** Whether there is a loop that decodes the image and runs the model without a server. */
  hasBareLoop: boolean;
}

/** The folders of the models, which are made on first use, and what each is asked about. */
const folders: Record<string, [kind: Kind, folder: () => string]> = {
  bundled: ['images', () => join(packageRoot, 'models', 'efficientnet-lite0')],
  resnet50: ['images', () => makeModel('ResNet50', python)],
  table: ['rows', () => makeRowModel('table', python)],
  text: ['rows', () => makeRowModel('text', python)],
  rnn: ['rows', () => makeRowModel('rnn', python)],
};

function isChosen({ name, missing }: Contender, model: string): boolean {
  if (wanted && !wanted.some((part) => name.toLowerCase().includes(part.toLowerCase()))) return false;
  const reason = missing?.({ python }, model);
  if (reason !== undefined) console.error(`${model}, ${name} is left out: ${reason}`);
  return reason === undefined;
}

function subjectOf(model: string): Subject {
  const found = folders[model];
  if (!found) throw new Error(`There is no model "${model}"; there are ${Object.keys(folders).join(', ')}.`);
  const [kind, make] = found;
  const folder = make();
  const isImage = kind === 'images';
  return {
    model,
    setup: { python, port: Number(values.port), model: join(folder, 'model.keras') },
    posted: isImage
      ? { file: values.image }
      : { file: join(folder, 'instances.json'), contentType: 'application/json' },
    contenders: contenders[kind].filter((contender) => isChosen(contender, model)),
    hasBareLoop: isImage,
  };
}

const report = (text: string) => console.error(`${new Date().toISOString().slice(11, 19)}  ${text}`);
const describe = ({ requestsPerSecond, p50, p99, errors }: LoadResult) =>
  `${requestsPerSecond.toFixed(1)}/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ${errors} errors`;

async function measureBareLoops({ model, setup }: Subject): Promise<Round['bareLoops']> {
  const { path, signature } = await compileModelFile({ path: setup.model }, undefined);
  const compiled = { path, input: signature.inputs[0]!.name };
  const cores = availableParallelism();
  const loops = {
    [`bare loop, 1 process of ${cores} threads`]: await measureBareLoop(compiled, values.image, seconds, 1, cores),
    [`bare loop, ${cores} processes of 1 thread`]: await measureBareLoop(compiled, values.image, seconds, cores, 1),
  };
  for (const [name, result] of Object.entries(loops)) report(`${model}, ${name}: ${describe(result)}`);
  return loops;
}

async function measure(contender: Contender, { model, setup, posted }: Subject): Promise<ServerResult> {
  const result = await measureServer(contender, setup, posted, concurrencies, seconds);
  report(`${model}, ${contender.name}: first 200 after ${result.start.toFixed(2)} s`);
  for (const load of result.loads) report(`  at ${load.concurrency}: ${describe(load)}`);
  return result;
}

const subjects = values.models.split(',').map(subjectOf);
for (const { contenders, setup, posted } of subjects) {
  for (const contender of contenders) await prepare(contender, setup);
  // keras-serve compiles a model at its first start, and is measured at any other.
  for (const contender of contenders.filter(({ keras }) => !keras))
    await measureServer(contender, setup, posted, [], seconds);
}

const others = readRounds(results).filter(({ model }) => !subjects.some((subject) => subject.model === model));
const rounds: Round[] = [];
for (let round = 0; round < Number(values.rounds); round++) {
  for (const subject of subjects) {
    const date = new Date().toISOString().slice(0, 10);
    const bareLoops = subject.hasBareLoop ? await measureBareLoops(subject) : {};
    const servers: Record<string, ServerResult> = {};
    for (const contender of subject.contenders) servers[contender.name] = await measure(contender, subject);
    rounds.push({ round, date, machine, seconds, model: subject.model, bareLoops, servers });
    writeReport([...others, ...rounds], results);
  }
}
