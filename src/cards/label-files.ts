import { join } from 'node:path';
import { RepeatedKeyError } from '../json/error.js';
import { MAX_CARD_BYTES } from '../support/card-file.js';
import { decodeText } from '../support/decode-text.js';
import { InternalSignal } from '../support/errors.js';
import { FileSizeError, NoFileError, readWhole } from '../support/files.js';
import { type CardLabel, inOrder, type Parsed, parseJson, parseMetadata } from './label-json.js';

/** Labels of a file beside a model. */
export interface FoundLabels {
  /** The file's name. */
  file: string;
  labels: CardLabel[];
  /** Whether the file numbers them, as in `0 Cat`: Teachable Machine's way. */
  numbered: boolean;
}

/** A file that can't be taken for labels. The message goes on after the file's name. */
export class LabelsError extends InternalSignal {
  constructor(
    readonly file: string,
    readonly reason: string,
  ) {
    super(`${file} ${reason}`);
  }
}

const maxLabels = 1_000_000;
const maxLength = 1000;

/** The files that may tell a model's labels, with what reads each. The first that fits the model counts. */
const readers: Record<string, (text: string) => Parsed> = {
  'labels.txt': parseLines,
  'class_names.txt': parseLines,
  'classes.txt': parseLines,
  'labels.json': (text) => parseJson(text, false),
  'class_names.json': (text) => parseJson(text, false),
  'class_indices.json': (text) => parseJson(text, true),
  'metadata.json': parseMetadata,
  'config.json': parseMetadata,
};

/** What reads files of other names that speak of labels. */
const others: readonly [name: RegExp, read: (text: string) => Parsed][] = [
  [
    /^(?:labels?|classes|class[-_ ]?(?:names?|labels?|list)|categories|label[-_ ]?(?:names?|map|list))\.(?:txt|names)$/i,
    parseLines,
  ],
  [
    /^(?:labels?|classes|class[-_ ]?(?:names?|labels?|list)|categories|label[-_ ]?(?:names?|map|list))\.json$/i,
    (text) => parseJson(text, false),
  ],
  [
    /^(?:class|label|category)[-_ ]?(?:indices|indexes|index|map|mapping|to[-_]?idx|to[-_]?index|to[-_]?id|dict)\.json$/i,
    (text) => parseJson(text, true),
  ],
  [/^(?:model[-_]?)?(?:metadata|meta|info|config)\.json$/i, parseMetadata],
];

const readerOf = (file: string) =>
  Object.hasOwn(readers, file.toLowerCase())
    ? readers[file.toLowerCase()]!
    : others.find(([name]) => name.test(file))?.[1];

/** The names of the files in which labels are looked for. */
export const labelFiles: readonly string[] = Object.keys(readers);

/** The most files of other names that are read. */
const mostOthers = 20;

/** Those of a folder's files that labels are read from, in the order in which they count; capital letters don't matter. */
export function labelFilesAmong(names: readonly string[]): string[] {
  const usual = labelFiles.flatMap((file) => {
    const found = names.filter((name) => name.toLowerCase() === file);
    return found.includes(file) ? [file] : found.sort().slice(0, 1);
  });
  return [...usual, ...othersAmong(names).slice(0, mostOthers)];
}

const othersAmong = (names: readonly string[]): string[] =>
  names.filter((name) => !labelFiles.includes(name.toLowerCase()) && readerOf(name) !== undefined).sort();

/** Names that speak of labels. */
const labelLike =
  /^(labels?|classes|class[-_ ]?(names?|labels?|indices|indexes|map)|categories|label[-_ ]?map)\.(txt|json|csv|tsv|ya?ml|pbtxt|names)$/i;

/** Those of a folder's files that seem to hold labels and are not read. */
export const unreadLabelFiles = (names: readonly string[]): string[] =>
  names.filter((name) => labelLike.test(name) && !readerOf(name)).sort();

/** Label files of other names, of which there are more than are read. */
export const surplusLabelFiles = (names: readonly string[]): string[] => othersAmong(names).slice(mostOthers);

/** The labels in each of a folder's label files, or what is wrong with it, in the order in which they count. */
export async function* readLabelFiles(
  folder: string,
  names: readonly string[],
): AsyncGenerator<FoundLabels | LabelsError> {
  for (const file of labelFilesAmong(names)) {
    const parse = readerOf(file)!;
    try {
      const text = await readText(folder, file);
      const parsed = text === undefined ? undefined : parse(text);
      const wrong = typeof parsed === 'object' ? wrongIn(parsed.labels) : parsed;
      if (wrong) yield new LabelsError(file, wrong);
      else if (typeof parsed === 'object') yield { file, ...parsed };
    } catch (error) {
      if (error instanceof RepeatedKeyError) yield new LabelsError(file, error.reason);
      else if (error instanceof LabelsError) yield error;
      else throw error;
    }
  }
}

/** The text of a file; undefined where there is none. */
async function readText(folder: string, file: string): Promise<string | undefined> {
  const bytes = await readWhole(join(folder, file), MAX_CARD_BYTES).catch(unreadable(file));
  if (!bytes) return undefined;
  const text = decodeText(bytes);
  if (text === undefined) throw new LabelsError(file, 'is no text in UTF-8 or UTF-16');
  return text;
}

const unreadable =
  (file: string) =>
  (error: NodeJS.ErrnoException): undefined => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    if (error instanceof NoFileError) throw new LabelsError(file, `is ${error.what}, no file`);
    if (error instanceof FileSizeError) throw new LabelsError(file, `has more than ${MAX_CARD_BYTES / 2 ** 20} MB`);
    throw new LabelsError(file, `can't be read (${error.code})`);
  };

/** What is wrong with labels: it goes on after the file's name. */
export function wrongIn(labels: readonly CardLabel[]): string | undefined {
  if (labels.length === 0) return 'is empty';
  if (labels.length > maxLabels) return `has more than ${maxLabels} labels`;
  const unfit = labels.flat().find((text) => text === '' || text.length > maxLength || /\p{Cc}/u.test(text));
  return unfit === undefined
    ? undefined
    : `has a label that is empty, longer than ${maxLength} characters, or has control characters in it`;
}

/** `0 Cat`, `0: Cat`, `0,Cat`, but none of `0-9`, `0 - 9`, `0 to 9`, `0.5`, `0:30` */
const numberedLine = /^(\d{1,7})(?!\s*(?:[-–—]|to\b)\s*\d)(?:\s*[:,;.)=-]?\s+|[:,;=](?=\D))(\S.*)$/s;
/** `n02084071 dog` */
const wordnetLine = /^(n\d{8})(?:\s*[:,]\s*|\s+)(\S.*)$/s;

/** One label a line; all of them numbered from 0 or 1, or with WordNet ids, or neither. Empty lines are skipped. */
function parseLines(text: string): Parsed {
  const lines = text.split(/\r\n?|\n/, maxLabels + 1).flatMap((line) => line.trim() || []);
  // Those that are too long are refused; there is no need to look at them any closer.
  if (lines.some((line) => line.length > 2 * maxLength)) return { labels: lines, numbered: false };
  const numbered = withoutNumbers(lines);
  const labels = numbered ?? lines;
  return { labels: matches(labels, wordnetLine) ?? labels, numbered: numbered !== undefined };
}

/** The labels of lines whose numbers only count them; undefined where there are none, or where they are part of the labels. */
function withoutNumbers(lines: readonly string[]): string[] | undefined {
  const numbered = matches(lines, numberedLine);
  const labels = numbered && inOrder(numbered.map(([index, label]) => [Number(index), label]));
  if (!numbered || !labels) return undefined;
  // `0 a`, `1 b`, `10 k`, `2 c`: folders as Keras sorts them, which is the order of its classes.
  const rising = numbered.every(([index], at) => at === 0 || Number(index) > Number(numbered[at - 1]![0]));
  const sortedAsText = lines.every((line, at) => at === 0 || line > lines[at - 1]!);
  if (!rising && sortedAsText) return undefined;
  // `1 Euro`, `2 Euro`: without their numbers they would be the same. So would `0 dots`, `1 dot`.
  return new Set(labels).size < labels.length || (labels.length > 1 && areOneWord(labels)) ? undefined : labels;
}

/** Whether labels are one word in the singular and in the plural. */
function areOneWord(labels: readonly string[]): boolean {
  const word = labels.reduce((shortest, label) => (label.length < shortest.length ? label : shortest));
  return labels.every((label) => label.startsWith(word) && /^(?:|e?s|e?n|e)$/i.test(label.slice(word.length)));
}

/** Both parts of every line, where every one has them. */
function matches(lines: readonly string[], pattern: RegExp): [string, string][] | undefined {
  const parts: [string, string][] = [];
  for (const line of lines) {
    const match = pattern.exec(line);
    if (!match) return undefined;
    parts.push([match[1]!, match[2]!]);
  }
  return parts.length > 0 ? parts : undefined;
}
