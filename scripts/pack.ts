/**
 * Makes the npm package of what is built from nothing. That is built beside `dist`, which works on until the new one takes its
 * place; where the build fails, `dist` stays as it was. Beside the package goes the SBOM of all that users get with it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot, packageVersion } from '../src/support/package.js';
import { sbomOf } from './sbom.js';

const fresh = 'dist.new';
const old = 'dist.old';
const place = (name: string) => join(packageRoot, name);
const remove = (name: string) => rmSync(place(name), { recursive: true, force: true });
const run = (program: string, ...args: string[]) =>
  execFileSync(program, args, { cwd: packageRoot, stdio: 'inherit', shell: process.platform === 'win32' });

remove(fresh);
remove(old);
try {
  const output = ['--outDir', fresh, '--tsBuildInfoFile', `${fresh}/build.tsbuildinfo`];
  run('npx', 'tsc', '-p', 'tsconfig.build.json', ...output);
  run('node', '--import', 'tsx', 'scripts/bundle.ts', fresh);
  if (existsSync(place('dist'))) renameSync(place('dist'), place(old));
  renameSync(place(fresh), place('dist'));
} finally {
  remove(fresh);
  remove(old);
}
run('npm', 'pack', '--ignore-scripts', ...process.argv.slice(2));

const { values } = parseArgs({ options: { 'pack-destination': { type: 'string', default: '.' } }, strict: false });
const sbom = `keras-serve-${packageVersion}.cdx.json`;
writeFileSync(
  join(resolve(packageRoot, String(values['pack-destination'])), sbom),
  `${JSON.stringify(sbomOf(packageRoot), null, 2)}\n`,
);
console.log(sbom);
