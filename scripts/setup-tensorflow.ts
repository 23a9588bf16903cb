/**
 * Gives the TensorFlow engine its native library, in node_modules/@tensorflow/tfjs-node.
 *
 *     npm run setup:tensorflow                                      downloads what the package's authors built
 *     npm run setup:tensorflow -- --libtensorflow <folder>          builds the addon against a TensorFlow that is there
 *
 * The folder is an unpacked libtensorflow (`lib/` and `include/`), or the `tensorflow` folder of an unpacked Python wheel.
 * It is linked to, not copied, so it has to stay. docs/tensorflow.md has the recipe.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const napiVersion = '8';

/** What went wrong, for whoever runs this. */
class SetupError extends Error {}

function run(command: string, args: string[], cwd: string, failure: string): void {
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (status !== 0) throw new SetupError(`${failure} (${error?.message ?? `exit code ${status}`}).`);
}

const require = createRequire(import.meta.url);

function packageFolder(): string {
  try {
    return dirname(require.resolve('@tensorflow/tfjs-node/package.json'));
  } catch {
    throw new SetupError('@tensorflow/tfjs-node is not installed. Install it first: npm ci');
  }
}

/** Runs the install script of the npm package, which .npmrc keeps from running by itself. */
function download(folder: string): void {
  const preGyp = join(dirname(require.resolve('@mapbox/node-pre-gyp/package.json', { paths: [folder] })), 'bin');
  process.env.PATH = [preGyp, join(folder, '..', '..', '.bin'), process.env.PATH].join(delimiter);
  run(
    process.execPath,
    [join(folder, 'scripts', 'install.js')],
    folder,
    'The download of the native library failed. Where it is closed, build against a TensorFlow that you have: ' +
      'npm run setup:tensorflow -- --libtensorflow <folder> (docs/tensorflow.md)',
  );
}

/** A shared library of a folder by its name without version: the one that the linker is to find. */
function findLibrary(folders: string[], names: string[]): string {
  for (const name of names) {
    for (const folder of folders) {
      const files = existsSync(folder) ? readdirSync(folder) : [];
      const file = files.filter((file) => new RegExp(`^lib${name}\\.(so|dylib|\\d+\\.dylib)`).test(file)).sort()[0];
      if (file) return join(folder, file);
    }
  }
  throw new SetupError(
    `There is no lib${names.join(' or lib')} in ${folders.join(' or ')}. Give an unpacked libtensorflow, or the tensorflow ` +
      'folder of an unpacked wheel.',
  );
}

/** The name under which a library is looked for when it is loaded: `libtensorflow_cc.so.2`. */
const loadedNames = (library: string): string[] => {
  const name = basename(library);
  const major = /^(.*\.so)(\.\d+)?/.exec(name);
  return major ? [name, major[1]!, `${major[1]}.2`] : [name];
};

/** Lays a TensorFlow out as the package's binding.gyp wants it: links in `deps`. */
function link(folder: string, library: string): void {
  const include = join(library, 'include');
  if (!existsSync(join(include, 'tensorflow', 'c', 'c_api.h')))
    throw new SetupError(`There are no headers of TensorFlow's C API in ${include}.`);
  const deps = join(folder, 'deps');
  const lib = join(deps, 'lib');
  rmSync(deps, { recursive: true, force: true });
  mkdirSync(lib, { recursive: true });
  symlinkSync(include, join(deps, 'include'));
  const folders = [join(library, 'lib'), library];
  const parts: [target: string, names: string[]][] = [
    ['tensorflow', ['tensorflow', 'tensorflow_cc']],
    ['tensorflow_framework', ['tensorflow_framework']],
  ];
  for (const [target, names] of parts) {
    const found = findLibrary(folders, names);
    const suffixes = process.platform === 'darwin' ? ['2.dylib'] : ['so'];
    const links = new Set([...loadedNames(found), ...suffixes.map((suffix) => `lib${target}.${suffix}`)]);
    for (const name of links) symlinkSync(found, join(lib, name));
  }
}

/** node-gyp: npm's own, so that nothing has to be downloaded. */
function nodeGyp(): string {
  const npm = process.env.npm_execpath;
  const own = npm && join(dirname(npm), '..', 'node_modules', 'node-gyp', 'bin', 'node-gyp.js');
  if (own && existsSync(own)) return own;
  throw new SetupError('npm has no node-gyp here. Run this as npm run setup:tensorflow.');
}

/** Where Node's headers are when they came with it; else node-gyp downloads them. */
function headers(): string[] {
  const prefix = process.env.npm_config_nodedir ?? resolve(process.execPath, '..', '..');
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : [];
}

function build(folder: string, library: string): void {
  link(folder, library);
  const args = [
    'rebuild',
    ...headers(),
    '--module_name=tfjs_binding',
    `--module_path=${join(folder, 'lib', `napi-v${napiVersion}`)}`,
    `--napi_version=${napiVersion}`,
    `--napi_build_version=${napiVersion}`,
  ];
  run(
    process.execPath,
    [nodeGyp(), ...args],
    folder,
    'The addon could not be built. It takes a C++ compiler, make and Python 3 (Debian: apt install g++ make python3)',
  );
}

/** Multiplies two matrices in a process of its own. @returns TensorFlow's own version */
function check(folder: string): string {
  const program = `
    const util = require('node:util');
    util.isNullOrUndefined ??= (value) => value === null || value === undefined;
    const tf = require(process.argv[1]);
    const four = tf.matMul([[2]], [[2]]).dataSync()[0];
    if (tf.getBackend() !== 'tensorflow' || four !== 4) throw new Error('it can not compute');
    console.log(tf.backend().binding.TF_Version);`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', program, folder], {
    encoding: 'utf8',
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
  });
  if (status !== 0) throw new SetupError(`The native library is installed, but can't be loaded:\n${stderr.trim()}`);
  return stdout.trim();
}

try {
  const { values } = parseArgs({ options: { libtensorflow: { type: 'string' } } });
  const folder = packageFolder();
  if (values.libtensorflow === undefined) download(folder);
  else build(folder, resolve(values.libtensorflow));
  console.log(`\nTensorFlow ${check(folder)} is there for --engine tensorflow.`);
} catch (error) {
  const isOwn = error instanceof SetupError || (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS');
  if (!isOwn) throw error;
  console.error(`\n${(error as Error).message}`);
  process.exitCode = 1;
}
