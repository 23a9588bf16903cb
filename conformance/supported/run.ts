/** `npm run conformance:catalogue`: lists what Keras has in public, and says what of it is served, what refused, and why. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findPython } from '../python.js';
import { committedNames, idleRefusals, type Names, verdicts } from './compare.js';
import { page } from './page.js';

const usage = `npm run conformance:catalogue -- [options]

  --python <path>   a Python with what conformance/requirements.txt pins, or with a newer Keras; by default one is made in
                    conformance/.venv
  --page            ask no Python: write docs/supported.md of the names that are committed
  --help            this`;

const { values: options } = parseArgs({
  options: { python: { type: 'string' }, page: { type: 'boolean' }, help: { type: 'boolean' } },
});

async function askKeras(): Promise<Names> {
  const python = await findPython(options.python);
  return JSON.parse(await python('supported/names.py')) as Names;
}

async function main(): Promise<void> {
  const names = options.page ? committedNames() : await askKeras();
  const unknown = verdicts(names).filter(({ kind }) => kind === 'unknown');
  const idle = idleRefusals(names);
  for (const { name } of unknown) console.error(`keras.${name} is neither served nor in src/onnx/refusals.ts`);
  for (const name of idle) console.error(`${name} in src/onnx/refusals.ts is served, or Keras has no such class`);
  if (unknown.length + idle.length > 0) {
    process.exitCode = 1;
    return;
  }
  writeFileSync(join(import.meta.dirname, 'names.json'), `${JSON.stringify(names, null, 1)}\n`);
  writeFileSync(join(import.meta.dirname, '../../docs/supported.md'), page(names));
  const count = (wanted: string) => verdicts(names).filter(({ kind }) => kind === wanted).length;
  console.log(
    `Keras ${names.version}: ${count('served')} served, ${count('refused')} refused, ${count('apart')} leave nothing`,
  );
}

if (options.help) console.log(usage);
else await main();
