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

/** What a test is given: there is nobody to tell here. */
const context = { diagnostic: () => undefined };

export function it(name: string, body: (test: typeof context) => unknown): void {
  tests.push({ name: [...path, name].join(' > '), body: () => body(context) });
}

const endings: (() => void)[] = [];
process.once('exit', () => {
  for (const body of endings) body();
});

/** Once all is over: tests of one group may run apart, and again. */
export function after(body: () => void): void {
  endings.push(body);
}
