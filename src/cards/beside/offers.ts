import { isDeepStrictEqual } from 'node:util';
import type { Assumption, Certainty } from '../../datapoints/kind.js';
import type { KindCards, ModelKinds } from '../../datapoints/kinds.js';
import type { DescribedModel } from '../../inference/compile-messages.js';
import { CARD_FILE } from '../../support/card-file.js';
import type { CardNote } from '../card-note.js';
import type { SourceColumns } from '../source-columns.js';
import { particularIn, wordsIn } from './file-words.js';
import type { SideFile } from './side-files.js';

/** Names of columns in source code beside a model, and the file that has them. */
export interface CodeColumns extends SourceColumns {
  file: string;
}

/** A model, as far as it is known when files are offered to it. */
export interface Served extends DescribedModel {
  /** What the owner says of it. */
  cards: KindCards;
  /** What its inputs and outputs are without any file. */
  kinds: ModelKinds;
  /** Words that are no news in the name of a file: those of the model, its folder, its inputs and its outputs. */
  known: readonly string[];
  /** Names that source code beside it has, where nothing else says what columns are called. */
  code?: readonly CodeColumns[];
  /** Files that source code beside it uses with it: what makes its inputs of something, and what makes something of its answers. */
  used?: Readonly<Record<Offer['side'], ReadonlyMap<string, string>>>;
}

/** What a card would say of an input or output, by files beside the model. */
export interface Offer {
  side: 'inputs' | 'outputs';
  name: string;
  keys: Readonly<Record<string, unknown>>;
  /** What is assumed by it. */
  assumptions: readonly Assumption[];
  /** The files that say so. */
  files: readonly SideFile[];
}

/** What was found for an input or output. */
export interface Found {
  offers: Offer[];
  /** What is assumed though nothing is offered. */
  assumptions?: readonly Assumption[];
  notes: CardNote[];
  /** Files that notes are about: nothing else has to be said of them. */
  told: SideFile[];
}

/** That nothing was found. */
export const nothing: Found = { offers: [], notes: [], told: [] };

/** That one thing was found, which is assumed under the first of its keys. */
export function found(
  side: Offer['side'],
  name: string,
  keys: Offer['keys'],
  files: readonly SideFile[],
  assumed: Pick<Assumption, 'value' | 'basis' | 'certainty' | 'text'>,
): Found {
  const [key] = Object.keys(keys);
  const assumption = { key: `${side}.${name}.${key}`, ...assumed };
  return { offers: [{ side, name, keys, assumptions: [assumption], files }], notes: [], told: [] };
}

/** One of several files that all fit. */
export interface Choice {
  file: SideFile;
  /** Likely where it is the only one, a guess where its name alone speaks for it. */
  certainty: Certainty;
  /** Those that it was chosen among. */
  all: SideFile[];
  /** Goes on after what speaks for it. */
  although: string;
}

const listed = (files: readonly SideFile[]): string => files.map(({ file }) => file).join(' and ');

/**
 * Chooses among files that all fit: the only one, or the only one of which a name says so. What is the same in two files is one.
 * @param fitting at least one
 */
export function chooseFile(
  fitting: readonly SideFile[],
  says: (file: SideFile) => boolean,
): Choice | { between: SideFile[] } {
  const different = fitting.filter(
    (one, place) => !fitting.slice(0, place).some((other) => isDeepStrictEqual({ ...one, file: other.file }, other)),
  );
  const [first, ...others] = different;
  if (others.length === 0) return { file: first!, certainty: 'likely', all: [...fitting], although: '' };
  const telling = different.filter(says);
  if (telling.length !== 1) return { between: different };
  const [file] = telling;
  const rest = different.filter((one) => one !== file);
  return {
    file: file!,
    certainty: 'guess',
    all: [...fitting],
    although: `, as ${listed(rest)} would, whose name doesn't say it`,
  };
}

/** A choice is a guess where the file is called after something that the model isn't. */
export function doubted(choice: Choice, known: readonly string[]): Choice {
  const [word] = particularIn(choice.file.file, known);
  if (word === undefined) return choice;
  return {
    ...choice,
    certainty: 'guess',
    although: `${choice.although}, though "${word}" in its name is nothing of the model's`,
  };
}

/** That nothing decides between files. @param key of the card that would */
export function undecided(files: readonly SideFile[], key: string): Found {
  const what = `${listed(files)} ${files.length === 2 ? 'both' : 'all'} fit`;
  const note: CardNote = {
    level: 'warn',
    message: `${what}, and nothing says which is meant: none is used`,
    advice: `set ${key} to one of them in ${CARD_FILE}`,
  };
  return { offers: [], notes: [note], told: [...files], assumptions: isTransform(key) ? [noTransform(key, what)] : [] };
}

const isTransform = (key: string): boolean => key.endsWith('.transform');

/** That numbers are taken as they are, which is a guess where a file beside the model speaks against it. @param why goes on after "for" */
export const noTransform = (key: string, why: string): Assumption => ({
  key,
  value: null,
  text: 'none',
  basis: `nothing says surely which it is: ${why}`,
  certainty: 'guess',
});

/** Whether a file is for one of several ends that would all take it: then it is called like it. */
export function isMeant(file: string, name: string, rivals: number): boolean {
  const called = wordsIn(name);
  return rivals < 2 || (called.length > 0 && called.every((word) => wordsIn(file).includes(word)));
}

/** The less sure of two. */
export const lesser = (one: Certainty, other: Certainty): Certainty =>
  [one, other].includes('guess') ? 'guess' : [one, other].includes('likely') ? 'likely' : 'certain';

/** Keys of a card that say how a value of another length is brought to the model's: nothing of what it stands for. */
const ofLength = /^(?:padding|truncating|value|ignored)$/;

/** Whether a card leaves open what an input or output is made of. */
export const isOpen = (cards: KindCards, side: 'inputs' | 'outputs', name: string): boolean =>
  saidOf(cards, side, name).every((key) => ofLength.test(key));

/** The keys of a card beside its kind. */
export const saidOf = (cards: KindCards, side: 'inputs' | 'outputs', name: string): readonly string[] =>
  Object.keys((Object.hasOwn(cards[side] ?? {}, name) && cards[side]?.[name]) || {}).filter((key) => key !== 'kind');

/** Cards with what is offered; their own keys stay. */
export function withOffer(cards: KindCards, { side, name, keys }: Offer): KindCards {
  const all = cards[side] ?? {};
  return { ...cards, [side]: { ...all, [name]: { ...keys, ...(Object.hasOwn(all, name) && all[name]) } } };
}
