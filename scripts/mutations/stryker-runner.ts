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
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
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

/** Folders of `test` with tests that start nothing: no server, no engine, no thread. */
const folders = ['datapoints', 'protocols', 'serving'];

/** What the instrumented code looks at. */
const context: InstrumenterContext = {};
(globalThis as { __stryker__?: InstrumenterContext }).__stryker__ = context;

/** A script of all tests below a folder. Random inputs are few, and the same in every run: else luck would tell what is noticed. */
async function bundleTests(root: string): Promise<Script> {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, 'test', folder))
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => `./test/${folder}/${name}`),
  );
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
  private script!: Script;
  private tests: readonly CollectedTest[] = [];
  /** Milliseconds that tests have taken: the quickest come first, as most mistakes fail one of those. */
  private readonly times = new Map<string, number>();

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init(): Promise<void> {
    this.script = await bundleTests(process.cwd());
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

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'node-test', NodeTestRunner)];
