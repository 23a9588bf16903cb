/**
 * Runs unit tests for Stryker, all in one process: the runner for TAP starts one for every test file and mistake, which takes
 * hours. The tests are bundled with what they import, and evaluated anew only for mistakes that are made while modules load.
 */
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
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
import { build } from 'esbuild';
import type { CollectedTest } from './collected-tests.js';

/** What the configuration says of the runner. */
interface NodeTestOptions {
  /** Files of tests, and folders of them, that start no server and no thread, below `test`. */
  nodeTest: { tests: string[] };
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

/** A script of these tests. Random inputs are few, and the same in every run: else luck would tell what is noticed. */
async function bundleTests(root: string, tests: readonly string[]): Promise<Script> {
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
    external: ['onnxruntime-node', 'sharp', '@tensorflow/*'],
    // All are as deep as one of the folders, and find the fixtures from there.
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(join(root, 'test/unit/tests.js'))) },
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
  private readonly times = new Map<string, number>();

  constructor(private readonly options: unknown) {}

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init(): Promise<void> {
    const { nodeTest } = this.options as NodeTestOptions;
    this.script = await bundleTests(process.cwd(), nodeTest.tests);
  }

  async dryRun(): Promise<DryRunResult> {
    this.load();
    const tests = await this.run(this.tests, true);
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
      tests = await this.run(wanted ? this.tests.filter(({ name }) => wanted.has(name)) : this.tests, disableBail);
    } catch (error) {
      tests = [failed('loading', error)];
    }
    const endless = determineHitLimitReached(context.hitCount, hitLimit);
    return toMutantRunResult(endless ?? { status: DryRunStatus.Complete, tests });
  }

  /** Evaluates all modules, and collects their tests. */
  private load(): void {
    const module: { exports: { tests?: readonly CollectedTest[] } } = { exports: {} };
    this.script.runInThisContext()(module, module.exports, createRequire(join(process.cwd(), 'tests.js')));
    const timeOf = ({ name }: CollectedTest) => this.times.get(name) ?? 0;
    this.tests = module.exports.tests!.toSorted((one, other) => timeOf(one) - timeOf(other));
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
      properties: { tests: { type: 'array', items: { type: 'string' } } },
      required: ['tests'],
      additionalProperties: false,
    },
  },
};

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'node-test', NodeTestRunner)];
