import { at, markdown, words } from './table.js';
import type { Plain, Result, Verdict } from './verdict.js';

const verdicts: readonly Verdict[] = ['right', 'nameless', 'raw', 'named', 'wrong', 'silent', 'refused'];

/** The tasks of the table, by the first word that fits, as they are counted. */
const groups: readonly [name: string, task: RegExp][] = [
  ['image in, with others or not', /image[s]? (→|and)|noise/],
  ['text', /text|words/],
  ['series, signals', /series|over time|signal/],
  ['table', /table|ids/],
];

const groupOf = (task: string): string => groups.find(([, pattern]) => pattern.test(task))![0];

const counts = (all: readonly Verdict[]): string[] =>
  verdicts.map((verdict) => String(all.filter((one) => one === verdict).length || ''));

/** How many there are of each verdict, by task and in all. */
function totals(results: readonly Result[], before: Record<string, Verdict>): string {
  const rows = (name: string, some: readonly Result[]) => [
    [name, String(some.length), 'before', ...counts(some.map(({ entry }) => before[entry.repository]!))],
    ['', '', 'now', ...counts(some.map(({ plain }) => plain.verdict))],
  ];
  return markdown(
    ['task', 'models', '', ...verdicts.map((verdict) => words[verdict])],
    [
      ...groups.flatMap(([name]) =>
        rows(
          name,
          results.filter(({ entry }) => groupOf(entry.task) === name),
        ),
      ),
      ...rows('all', results),
    ],
  );
}

/** What was guessed, and how it is with the log's line; why it is refused. */
function toldOf({ guesses = [], why = '', verdict, withLine }: Plain): string {
  const parts = [
    ...(guesses.length > 0 ? [[...new Set(guesses)].join(', ')] : []),
    ...(withLine ? [`with the log's line: ${words[withLine]}`] : []),
    ...(verdict === 'refused' ? [why] : []),
  ];
  return parts.join('; ').slice(0, 300);
}

/** What came of strangers' folders without a card: totals by task, then one by one. */
export function ofFolders(results: readonly Result[], before: Record<string, Verdict>): string {
  const one = results.filter(({ plain }) => plain.withLine);
  const right = one.filter(({ plain }) => plain.withLine === 'right' || plain.withLine === 'nameless');
  return [
    totals(results, before),
    `Of ${one.length} that are named, ${right.length} have Keras's numbers with the log's line.`,
    markdown(
      ['repository', 'task', 'before', 'now', 'guessed', 'why not right'],
      results.map(({ entry, plain }) => [
        at(entry),
        entry.task,
        words[before[entry.repository] ?? 'absent'],
        words[plain.verdict],
        toldOf(plain),
        entry.folder ?? '',
      ]),
    ),
  ].join('\n\n');
}
