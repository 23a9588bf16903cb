import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Python } from '../python.js';
import type { FuzzResult } from './report.js';

/** Where a configuration names what there is: made up names are hardly ever found. */
const namesThatThereAre = join(import.meta.dirname, 'schemathesis.toml');

/** What the report of schemathesis says. */
interface Report {
  operations: { tested: number };
  test_cases: { generated: number };
  failures: { title: string; operations: string[] }[];
  errors: unknown[];
}

/** How schemathesis is run. */
export interface Fuzz {
  /** What its requests are about. */
  about: string;
  /** Its flags: checks, headers. */
  options: readonly string[];
  /** Requests that it makes up for each operation, beside its own. */
  cases: string;
  /** The address of the server. */
  url: string;
  /** Whether the models that it asks are there. */
  namesModels: boolean;
}

/** Has schemathesis make up requests out of the OpenAPI document of a server. */
export async function fuzz({ about, options, cases, url, namesModels }: Fuzz, python: Python): Promise<FuzzResult> {
  const path = join(tmpdir(), `keras-serve-schemathesis-${process.pid}.json`);
  const config = namesModels ? ['--config-file', namesThatThereAre] : [];
  const args = [...config, 'run', `${url}/openapi.json`, ...options, '-n', cases];
  const output = ['--request-timeout', '60', '--continue-on-failure', '--no-color', '--report-json-path', path];
  // It ends with 1 when it found something: the report says what.
  const ended = await python('-m', 'schemathesis.cli', ...args, ...output).catch((error: Error) => error.message);
  let report: Report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw new Error(`schemathesis left no report: ${ended}`);
  }
  rmSync(path);
  const failures = report.failures.map(({ title, operations }) => `${title}: ${operations.join(', ')}`);
  const errors = report.errors.map((error) => JSON.stringify(error).slice(0, 200));
  const result = {
    about,
    operations: report.operations.tested,
    cases: report.test_cases.generated,
    failures: [...failures, ...errors],
  };
  console.log(`schemathesis, ${about}: ${result.cases} cases, ${result.failures.join('; ') || 'nothing found'}`);
  return result;
}
