import { join, parse } from 'node:path';
import { CARD_FILE } from '../../support/card-file.js';
import { nameOfPart } from '../../support/file-part.js';
import { readStart, readWhole } from '../../support/files.js';
import { modelFilesAmong } from '../../support/model-files.js';
import type { Beside } from '../card-files.js';
import type { CardNote } from '../card-note.js';
import type { FileContents } from '../contents/file-contents.js';
import type { SideReader } from '../contents/read-messages.js';
import type { Clock } from '../contents/read-process.js';
import { whyUnread } from '../unread-file.js';
import type { SideContent } from './side-content.js';

/** A file beside a model, with what it holds. */
export interface SideFile extends SideContent {
  /** Its name. */
  file: string;
}

/** What was read beside a model. */
export interface SideFiles {
  files: SideFile[];
  /** On what couldn't be read. */
  notes: CardNote[];
  /** Files that couldn't be read, and why: it goes on after the name. */
  unread: { file: string; reason: string }[];
}

/**
 * The most files that are read of a folder, bytes of one and of all together, and milliseconds for all: fewer than a pickle may
 * take by itself, whose refusal is kept.
 */
const most = { files: 50, bytes: 5 * 2 ** 20, total: 10 * 2 ** 20, time: 4000 };
/** How much of a table is read: its header, and the first rows. */
const startBytes = 64 * 2 ** 10;

/** Endings that pickles have, and those that other files have, too. */
const [pickled, perhaps] = [/\.(?:pkl|pickle|pk|pck|joblib|jbl|sav)$/i, /\.(?:p|save|dump|bin|gz|z|bz2|xz|lzma)$/i];
const spoken = /scaler|encoder|binarizer|tokeni[sz]er|transform|preprocess|label|class|column|feature|word|vocab/i;
/** What belongs to a layer of strings, whose plan has it already. */
const ofLayer = /\.vocabulary\.pkl$/i;

/** What files are read as, by their names: the first that fits. */
const readers: readonly [name: RegExp, reader: SideReader][] = [
  [pickled, 'pickle'],
  [perhaps, 'perhaps a pickle'],
  [/(?:tokeni[sz]er|word_?index|vocab\w*)\.json$/i, 'tokenizer'],
  [/(?:columns?|features?)(?:[-_ ]?(?:names?|list|order))?\.json$/i, 'json'],
  [/^(?:model[-_]?)?(?:metadata|meta|info|config)\.json$/i, 'json'],
  [/^(?!.*(?:train|test|val)|[xy]_).*(?:label|class|categor|encoder|species|idx|index).*\.npy$/i, 'array'],
  [/\.csv$/i, 'table'],
  [/^MLmodel$/, 'mlflow'],
];

const readerOf = (name: string): SideReader | undefined =>
  ofLayer.test(name) || (perhaps.test(name) && !spoken.test(name))
    ? undefined
    : readers.find(([pattern]) => pattern.test(name))?.[1];

const speakingAmong = (names: readonly string[]): string[] =>
  names.filter((name) => readerOf(name) !== undefined).sort();

/** Those of a folder's files that may belong to a model beside them, as many as are read. */
export const sideFilesAmong = (names: readonly string[]): string[] => speakingAmong(names).slice(0, most.files);

/** That there are more files than are read. */
function notesOnMany(names: readonly string[]): CardNote[] {
  const left = speakingAmong(names).slice(most.files);
  if (left.length === 0) return [];
  const named = left.slice(0, 5).join(', ');
  const more = left.length > 5 ? ` and ${left.length - 5} more` : '';
  const message = `more than ${most.files} files lie beside the model that may be of use: ${named}${more} are not read`;
  return [{ level: 'warn', message, advice: `name what belongs to the model in ${CARD_FILE}` }];
}

/**
 * Those of a folder's files that are a model's: all where it is the only one there, else those that are called like it. Files of one name, such as
 * `model.h5` and `model.keras`, are one model that was saved twice.
 */
export function ownFiles(model: string, names: readonly string[]): readonly string[] {
  const { models } = modelFilesAmong(names);
  const own = stemOf(model);
  const others = models.map(stemOf).filter((stem) => stem !== own);
  if (others.length === 0) return names;
  // Of `apple` and `apple_pie` the longer one has `apple_pie_scaler.pkl`.
  const longer = others.filter((stem) => isCalledLike(stem, own));
  return names.filter(
    (name) => isCalledLike(stemOf(name), own) && !longer.some((stem) => isCalledLike(stemOf(name), stem)),
  );
}

const stemOf = (name: string): string => parse(name).name.toLowerCase();

/** Whether a name begins or ends with another, and goes on or begins with no letter. */
const isCalledLike = (name: string, stem: string): boolean =>
  (name.startsWith(stem) && !/^\p{L}/u.test(name.slice(stem.length))) ||
  (name.endsWith(stem) && !/\p{L}$/u.test(name.slice(0, -stem.length)));

/**
 * Reads what lies beside a model as data.
 * @param taken files that are used already: they are passed over
 * @param contents reads them
 * @param named those that source code uses with the model: they are its own, whatever they are called
 * @returns what was read, and notes on what can't be
 */
export async function readSideFiles(
  besides: readonly Beside[],
  model: string,
  taken: ReadonlySet<string>,
  contents: FileContents,
  named: ReadonlySet<string> = new Set(),
): Promise<SideFiles> {
  const files: SideFile[] = [];
  const notes: CardNote[] = [];
  const unread: SideFiles['unread'] = [];
  const budget: Budget = { bytes: most.total, clock: { left: most.time } };
  const unused = (file: string, reason: string) => {
    notes.push({ level: 'warn', message: `${file} ${reason}: it is not used` });
    unread.push({ file, reason });
  };
  for (const { folder, names } of besides) {
    const own = ownFiles(model, names);
    notes.push(...notesOnStrangers(names.filter((name) => !named.has(name))), ...notesOnMany(own));
    for (const file of sideFilesAmong(names.filter((name) => own.includes(name) || named.has(name)))) {
      if (taken.has(file) || files.some((known) => known.file === file)) continue;
      try {
        const reader = readerOf(file)!;
        const bytes = await bytesFor(reader, join(folder, file), budget);
        const content = (await contents.read(reader, bytes, budget.clock)) as SideContent | undefined;
        if (content) files.push(...partsOf(file, content).filter((one) => !taken.has(one.file)));
      } catch (error) {
        const reason = whyUnread(error, most);
        if (reason) unused(file, reason);
      }
    }
  }
  return { files, notes, unread };
}

/** What a file holds, each of several under a name of its own. */
function partsOf(file: string, { parts = [], ...content }: SideContent): SideFile[] {
  const { what, ...said } = content;
  const own = parts.length === 0 || Object.keys(said).length > 0 ? [{ file, ...content }] : [];
  return [...own, ...parts.map(({ keys, ...part }) => ({ file: nameOfPart(file, keys), ...part }))];
}

/** Pickles that lie beside several models, and are none's. */
function notesOnStrangers(names: readonly string[]): CardNote[] {
  const owned = modelFilesAmong(names).models.map((model) => ownFiles(model, names));
  if (owned.length < 2) return [];
  const files = names.filter((name) => pickled.test(name) && !owned.some((own) => own.includes(name))).sort();
  if (files.length === 0) return [];
  const message = `several models lie beside ${files.slice(0, 5).join(', ')}: none that isn't called like its model is used`;
  return [{ level: 'warn', message, advice: `name what belongs to this one in ${CARD_FILE}` }];
}

/** What all files of a model together may still be and cost. */
interface Budget {
  bytes: number;
  clock: Clock;
}

/** What a reader sees of a file: all of it, but of a table the start. */
async function bytesFor(reader: SideReader, path: string, budget: Budget): Promise<Uint8Array> {
  if (reader === 'table') {
    const bytes = await readStart(path, startBytes);
    // What is cut off is no line, and perhaps no text.
    return bytes.length < startBytes ? bytes : bytes.subarray(0, bytes.lastIndexOf(10) + 1);
  }
  const bytes = await readWhole(path, Math.min(most.bytes, budget.bytes));
  budget.bytes -= bytes.length;
  return bytes;
}
