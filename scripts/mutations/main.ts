/**
 * `npm run mutations`: makes each of the small mistakes of list.ts in a copy of the sources, and says which no test notices.
 *
 *     npm run mutations -- [text]      those whose description or file holds the text
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/support/package.js';
import { type Mutation, mutations } from './list.js';

/** A copy of what the tests need; what no mistake is made in is linked to. */
function copyProject(): string {
  const folder = mkdtempSync(join(tmpdir(), 'keras-serve-mutations-'));
  const builder = ['scripts/bundle.ts', 'scripts/third-party.ts'];
  for (const part of ['src', 'plugins', 'schemas', 'test', 'package.json', 'tsconfig.json', ...builder])
    cpSync(join(packageRoot, part), join(folder, part), { recursive: true });
  for (const part of ['node_modules', 'models', 'examples', 'docs', 'openapi.yaml', 'LICENSE'])
    symlinkSync(join(packageRoot, part), join(folder, part));
  return folder;
}

/** Milliseconds that a test may take: one that never ends has noticed something, too. */
const longest = 150_000;

/**
 * Runs a program of Node.js in the copy, from TypeScript. Whatever it has started ends with it: a model that a mistake lets compute on would
 * take the processor from all that follows.
 * @returns what it wrote where it failed, or took too long
 */
async function failureOf(
  folder: string,
  args: readonly string[],
  timeout: number,
  env: Record<string, string> = {},
): Promise<string | undefined> {
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const endAll = () => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // All have ended by themselves.
    }
  };
  let written = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written += text;
  });
  const timer = setTimeout(endAll, timeout);
  child.once('exit', endAll);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  return code === 0 ? undefined : written || `exit code ${code}`;
}

/** Whether a test file starts the command, which is built then. */
const needsBuild = (folder: string, test: string) =>
  /helpers\/(server|run)\.js/.test(readFileSync(join(folder, test), 'utf8'));

/** Runs tests of a file in the copy. @returns what they wrote where they fail */
async function failure(
  folder: string,
  test: string,
  names: readonly string[],
  family?: string,
): Promise<string | undefined> {
  const unbuilt = needsBuild(folder, test) && (await failureOf(folder, ['scripts/bundle.ts'], longest));
  if (unbuilt) return unbuilt;
  const patterns = names.map((name) => `--test-name-pattern=${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}`);
  const args = ['--test', ...patterns, test];
  return failureOf(folder, args, names.length * longest, family === undefined ? {} : { FIXTURES: family });
}

/** @returns whether a test notices the mistake */
async function isNoticed(folder: string, mutation: Mutation): Promise<boolean> {
  const { file, search, replacement, test, name, family } = mutation;
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(search).length !== 2) throw new Error(`${file} does not hold once: ${search}`);
  writeFileSync(
    path,
    text.replace(search, () => replacement),
  );
  try {
    return (await failure(folder, test, [name], family)) !== undefined;
  } finally {
    writeFileSync(path, text);
  }
}

const wanted = process.argv[2] ?? '';
const chosen = mutations.filter((mutation) => Object.values(mutation).some((text) => text.includes(wanted)));
const folder = copyProject();
let missed = 0;
try {
  const groupOf = ({ test, family = '' }: Mutation) => `${test} ${family}`;
  for (const group of new Set(chosen.map(groupOf))) {
    const mutations = chosen.filter((mutation) => groupOf(mutation) === group);
    const [{ test, family }] = mutations as [Mutation];
    const names = [...new Set(mutations.map(({ name }) => name))];
    const run = () => failure(folder, test, names, family);
    // Once more, for some go by the clock of a machine that others share.
    const failed = (await run()) && (await run());
    if (failed !== undefined) throw new Error(`${group} fails without a mistake:\n${failed.slice(-4000)}`);
  }
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
