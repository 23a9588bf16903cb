/**
 * Runs the tests: all of them, or those whose paths hold one of the words given. Flags go to node. The tests have a temporary
 * folder of their own, in which they must leave nothing. With `CI` set, where few files fail they are run once more: those that pass then,
 * for they go by the clock of a machine that others share, are named and don't fail the run.
 *
 *     npm test -- routes --test-name-pattern=base64
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../src/support/package.js';
import type { FailedTest } from './failed-tests.js';
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

/** More files that fail are no accident. */
const mostAgain = 3;

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

const translated = await translateTests(packageRoot);
// Node runs files in the order of their paths.
const entries = files.map((file, place) => {
  const path = join(translated, file.replace(/\.ts$/, '.js'));
  const entry = join(translated, `${String(place).padStart(4, '0')}-${file.replace(/\W/g, '-')}.mjs`);
  const modules = [join(translated, 'test/helpers/checked-replies.js'), path];
  writeFileSync(entry, modules.map((module) => `import ${JSON.stringify(pathToFileURL(module))};\n`).join(''));
  return { file, path, entry };
});
// Who picks some wants to find the line that failed; reading the maps of all takes time.
const maps = words.length > 0 ? ['--enable-source-maps'] : [];
const failures = join(folder, 'failures');
const reporters = [
  ...[`--test-reporter=${process.stdout.isTTY ? 'spec' : 'tap'}`, '--test-reporter-destination=stdout'],
  ...[`--test-reporter=${pathToFileURL(join(translated, 'scripts/failed-tests.js'))}`],
  `--test-reporter-destination=${failures}`,
];

/** Runs files. @returns whether all passed, and what is known of those that didn't */
function run(tests: typeof entries, concurrency: number): { passed: boolean; failed: FailedTest[] } {
  const { status } = spawnSync(
    process.execPath,
    [
      ...maps,
      '--test',
      `--test-concurrency=${concurrency}`,
      ...reporters,
      ...flags,
      ...tests.map(({ entry }) => entry),
    ],
    { cwd: packageRoot, stdio: 'inherit', env: { ...process.env, TMPDIR: folder } },
  );
  const lines = readFileSync(failures, 'utf8').split('\n').filter(Boolean);
  rmSync(failures);
  return { passed: status === 0, failed: lines.map((line) => JSON.parse(line) as FailedTest) };
}

/** Node names a file as it was given, translated, or as it was written. */
const isOf = (test: FailedTest, { file, path, entry }: (typeof entries)[0]) =>
  [entry, path, join(packageRoot, file)].includes(test.file);

/** Names the tests that failed, where all who look at the end of a log see them. */
function list(heading: string, failed: FailedTest[]): void {
  console.log(`# ${heading}`);
  for (const test of failed) {
    const file = entries.find((one) => isOf(test, one))?.file ?? test.file;
    console.log(`# ${file}: ${test.name}: ${test.message.replace(/\s+/g, ' ').slice(0, 500)}`);
  }
}

// By itself node would run one file fewer than there are processors; some tests mostly wait.
let { passed, failed } = run(entries, availableParallelism() + 2);
const again = entries.filter((entry) => failed.some((test) => isOf(test, entry)));
if (!passed && process.env.CI && again.length > 0 && again.length <= mostAgain) {
  list('Failed, and run once more, each file by itself:', failed);
  const second = run(again, 1);
  if (second.passed) list('UNSTEADY: failed, and passed when run by themselves:', failed);
  passed = second.passed;
  failed = second.failed;
}
if (!passed) list('Failed:', failed);
// Node keeps a cache, and a server that a test kills leaves what it was compiling.
const usual = new RegExp(`^(${loaderCache}|node-compile-cache|keras-serve-\\w{6})$`);
const left = readdirSync(folder).filter((name) => !usual.test(name));
rmSync(folder, { recursive: true });
if (left.length > 0) console.error(`The tests left in their temporary folder: ${left.join(', ')}`);
process.exit(passed && left.length === 0 ? 0 : 1);
