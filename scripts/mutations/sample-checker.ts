/**
 * Lets Stryker make one of so many mistakes only, for a score in minutes: the others count as what can't be compiled, and not at all.
 *
 *     SAMPLE=20 npm run mutations:compiler -- --checkers sample
 */
import { type Checker, type CheckResult, CheckStatus } from '@stryker-mutator/api/check';
import type { Mutant } from '@stryker-mutator/api/core';
import { declareClassPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin';

/** Stryker's checker `sample`. */
class SampleChecker implements Checker {
  static inject = tokens();
  private readonly each = Number(process.env.SAMPLE ?? 20);

  async init(): Promise<void> {}

  /** All at once: one by one they take minutes. */
  async group(mutants: Mutant[]): Promise<string[][]> {
    return [mutants.map(({ id }) => id)];
  }

  async check(mutants: Mutant[]): Promise<Record<string, CheckResult>> {
    const resultOf = ({ id }: Mutant): CheckResult =>
      Number(id) % this.each === 0
        ? { status: CheckStatus.Passed }
        : { status: CheckStatus.CompileError, reason: 'not in the sample' };
    return Object.fromEntries(mutants.map((mutant) => [mutant.id, resultOf(mutant)]));
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.Checker, 'sample', SampleChecker)];
