/** `npm run conformance:keras`: runs Keras's own tests, records what they build, and compares keras-serve's answers. */
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { findPython } from '../python.js';
import { describe, type TestOutcome } from './compare.js';
import { summarize, writeKerasTests } from './report.js';

const usage = `npm run conformance:keras -- [options]

  --python <path>    a Python with what conformance/requirements.txt pins; by default one is made in conformance/.venv
  --only <text>      the files of tests alone whose path holds this, or the cases about it; docs/conformance.md stays as it is
  --again            record what is recorded once more
  --compare          record nothing: compare what is recorded
  --jobs <number>    processes at a time: 2
  --minutes <number> compare no longer than this: as many of the cases, each time the same ones first
  --out <file>       every outcome as a line of JSON
  --help             this`;

const folder = join(import.meta.dirname, 'recorded');

/** The cases that are recorded, by their paths. */
const recordedCases = (): string[] =>
  existsSync(folder)
    ? (readdirSync(folder, { recursive: true }) as string[])
        .filter((name) => name.endsWith('.case.json'))
        .sort()
        .map((name) => join(folder, name))
    : [];

/** The files of tests that are recorded. */
const units = (): string[] =>
  readdirSync(folder)
    .filter((unit) => existsSync(join(folder, unit, 'done.json')))
    .sort();

/** How many cases Keras's tests made that can't be recorded, by the reason. */
function passedOver(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const unit of units()) {
    const done = JSON.parse(readFileSync(join(folder, unit, 'done.json'), 'utf8'));
    for (const [reason, count] of Object.entries<number>(done.passedOver))
      counts[reason] = (counts[reason] ?? 0) + count;
  }
  return counts;
}

/** Cases in an order that is always the same and has to do with nothing, so that the first are a fair sample. */
function inMixedOrder(cases: readonly string[]): string[] {
  const place = (path: string) => createHash('sha1').update(relative(folder, path)).digest('hex');
  return cases
    .map((path) => ({ path, place: place(path) }))
    .sort((a, b) => a.place.localeCompare(b.place))
    .map(({ path }) => path);
}

/** Compares cases in processes of their own: one that ends fails its case, and another goes on. */
async function compareAll(
  cases: readonly string[],
  jobs: number,
  until: number,
  each: (outcome: TestOutcome) => void,
): Promise<void> {
  const waiting = inMixedOrder(cases);
  const work = async (): Promise<void> => {
    while (waiting.length > 0) {
      const child = fork(join(import.meta.dirname, 'compare.ts'), {
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        serialization: 'advanced',
      });
      await new Promise<void>((resolve) => {
        let current: string | undefined;
        const next = (): void => {
          if (Date.now() > until) waiting.length = 0;
          current = waiting.pop();
          if (current === undefined) child.disconnect();
          else child.send(current);
        };
        child.on('message', (outcome: TestOutcome) => {
          each(outcome);
          next();
        });
        child.on('exit', (code, signal) => {
          if (current !== undefined) each(ended(current, `the process ended: ${signal ?? code}`));
          resolve();
        });
        next();
      });
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
}

function ended(path: string, message: string): TestOutcome {
  return { result: 'failed', message, ...describe(path) };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      python: { type: 'string' },
      only: { type: 'string', default: '' },
      again: { type: 'boolean' },
      compare: { type: 'boolean' },
      jobs: { type: 'string', default: '2' },
      minutes: { type: 'string', default: 'Infinity' },
      out: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const { only, jobs } = values;
  if (!values.compare) {
    const python = await findPython(values.python);
    await python('keras-tests/record.py', folder, '--only', only, '--jobs', jobs, ...(values.again ? ['--again'] : []));
  }
  const chosen = recordedCases().filter((path) => relative(folder, path).includes(only.replaceAll('/', '.')));
  const outcomes: TestOutcome[] = [];
  const until = Date.now() + Number(values.minutes) * 60_000;
  await compareAll(chosen, Number(jobs), until, (outcome) => {
    outcomes.push(outcome);
    if (outcome.result === 'different' || outcome.result === 'failed')
      console.log(`${outcome.result} ${outcome.file} ${outcome.about} (${outcome.variant}) ${detail(outcome)}`);
    if (outcomes.length % 1000 === 0) console.log(`${outcomes.length} of ${chosen.length} cases`);
  });
  outcomes.sort((a, b) => a.file.localeCompare(b.file));
  if (values.out) writeFileSync(values.out, outcomes.map((outcome) => `${JSON.stringify(outcome)}\n`).join(''));
  const results = summarize(outcomes, passedOver(), chosen.length, units());
  const { equal, wrong, failed, refused } = results;
  console.log(`${equal} equal, ${wrong} wrong, ${failed} failed, ${refused} refused`);
  if (!only) writeKerasTests(results);
  return wrong + failed > 0 ? 1 : 0;
}

const detail = (outcome: TestOutcome): string =>
  'message' in outcome ? outcome.message.split('\n')[0]!.slice(0, 200) : `off by ${outcome.error.toExponential(1)}`;

process.exitCode = await main();
