/**
 * Loads mutated model files, pickles and functions, and fails when one is neither loaded nor refused with an error of its reader,
 * takes more than 10 s or 1 GB, or ends its process.
 *
 *     npm run fuzz -- --count 5000 --seed 1
 *     npm run fuzz -- --seed 1 --only 123 --keep
 */
import { parseArgs } from 'node:util';
import { fuzz } from './fuzz.js';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    keep: { type: 'boolean', default: false },
  },
});

const only = values.only === undefined ? undefined : Number(values.only);
const { counts, failures, engineRefusals } = await fuzz({
  seed: Number(values.seed),
  first: only ?? 0,
  count: only === undefined ? Number(values.count) : 1,
  jobs: Number(values.jobs),
  keep: values.keep,
  onProgress: (done, total) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${done} of ${total}`),
});
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
for (const [ending, count] of [...counts].sort(([, a], [, b]) => b - a))
  console.log(`${String(count).padStart(6)}  ${ending}`);
for (const { number, name, ending, message, kept } of failures)
  console.log(`\n--only ${number} (${name}): ${ending}${kept ? `, kept in ${kept}` : ''}\n${message}`);
if (engineRefusals.length > 0) console.log(`\nRefused by the engine alone:\n${engineRefusals.join('\n')}`);
console.log(failures.length === 0 ? '\nEvery file was loaded or refused.' : `\n${failures.length} failures.`);
process.exitCode = failures.length === 0 ? 0 : 1;
