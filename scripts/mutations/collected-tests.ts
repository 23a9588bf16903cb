/** What `node:test` is to tests that stryker-runner.ts bundles: it collects them. */
export interface CollectedTest {
  name: string;
  body: () => unknown;
}

/** In the order in which they run. */
export const tests: CollectedTest[] = [];
let path: readonly string[] = [];

export function describe(name: string, body: () => void): void {
  const outer = path;
  path = [...outer, name];
  body();
  path = outer;
}

export function it(name: string, body: () => unknown): void {
  tests.push({ name: [...path, name].join(' > '), body });
}
