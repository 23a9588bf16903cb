/**
 * Measures keras-serve against what people serve Keras models with today. `docs/benchmarks.md` says how to read and repeat it.
 * Usage: npm run bench -- --python <environment> [--rounds 3] [--seconds 8] [--models bundled,resnet50] [--only name,…]
 */
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { compileModelFile } from '../src/inference/compiled-model.js';
import { packageRoot } from '../src/support/package.js';
import { type Contender, contenders, type Setup } from './contenders.js';
import { type LoadResult, measureBareLoop, measureServer, prepare, type ServerResult } from './measure.js';
import { makeModel } from './models.js';
import { type Round, writeReport } from './report.js';

const { values } = parseArgs({
  options: {
    python: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '8' },
    models: { type: 'string', default: 'resnet50,bundled' },
    only: { type: 'string' },
    image: { type: 'string', default: join(packageRoot, 'examples/cat.jpg') },
    port: { type: 'string', default: '5050' },
  },
});
if (!values.python) throw new Error('Name a Python environment that has bench/requirements.txt: --python <folder>');
// Contenders are started in a folder of their own.
const python = resolve(values.python);
const seconds = Number(values.seconds);
const concurrencies = [1, 8, 64];
const wanted = values.only?.split(',');
const chosen = contenders.filter(({ name, missing }) => {
  if (wanted && !wanted.some((part) => name.toLowerCase().includes(part.toLowerCase()))) return false;
  const reason = missing?.({ python });
  if (reason !== undefined) console.error(`${name} is left out: ${reason}`);
  return reason === undefined;
});

/** The folders of the models; ResNet50 is made on first use. */
const folders: Record<string, () => string> = {
  bundled: () => join(packageRoot, 'models', 'efficientnet-lite0'),
  resnet50: () => makeModel('ResNet50', python),
};

function folderOf(model: string): string {
  const folder = folders[model];
  if (!folder) throw new Error(`There is no model "${model}"; there are ${Object.keys(folders).join(', ')}.`);
  return folder();
}

const report = (text: string) => console.error(`${new Date().toISOString().slice(11, 19)}  ${text}`);
const describe = ({ requestsPerSecond, p50, p99, errors }: LoadResult) =>
  `${requestsPerSecond.toFixed(1)}/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ${errors} errors`;

const setupOf = (model: string): Setup => ({
  python,
  port: Number(values.port),
  model: join(folderOf(model), 'model.keras'),
});

async function measure(contender: Contender, model: string): Promise<ServerResult> {
  const result = await measureServer(contender, setupOf(model), { file: values.image }, concurrencies, seconds);
  report(`${model}, ${contender.name}: first 200 after ${result.start.toFixed(2)} s`);
  for (const load of result.loads) report(`  at ${load.concurrency}: ${describe(load)}`);
  return result;
}

for (const model of values.models.split(',')) {
  for (const contender of chosen) await prepare(contender, setupOf(model));
  // keras-serve compiles a model at its first start, and is measured at any other.
  for (const contender of chosen.filter(({ keras }) => !keras))
    await measureServer(contender, setupOf(model), { file: values.image }, [], seconds);
}

const rounds: Round[] = [];
for (let round = 0; round < Number(values.rounds); round++) {
  for (const model of values.models.split(',')) {
    const { path, signature } = await compileModelFile({ path: join(folderOf(model), 'model.keras') }, undefined);
    const compiled = { path, input: signature.inputs[0]!.name };
    const cores = availableParallelism();
    const bareLoops = {
      [`bare loop, 1 process of ${cores} threads`]: await measureBareLoop(compiled, values.image, seconds, 1, cores),
      [`bare loop, ${cores} processes of 1 thread`]: await measureBareLoop(compiled, values.image, seconds, cores, 1),
    };
    for (const [name, result] of Object.entries(bareLoops)) report(`${model}, ${name}: ${describe(result)}`);
    const servers: Record<string, ServerResult> = {};
    for (const contender of chosen) servers[contender.name] = await measure(contender, model);
    rounds.push({ round, model, bareLoops, servers });
    writeReport(rounds, seconds, join(packageRoot, 'bench/results'));
  }
}
