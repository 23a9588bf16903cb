/**
 * Runs unit tests for Stryker, all in one process: the runner for TAP starts one for every test file and mistake, which takes
 * hours. The tests are bundled with what they import, and evaluated anew only for mistakes that are made while modules load.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import type { InstrumenterContext } from '@stryker-mutator/api/core';
import { commonTokens, declareClassPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin';
import {
  type DryRunResult,
  DryRunStatus,
  determineHitLimitReached,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';
import { build, type Plugin } from 'esbuild';
import type { CollectedTest } from './collected-tests.js';

/** What the configuration says of the runner. */
interface NodeTestOptions {
  /** Files of tests, and folders of them, that start no server and no thread, below `test`. */
  nodeTest: {
    tests: string[];
    /** Modules, without their extensions, that tests import others instead of. */
    standIns?: Record<string, string>;
  };
}

/** What the instrumented code looks at. */
const context: InstrumenterContext = {};
(globalThis as { __stryker__?: InstrumenterContext }).__stryker__ = context;

/** The files of tests that a file or a folder stands for. */
const filesOf = (root: string, path: string): string[] =>
  path.endsWith('.ts')
    ? [`./test/${path}`]
    : readdirSync(join(root, 'test', path))
        .filter((name) => name.endsWith('.test.ts'))
        .map((name) => `./test/${path}/${name}`);

/** Has tests, and what helps them, import other modules than they say. */
const standInsPlugin = (root: string, standIns: Readonly<Record<string, string>>): Plugin => ({
  name: 'stand-ins',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\// }, ({ path, importer }) => {
      if (!relative(root, importer).startsWith('test')) return;
      const standIn = standIns[relative(root, resolve(dirname(importer), path)).replace(/\.js$/, '')];
      return standIn === undefined ? undefined : { path: join(root, standIn) };
    });
  },
});

/** A script of these tests. Random inputs are few, and the same in every run: else luck would tell what is noticed. */
async function bundleTests(root: string, { tests, standIns = {} }: NodeTestOptions['nodeTest']): Promise<Script> {
  const files = tests.flatMap((path) => filesOf(root, path));
  const { outputFiles } = await build({
    absWorkingDir: root,
    stdin: {
      contents: [
        `import { configureGlobal } from 'fast-check';`,
        `configureGlobal({ seed: 1, numRuns: 10 });`,
        `export { tests } from 'node:test';`,
        ...files.map((file) => `import '${file}';`),
      ].join('\n'),
      resolveDir: root,
    },
    alias: { 'node:test': join(root, 'scripts/mutations/collected-tests.ts') },
    plugins: [standInsPlugin(root, standIns)],
    external: ['onnxruntime-node', 'sharp', '@tensorflow/*'],
    // All are as deep as one of the folders, and find the fixtures from there.
    define: {
      'import.meta.url': JSON.stringify(pathToFileURL(join(root, 'test/unit/tests.ts'))),
      'import.meta.resolve': 'require.resolveModule',
    },
    // A script has no way to import later.
    supported: { 'dynamic-import': false },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
  });
  return new Script(`(function (module, exports, require) {${outputFiles[0]!.text}\n})`);
}

/** Stryker's runner `node-test`. */
class NodeTestRunner implements TestRunner {
  static inject = tokens(commonTokens.options);
  private script!: Script;
  private tests: readonly CollectedTest[] = [];
  /** Milliseconds that tests have taken: the quickest come first, as most mistakes fail one of those. */
  private times = new Map<string, number>();
  /** Where the process of the first run leaves them for the others. */
  private readonly timesFile = join(process.cwd(), '.times.json');
  private readonly settings: NodeTestOptions['nodeTest'];

  constructor(options: unknown) {
    this.settings = (options as NodeTestOptions).nodeTest;
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init(): Promise<void> {
    // What a process that is ended leaves there goes with the rest.
    process.env.TMPDIR = join(process.cwd(), '.temporary');
    mkdirSync(process.env.TMPDIR, { recursive: true });
    this.script = await bundleTests(process.cwd(), this.settings);
  }

  async dryRun(): Promise<DryRunResult> {
    this.load();
    const tests = await this.run(this.tests, true);
    writeFileSync(this.timesFile, JSON.stringify([...this.times]));
    this.sort();
    return { status: DryRunStatus.Complete, tests, mutantCoverage: context.mutantCoverage };
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    const { activeMutant, testFilter, hitLimit, mutantActivation, reloadEnvironment, disableBail } = options;
    Object.assign(context, { activeMutant: undefined, hitLimit, hitCount: hitLimit === undefined ? undefined : 0 });
    if (mutantActivation === 'static') context.activeMutant = activeMutant.id;
    let tests: TestResult[];
    try {
      if (reloadEnvironment || this.tests.length === 0) this.load();
      context.activeMutant = activeMutant.id;
      const wanted = testFilter && new Set(testFilter);
      const covering = wanted ? this.tests.filter(({ name }) => wanted.has(name)) : this.tests;
      tests = await this.run(covering, disableBail);
    } catch (error) {
      tests = [failed('loading', error)];
    }
    const endless = determineHitLimitReached(context.hitCount, hitLimit);
    return toMutantRunResult(endless ?? { status: DryRunStatus.Complete, tests });
  }

  /** Evaluates all modules, and collects their tests. */
  private load(): void {
    const module: { exports: { tests?: readonly CollectedTest[] } } = { exports: {} };
    const require = createRequire(join(process.cwd(), 'tests.js'));
    const resolveModule = (name: string) => import.meta.resolve(name);
    this.script.runInThisContext()(module, module.exports, Object.assign(require, { resolveModule }));
    this.tests = module.exports.tests!;
    if (this.times.size === 0 && existsSync(this.timesFile))
      this.times = new Map(JSON.parse(readFileSync(this.timesFile, 'utf8')));
    this.sort();
  }

  private sort(): void {
    const timeOf = ({ name }: CollectedTest) => this.times.get(name) ?? 0;
    this.tests = this.tests.toSorted((one, other) => timeOf(one) - timeOf(other));
  }

  private async run(tests: readonly CollectedTest[], goOn: boolean): Promise<TestResult[]> {
    const results: TestResult[] = [];
    for (const test of tests) {
      const result = await resultOf(test);
      results.push(result);
      this.times.set(result.id, result.timeSpentMs);
      if (result.status === TestStatus.Failed && !goOn) break;
    }
    return results;
  }
}

const failed = (name: string, error: unknown, timeSpentMs = 0): TestResult => ({
  id: name,
  name,
  status: TestStatus.Failed,
  failureMessage: String(error),
  timeSpentMs,
});

async function resultOf({ name, body }: CollectedTest): Promise<TestResult> {
  const started = performance.now();
  context.currentTestId = name;
  try {
    await body();
    return { id: name, name, status: TestStatus.Success, timeSpentMs: performance.now() - started };
  } catch (error) {
    return failed(name, error, performance.now() - started);
  } finally {
    context.currentTestId = undefined;
  }
}

/** That the configuration may have options of the runner's own. */
export const strykerValidationSchema = {
  properties: {
    nodeTest: {
      type: 'object',
      properties: {
        tests: { type: 'array', items: { type: 'string' } },
        standIns: { type: 'object', additionalProperties: { type: 'string' } },
      },
      required: ['tests'],
      additionalProperties: false,
    },
  },
};

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'node-test', NodeTestRunner)];
