/** `npm run conformance:keras`: runs Keras's own tests, records what they build, and compares keras-serve's answers. */
import { fork } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { findPython } from '../python.js';
import { describe, type TestOutcome } from './compare.js';
import { summarize, type TestFiles, writeKerasTests, writeKerasTestsPart } from './report.js';

const usage = `npm run conformance:keras -- [options]

  --python <path>    a Python with what conformance/requirements.txt pins; by default one is made in conformance/.venv
  --only <pattern>   the files of tests alone whose path, or the cases whose path, holds this regular expression;
                     docs/conformance.md stays as it is
  --part <name>      with --only: the counts of these stand in docs/conformance.md under this name, beside those of all
  --again            record what is recorded once more
  --compare          record nothing: compare what is recorded
  --jobs <number>    processes at a time: 2
  --minutes <number> record no longer than this, and compare what there is then; the same command goes on
  --out <file>       every outcome as a line of JSON, as it comes; what is in it already is not compared again
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

/** What record.py writes when it is done with a file of tests. */
interface Done {
  /** That pytest ends with: 0 and 1 after all the tests. */
  code: number;
  passedOver: Record<string, number>;
}

/** How far the files of tests are recorded. */
function recordedFiles(): TestFiles & { passedOver: Record<string, number> } {
  const found = {
    whole: [] as string[],
    part: [] as string[],
    left: [] as string[],
    broken: [] as string[],
    passedOver: {},
  };
  const counts = new Map<string, number>();
  for (const unit of JSON.parse(readFileSync(join(folder, 'units.json'), 'utf8')) as string[]) {
    const path = join(folder, unit);
    const done: Done | undefined = existsSync(join(path, 'done.json'))
      ? JSON.parse(readFileSync(join(path, 'done.json'), 'utf8'))
      : undefined;
    const started = existsSync(path) && readdirSync(path).some((name) => name.endsWith('.case.json'));
    if (done) (done.code === 0 || done.code === 1 ? found.whole : found.broken).push(unit);
    else (started ? found.part : found.left).push(unit);
    for (const [reason, count] of Object.entries(done?.passedOver ?? {}))
      counts.set(reason, (counts.get(reason) ?? 0) + count);
  }
  return { ...found, passedOver: Object.fromEntries(counts) };
}

/** Compares cases in processes of their own: one that ends fails its case, and another goes on. */
async function compareAll(cases: readonly string[], jobs: number, each: (outcome: TestOutcome) => void): Promise<void> {
  const waiting = [...cases];
  const work = async (): Promise<void> => {
    while (waiting.length > 0) {
      const child = fork(join(import.meta.dirname, 'compare.ts'), {
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        serialization: 'advanced',
      });
      await new Promise<void>((resolve) => {
        let current: string | undefined;
        const next = (): void => {
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

/** The outcomes that an earlier run left in a file. */
const outcomesIn = (path: string): TestOutcome[] =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];

function ended(path: string, message: string): TestOutcome {
  return { result: 'failed', message, ...describe(path) };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      python: { type: 'string' },
      only: { type: 'string', default: '' },
      part: { type: 'string' },
      again: { type: 'boolean' },
      compare: { type: 'boolean' },
      jobs: { type: 'string', default: '2' },
      minutes: { type: 'string', default: 'inf' },
      out: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const { only, jobs, minutes } = values;
  if (!values.compare) {
    const python = await findPython(values.python);
    const again = values.again ? ['--again'] : [];
    await python('keras-tests/record.py', folder, '--only', only, '--jobs', jobs, '--minutes', minutes, ...again);
  }
  const pattern = new RegExp(only.replaceAll('/', '\\.'));
  const chosen = recordedCases().filter((path) => pattern.test(relative(folder, path)));
  const { out } = values;
  const names = new Set(chosen.map((path) => relative(folder, path)));
  const outcomes = out ? outcomesIn(out).filter(({ file }) => names.has(file)) : [];
  const known = new Set(outcomes.map(({ file }) => file));
  const waiting = chosen.filter((path) => !known.has(relative(folder, path)));
  await compareAll(waiting, Number(jobs), (outcome) => {
    outcomes.push(outcome);
    if (out) appendFileSync(out, `${JSON.stringify(outcome)}\n`);
    if (outcome.result === 'different' || outcome.result === 'failed')
      console.log(`${outcome.result} ${outcome.file} ${outcome.about} (${outcome.variant}) ${detail(outcome)}`);
    if (outcomes.length % 1000 === 0) console.log(`${outcomes.length} of ${chosen.length} cases`);
  });
  outcomes.sort((a, b) => a.file.localeCompare(b.file));
  const { passedOver, ...files } = recordedFiles();
  const results = summarize(outcomes, passedOver, files, chosen.length);
  const { equal, wrong, failed, refused } = results;
  console.log(`${equal} equal, ${wrong} wrong, ${failed} failed, ${refused} refused`);
  if (!only) writeKerasTests(results);
  else if (values.part !== undefined)
    writeKerasTestsPart(
      values.part,
      files.whole.filter((unit) => pattern.test(unit)),
      results,
    );
  return wrong + failed > 0 ? 1 : 0;
}

const detail = (outcome: TestOutcome): string =>
  'message' in outcome ? outcome.message.split('\n')[0]!.slice(0, 200) : `off by ${outcome.error.toExponential(1)}`;

process.exitCode = await main();
