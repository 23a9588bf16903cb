/**
 * Runs the tests: all of them, or those whose paths hold one of the words given. Flags go to node.
 *
 *     npm test -- routes --test-name-pattern=base64
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { packageRoot } from '../src/package.js';

const args = process.argv.slice(2);
const flags = args.filter((arg) => arg.startsWith('-'));
const words = args.filter((arg) => !arg.startsWith('-'));

// Node 20 knows no patterns in `node --test`.
const files = readdirSync(join(packageRoot, 'test'), { recursive: true, withFileTypes: true })
  .filter((file) => file.isFile() && file.name.endsWith('.test.ts'))
  .map((file) => relative(packageRoot, join(file.parentPath ?? file.path, file.name)))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort();

if (files.length === 0) {
  console.error(`No test file has ${words.join(' or ')} in its path.`);
  process.exit(1);
}
const { status } = spawnSync(process.execPath, ['--import', 'tsx', '--test', ...flags, ...files], {
  cwd: packageRoot,
  stdio: 'inherit',
});
process.exit(status ?? 1);
