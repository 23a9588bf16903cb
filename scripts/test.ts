/**
 * Runs the tests: all of them, or those whose paths hold one of the words given. Flags go to node. The tests have a temporary
 * folder of their own, in which they must leave nothing.
 *
 *     npm test -- routes --test-name-pattern=base64
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../src/support/package.js';
import { translateTests } from './translated-tests.js';

/** The files that take longest, the longest first: begun last, one of them would run alone at the end. */
const longest = [
  'onnx/fixtures',
  'robustness/watch',
  'tensorflow/layers-wasm',
  'robustness/soak',
  'robustness/processes',
  'robustness/shutdown',
  'routes/large-json',
  'browser/page',
  'package/package',
  'robustness/chaos',
  'cli/applications',
  'cli/serve',
  'browser/sub-path',
  'robustness/read-only',
  'routes/model-documents',
  'routes/instances',
  'robustness/gone-clients',
  'keras/hdf5',
  'catalog/catalog',
  'keras/fuzz',
].map((name) => join('test', `${name}.test.ts`));

const args = process.argv.slice(2);
const flags = args.filter((arg) => arg.startsWith('-'));
const words = args.filter((arg) => !arg.startsWith('-'));

const placeOf = (file: string) => (longest.includes(file) ? longest.indexOf(file) : longest.length);

// Node 20 knows no patterns in `node --test`.
const files = readdirSync(join(packageRoot, 'test'), { recursive: true, withFileTypes: true })
  .filter((file) => file.isFile() && file.name.endsWith('.test.ts'))
  .map((file) => relative(packageRoot, join(file.parentPath ?? file.path, file.name)))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort((one, other) => placeOf(one) - placeOf(other) || one.localeCompare(other));

if (files.length === 0) {
  console.error(`No test file has ${words.join(' or ')} in its path.`);
  process.exit(1);
}

/** What the loader of TypeScript has translated before: it looks in the temporary folder. */
const loaderCache = `tsx-${process.getuid?.() ?? ''}`;
const folder = mkdtempSync(join(tmpdir(), 'keras-serve-tests-'));
// Some tests run programs as another user.
chmodSync(folder, 0o755);
mkdirSync(join(tmpdir(), loaderCache), { recursive: true });
symlinkSync(join(tmpdir(), loaderCache), join(folder, loaderCache));

// By itself node would run one file fewer than there are processors; some tests mostly wait.
const concurrency = `--test-concurrency=${availableParallelism() + 2}`;
const translated = await translateTests(packageRoot);
// Node runs files in the order of their paths.
const tests = files.map((file, place) => {
  const path = join(translated, file.replace(/\.ts$/, '.js'));
  const entry = join(translated, `${String(place).padStart(4, '0')}-${file.replace(/\W/g, '-')}.mjs`);
  const modules = [join(translated, 'test/helpers/checked-replies.js'), path];
  writeFileSync(entry, modules.map((module) => `import ${JSON.stringify(pathToFileURL(module))};\n`).join(''));
  return entry;
});
// Who picks some wants to find the line that failed; reading the maps of all takes time.
const maps = words.length > 0 ? ['--enable-source-maps'] : [];
const { status } = spawnSync(process.execPath, [...maps, '--test', concurrency, ...flags, ...tests], {
  cwd: packageRoot,
  stdio: 'inherit',
  env: { ...process.env, TMPDIR: folder },
});
// Node keeps a cache, and a server that a test kills leaves what it was compiling.
const usual = new RegExp(`^(${loaderCache}|node-compile-cache|keras-serve-\\w{6})$`);
const left = readdirSync(folder).filter((name) => !usual.test(name));
rmSync(folder, { recursive: true });
if (left.length > 0) console.error(`The tests left in their temporary folder: ${left.join(', ')}`);
process.exit(status || (left.length > 0 ? 1 : 0));
