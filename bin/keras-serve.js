#!/usr/bin/env node
// @ts-check
// The command. In a clone it builds first what is not built, or older than its sources; an installed package has no sources.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const built = join(root, 'dist', 'src', 'cli.js');
const sources = ['src', 'plugins', 'schemas', 'scripts/bundle.ts', 'package-lock.json', 'tsconfig.build.json'];

/** When a file or a folder's newest file was changed, in milliseconds. @param {string} path @returns {number} */
function changed(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => changed(join(path, name))));
}

/** Ends with a message. @param {string} message @returns {never} */
function refuse(message) {
  console.error(`keras-serve: ${message}`);
  process.exit(1);
}

const isClone = existsSync(join(root, 'src'));
const isBuilt = existsSync(built);
if (!isClone && !isBuilt)
  refuse('This package was packed without being built. In a clone, npm run pack makes one that is.');
if (isClone && !(isBuilt && Math.max(...sources.map((name) => changed(join(root, name)))) < statSync(built).mtimeMs)) {
  console.error(`keras-serve: building, since dist is ${isBuilt ? 'older than its sources' : 'missing'}`);
  // What the build says goes to standard error: standard output is the command's.
  const { status } = spawnSync('npm run --silent build', { cwd: root, shell: true, stdio: ['ignore', 2, 2] });
  if (status !== 0) refuse(`The build failed. npm ci in ${root} installs what it takes.`);
}

await import(new URL('../dist/src/cli.js', import.meta.url).href);
