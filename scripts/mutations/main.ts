/**
 * `npm run mutations`: makes each of the small mistakes of list.ts in a copy of the sources, and says which no test notices.
 *
 *     npm run mutations -- [text]      those whose description or file holds the text
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../src/package.js';
import { type Mutation, mutations } from './list.js';

const run = promisify(execFile);
const test = 'test/onnx/fixtures.test.ts';

/** A copy of what the tests of the compiler need. */
function copyProject(): string {
  const folder = mkdtempSync(join(tmpdir(), 'keras-serve-mutations-'));
  for (const part of ['src', 'test/helpers', 'test/fixtures/keras', test, 'package.json', 'tsconfig.json'])
    cpSync(join(packageRoot, part), join(folder, part), { recursive: true });
  symlinkSync(join(packageRoot, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Whether the test passes in the copy for a fixture. */
async function passes(folder: string, [family, name]: Mutation['fixture']): Promise<boolean> {
  const env = { ...process.env, FIXTURES: family };
  const args = ['--import', 'tsx', '--test', `--test-name-pattern=${name}`, test];
  try {
    await run(process.execPath, args, { cwd: folder, env, maxBuffer: 2 ** 26 });
    return true;
  } catch {
    return false;
  }
}

/** @returns whether a test notices the mistake */
async function isNoticed(folder: string, { file, search, replacement, fixture }: Mutation): Promise<boolean> {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(search).length !== 2) throw new Error(`${file} does not hold once: ${search}`);
  writeFileSync(
    path,
    text.replace(search, () => replacement),
  );
  try {
    return !(await passes(folder, fixture));
  } finally {
    writeFileSync(path, text);
  }
}

const wanted = process.argv[2] ?? '';
const chosen = mutations.filter(({ about, file }) => about.includes(wanted) || file.includes(wanted));
const folder = copyProject();
let missed = 0;
try {
  for (const fixture of new Set(chosen.map((mutation) => mutation.fixture.join())))
    if (!(await passes(folder, fixture.split(',') as Mutation['fixture'])))
      throw new Error(`The fixture ${fixture} fails without a mistake.`);
  for (const mutation of chosen) {
    const noticed = await isNoticed(folder, mutation);
    if (!noticed) missed++;
    console.log(`${noticed ? 'noticed' : 'MISSED '} ${mutation.about}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`${chosen.length - missed} of ${chosen.length} mistakes are noticed.`);
process.exitCode = missed > 0 ? 1 : 0;
