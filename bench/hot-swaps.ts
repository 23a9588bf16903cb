/**
 * Measures the memory of a server whose model is replaced again and again while it answers: what models took should go back to
 * the system when they go.
 *
 *     npm run bench:hot-swaps [-- --swaps 10]
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ServerProcess } from '../scripts/chaos/server.js';
import { packageRoot } from '../src/support/package.js';
import { usageOf } from './processes.js';
import { table, writeResults } from './results.js';

const { values } = parseArgs({ options: { swaps: { type: 'string', default: '10' } } });
const swaps = Number(values.swaps);

const bundled = join(packageRoot, 'models/efficientnet-lite0');
const work = mkdtempSync(join(tmpdir(), 'keras-serve-swaps-'));
process.once('exit', () => rmSync(work, { recursive: true }));
const served = join(work, 'served');
mkdirSync(served);
copyFileSync(join(bundled, 'serve.json'), join(served, 'serve.json'));

/** Puts the model in its place, whole. */
function put(): void {
  copyFileSync(join(bundled, 'model.keras'), join(work, 'next'));
  renameSync(join(work, 'next'), join(served, 'model.keras'));
}

put();
const server = await ServerProcess.start([served, '--watch', '--cache-folder', join(work, 'cache')]);
const photo = readFileSync(join(packageRoot, 'examples/cat.jpg'));
const ask = async () => {
  const headers = { 'content-type': 'image/jpeg' };
  const reply = await fetch(`${server.url}/predict`, { method: 'POST', body: photo, headers });
  if (!reply.ok) throw new Error(await reply.text());
};

/** Megabytes of all processes after some requests. */
async function measure(): Promise<number> {
  for (let count = 0; count < 20; count++) await ask();
  return Math.round(usageOf(server.child.pid!).memory / 2 ** 20);
}

const memory = [await measure()];
for (let swap = 1; swap <= swaps; swap++) {
  const before = server.swaps;
  put();
  while (server.swaps === before) await sleep(50);
  memory.push(await measure());
}
server.child.kill('SIGKILL');
const ratio = memory.at(-1)! / memory[0]!;
writeResults(
  join(packageRoot, 'bench/results'),
  'hot-swaps',
  'Hot swaps',
  { memory },
  [
    `Memory of all processes, in MB, with the bundled model: after ${swaps} swaps ${ratio.toFixed(2)} times what it was before.`,
    '',
    table(
      ['swaps', 'MB'],
      memory.map((megabytes, index) => [String(index), String(megabytes)]),
    ),
    '',
  ].join('\n'),
);
console.log(memory.join(' '));
