/**
 * A reporter for `node --test`: a line of JSON for each test that failed, a suite for what failed in it left out.
 * https://nodejs.org/docs/latest-v20.x/api/test.html#custom-reporters
 */
import type { TestEvent } from 'node:test/reporters';

/** A test that failed. */
export interface FailedTest {
  /** The file that node was given, or that the test is defined in. */
  file: string;
  /** Its name, below those of its suites. */
  name: string;
  message: string;
}

/** Failures as lines, in the order of the reports. */
export default async function* failedTests(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of source) {
    if (type !== 'test:fail') continue;
    const { error } = data.details as { error: Error & { failureType?: string; cause?: unknown } };
    if (error.failureType === 'subtestsFailed') continue;
    const cause = error.cause instanceof Error ? error.cause.message : error.message;
    yield `${JSON.stringify({ file: data.file ?? '', name: data.name, message: cause } satisfies FailedTest)}\n`;
  }
}
