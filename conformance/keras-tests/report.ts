import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestOutcome } from './compare.js';

/** The files of tests, or parts of them, by how far they are recorded. */
export interface TestFiles {
  whole: string[];
  /** Recording was stopped in them. */
  part: string[];
  /** Not begun. */
  left: string[];
  /** They can't be run, or not to their end. */
  broken: string[];
}

/** What Keras's own tests say, in counts. */
export interface KerasTestsResults {
  /** Of Keras. */
  version: string;
  files: TestFiles;
  /** Models that the tests built, each asked once or more. */
  models: number;
  /** Cases that there are. */
  recorded: number;
  /** Those of them that were compared. */
  cases: number;
  equal: number;
  /** Answers with other numbers, or of another type. */
  wrong: number;
  /** Cases that keras-serve starts on and does not answer. */
  failed: number;
  refused: number;
  /** What is wrong or failed: by layer or operation. */
  wrongAbout: Record<string, number>;
  /** Why cases are refused. */
  refusals: { reason: string; cases: number; about: string[] }[];
  /** Calls in the tests of which there is no model file with an answer of Keras, by the reason. */
  passedOver: Record<string, number>;
  /** Parts that were run by themselves since, by what they are called. */
  parts?: Record<string, KerasTestsPart>;
}

/** What a part of the tests says, run by itself. */
export interface KerasTestsPart
  extends Pick<KerasTestsResults, 'cases' | 'equal' | 'wrong' | 'failed' | 'refused' | 'refusals'> {
  /** The files of tests. */
  files: string[];
}

const results = join(import.meta.dirname, 'results.json');
const report = join(import.meta.dirname, '..', '..', 'docs', 'conformance.md');

const sum = (counts: Record<string, number>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

const descending = (counts: Map<string, number>): Record<string, number> =>
  Object.fromEntries([...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b)));

/** The reasons of a refusal, without the names and numbers of the one model. */
function reasonsOf({ code, message }: { code: string; message: string }): string[] {
  const layers = [...message.matchAll(/^ {2}.* \(.*\): (.*)$/gm)].map(([, reason]) => reason!);
  const plain = (layers.length > 0 ? layers : [`${code}: ${message.split('\n')[0]}`]).map((reason) =>
    reason
      .replace(/"[^"]*"/g, '…')
      .replace(/\(([\d?]+(, )?)+\)/g, '(…)')
      .replace(/-?\d+(\.\d+)?/g, 'n')
      .slice(0, 160),
  );
  return [...new Set(plain)];
}

/** Counts outcomes. */
export function summarize(
  outcomes: readonly TestOutcome[],
  passedOver: Record<string, number>,
  files: TestFiles,
  recorded = outcomes.length,
): KerasTestsResults {
  const count = (...kinds: string[]) => outcomes.filter(({ result }) => kinds.includes(result)).length;
  const wrongAbout = new Map<string, number>();
  const refusals = new Map<string, { cases: number; about: Set<string> }>();
  for (const outcome of outcomes) {
    const { about, result } = outcome;
    if (result === 'different' || result === 'failed') wrongAbout.set(about, (wrongAbout.get(about) ?? 0) + 1);
    for (const reason of result === 'refused' ? reasonsOf(outcome) : []) {
      const found = refusals.get(reason) ?? { cases: 0, about: new Set() };
      refusals.set(reason, { cases: found.cases + 1, about: found.about.add(about) });
    }
  }
  return {
    version: outcomes[0]?.keras?.replace('keras ', '') ?? '',
    files,
    models: new Set(outcomes.map(({ model }) => model)).size,
    recorded,
    cases: outcomes.length,
    equal: count('equal'),
    wrong: count('different'),
    failed: count('failed'),
    refused: count('refused'),
    wrongAbout: descending(wrongAbout),
    refusals: [...refusals]
      .map(([reason, { cases, about }]) => ({ reason, cases, about: [...about].sort() }))
      .sort((a, b) => b.cases - a.cases || a.reason.localeCompare(b.reason)),
    passedOver: descending(new Map(Object.entries(passedOver))),
  };
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

const table = (head: string[], rows: (string | number)[][]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

const refusalsTable = (refusals: KerasTestsResults['refusals']): string =>
  table(
    ['Reason', 'Cases', 'In calls of'],
    refusals.map(({ reason, cases, about }) => [cell(reason), cases, named(about)]),
  );

const named = (about: readonly string[], most = 8): string =>
  about
    .slice(0, most)
    .map((name) => `\`${name}\``)
    .join(', ') + (about.length > most ? ` and ${about.length - most} more` : '');

/** Which files of tests the counts are of. */
function filesSection({ whole, part, left, broken }: TestFiles): string[] {
  const all = whole.length + part.length + left.length + broken.length;
  const lists = [
    ['In part', part],
    ['Not yet', left],
    ["Can't be run", broken],
  ] as const;
  return [
    `Of ${all} files of tests (the largest in parts, which count) ${whole.length} are recorded whole.`,
    ...lists.flatMap(([what, names]) =>
      names.length > 0 ? ['', `${what} (${names.length}): ${names.join(', ')}.`] : [],
    ),
  ];
}

/** What was run by itself since. */
const partsSection = (parts: Record<string, KerasTestsPart>): string[] =>
  Object.entries(parts).flatMap(([what, { files, cases, equal, wrong, failed, refused, refusals }]) => [
    '',
    `### ${what}`,
    `These ${files.length} files of tests alone were run again since, ${cases} cases: the counts above are older, and have some of them not yet.`,
    '',
    table(["Keras's own answer", '**wrong**', 'no answer', '**refused**'], [[equal, wrong, failed, refused]]),
    '',
    ...(refused > 0 ? [refusalsTable(refusals), ''] : []),
    `The files: ${files.join(', ')}.`,
  ]);

/** The section of docs/conformance.md about Keras's own tests; empty before the first run. */
export function kerasTestsSection(): string {
  if (!existsSync(results)) return '';
  const found: KerasTestsResults = JSON.parse(readFileSync(results, 'utf8'));
  return [
    "## Keras's own tests",
    `The tests of layers, operations, activations and models that come with Keras ${found.version} are run, and each call of a layer or an`,
    `operation in them makes a model: ${found.models} of them, asked ${found.cases} times${found.cases < found.recorded ? ` (of ${found.recorded} recorded cases)` : ''}, with the tests' own values and with some of those replaced by NaN`,
    'and infinities; as far as they fit with fixed and with open sizes, and with tensors as constants. An answer has to be within 1e-4 of the output’s scale (2e-2 in float16, 5e-2 in bfloat16) and of',
    'the same type. Written by `npm run conformance:keras`.',
    '',
    table(
      ['Outcome', 'Cases'],
      [
        ["Keras's own answer", found.equal],
        ['**wrong**: another answer', found.wrong],
        ['no answer: it fails while it runs', found.failed],
        ['**refused**, with a reason', found.refused],
      ],
    ),
    '',
    ...(sum(found.wrongAbout) > 0
      ? [
          'What is wrong or fails:',
          '',
          table(
            ['', 'Cases'],
            Object.entries(found.wrongAbout).map(([about, cases]) => [`\`${about}\``, cases]),
          ),
          '',
        ]
      : []),
    'Why cases are refused:',
    '',
    refusalsTable(found.refusals),
    '',
    ...filesSection(found.files),
    '',
    `${sum(found.passedOver)} calls in them made no case:`,
    '',
    table(
      ['Reason', 'Calls'],
      Object.entries(found.passedOver).map(([reason, calls]) => [cell(reason), calls]),
    ),
    ...partsSection(found.parts ?? {}),
  ].join('\n');
}

/** Keeps the counts of a part beside those of the last whole run. */
export function writeKerasTestsPart(what: string, files: string[], part: KerasTestsResults): void {
  const found: KerasTestsResults = JSON.parse(readFileSync(results, 'utf8'));
  const { cases, equal, wrong, failed, refused, refusals } = part;
  writeKerasTests({
    ...found,
    parts: { ...found.parts, [what]: { files, cases, equal, wrong, failed, refused, refusals } },
  });
}

/** Keeps the counts, and puts their section in the place of the one before in docs/conformance.md. */
export function writeKerasTests(found: KerasTestsResults): void {
  writeFileSync(results, `${JSON.stringify(found, null, 1)}\n`);
  const text = readFileSync(report, 'utf8').replace(/## Keras's own tests\n[\s\S]*?(?=\n## |$)/, '');
  const [before, ...after] = text.split(/(?=^## Clients)/m);
  writeFileSync(report, [before, kerasTestsSection(), '\n\n', ...after].join('').replace(/\n{3,}/g, '\n\n'));
}
