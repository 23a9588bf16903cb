import type { Absent, Entry } from './entries.js';
import type { Result, Verdict } from './verdict.js';

type Rows = readonly (readonly string[])[];

/** What verdicts are called. */
export const words: Record<Verdict, string> = {
  right: 'right',
  nameless: 'nameless',
  raw: 'raw',
  named: 'raw, named',
  wrong: 'wrong',
  silent: 'silently wrong',
  refused: 'refused',
  absent: 'absent',
};

/** A table in Markdown. */
export const markdown = (head: readonly string[], rows: Rows): string =>
  [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`)
    .join('\n');

/** A repository at its commit. */
export const at = ({ repository, commit }: { repository: string; commit?: string }): string =>
  commit ? `${repository}@${commit.slice(0, 7)}` : repository;

/** What is known of a model before it is asked. */
export const cellsOf = (entry: Entry): string[] => [
  entry.task,
  at(entry),
  `\`${abbreviated(entry.card)}\``,
  answerOf(entry.keras),
];

/** What came of each model, by task, in Markdown. */
const inTable = (results: readonly Result[]): string =>
  markdown(
    ['task', 'repository', 'card', 'Keras', 'keras-serve', 'without a card'],
    results.map(({ entry, card, plain }) => [
      ...cellsOf(entry),
      card.reply === undefined
        ? card.verdict
        : answerOf(card.reply) + (card.verdict === 'right' ? '' : ` (${card.verdict})`),
      words[plain.verdict] + (plain.guesses?.length ? ` (guessed: ${plain.guesses.join(', ')})` : ''),
    ]),
  );

/** What authors do that no card can say, in Markdown. */
const unsaid = (results: readonly Result[]): string =>
  markdown(
    ['repository', 'what no card can say', 'Keras then', 'Keras by the card'],
    results.flatMap(({ entry }) => {
      const { repository, keras, unlike } = entry;
      return unlike ? [[repository, unlike.why, unlike.answer ? answerOf(unlike.answer) : '', answerOf(keras)]] : [];
    }),
  );

/** What was looked at and could not be asked, in Markdown. */
const absentOnes = (all: readonly Absent[]): string =>
  markdown(
    ['repository', 'model', 'why not'],
    all.map((one) => [at(one), one.model, one.why]),
  );

const counted = (verdicts: Verdict[]): string =>
  [...new Set(verdicts)].map((one) => `${verdicts.filter((other) => other === one).length} ${words[one]}`).join(', ');

/** How many there are of each verdict. */
const counts = (results: readonly Result[]): string =>
  `With a card: ${counted(results.map(({ card }) => card.verdict))}. Without: ${counted(results.map(({ plain }) => plain.verdict))}.`;

/** What was wrong, in all its numbers. */
export function reasons(results: readonly Result[]): string {
  return results
    .flatMap(({ entry: { repository }, card, plain }) => [
      ...(card.why ? [`${repository}: ${card.why}`] : []),
      ...(plain.why ? [`${repository}, without a card: ${plain.why}`] : []),
    ])
    .join('\n');
}

/** All that a document says of them. */
export const inDocument = (results: readonly Result[], others: readonly Absent[]): string =>
  [
    counts(results),
    inTable(results),
    'What authors do and no card can say:',
    unsaid(results),
    'What could not be asked:',
    absentOnes(others),
  ].join('\n\n');

/** A document with what is said of them in its place. @param marker of the comments around it */
export function withResults(document: string, said: string, marker: string): string {
  const [start, end] = [`<!-- ${marker}: written by npm run wild -->`, `<!-- /${marker} -->`];
  const [before, after] = [document.indexOf(start) + start.length, document.indexOf(end)];
  return `${document.slice(0, before)}\n\n${said}\n\n${document.slice(after)}`;
}

/** A card with its long lists counted. */
const abbreviated = (card: unknown): string =>
  JSON.stringify(card, (_key, value) => {
    if (Array.isArray(value) && value.length > 3)
      return typeof value[0] === 'object' ? [value[0], `${value.length - 1} more`] : [`${value.length} names`];
    return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
  });

/** A reply in a few words. */
function answerOf(reply: unknown): string {
  if (Array.isArray(reply)) {
    const [{ label, probability }] = reply as [{ label: string; probability: number }];
    return `${label} ${probability.toFixed(4)}`;
  }
  const { value, unit, areas, width, height, ...rest } = reply as Record<string, unknown>;
  if (typeof value === 'number') return `${Number(value.toPrecision(6))}${unit ? ` ${unit}` : ''}`;
  if (Array.isArray(areas))
    return areas.map(({ label, fraction }) => `${label} ${(100 * fraction).toFixed(1)} %`).join(', ');
  if (width !== undefined) return `a picture of ${width} × ${height}`;
  return Object.entries(rest)
    .map(([name, one]) => `${name}: ${answerOf(one)}`)
    .join('; ');
}
