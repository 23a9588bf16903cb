import { isDeepStrictEqual } from 'node:util';
import type { SequenceSpec } from '../../datapoints/kinds/sequence.js';
import type { LabelledSpec } from '../../datapoints/labels.js';
import type { Vocabulary } from '../../datapoints/texts/read-tokenizer.js';
import { outputsOf } from '../../pickle/fitted.js';
import type { TensorInfo } from '../../support/tensor.js';
import { offerOfCode } from './code-columns.js';
import { wordsOfColumns } from './column-words.js';
import { speaksOf, wordsIn } from './file-words.js';
import {
  chooseFile,
  doubted,
  type Found,
  found,
  isMeant,
  isOpen,
  lesser,
  nothing,
  type Offer,
  type Served,
  saidOf,
  undecided,
} from './offers.js';
import type { SideFile } from './side-files.js';
import { columnsWithoutAnswer } from './side-table.js';

/** What is done to rows; an encoder alone is of a column, or of the answer, unless it was fitted on several columns. */
const ofRows =
  /^(?:StandardScaler|MinMaxScaler|MaxAbsScaler|RobustScaler|Normalizer|PowerTransformer|SimpleImputer|Pipeline|ColumnTransformer)$/;
const isEncoder = ({ fitted }: SideFile): boolean => /^(?:OneHot|Ordinal)Encoder$/.test(fitted?.kind ?? '');

/** Whether a name says that what is in a file is done to answers: `y_scaler.pkl`; `house_price_scaler.pkl` of several columns doesn't. */
const isOfOutput = ({ file, fitted }: SideFile): boolean =>
  speaksOf(file, 'output') &&
  (fitted?.inputs === 1 || wordsIn(file).some((word) => /^(?:y|targets?|outputs?|labels?)$/.test(word)));
/** Whether a name says for which of a model's ends it is. */
export const isOfOneEnd = ({ file }: SideFile): boolean =>
  wordsIn(file).some((word) => /^(?:[xy]|inputs?|features?|targets?|outputs?|labels?)$/.test(word));

/** Whether an input takes rows of numbers: no pictures, texts or ids of words. */
export function isRows({ name, shape }: TensorInfo, { kinds }: Served): boolean {
  const { kind, spec } = kinds.inputs[name]!;
  const isNumbers = kind === 'tensor' || kind === 'table' || (kind === 'sequence' && !(spec as SequenceSpec).ids);
  return isNumbers && shape.length >= 2 && shape.length <= 3;
}

/** How many numbers a row of an input is, where that is known and no card says anything of it. */
export function rowWidth(input: TensorInfo, served: Served): number | undefined {
  if (!isRows(input, served) || !isOpen(served.cards, 'inputs', input.name)) return undefined;
  return input.shape.at(-1) ?? undefined;
}

/** Whether a file's transformer makes rows of so many numbers. */
export const makesRows = ({ fitted }: SideFile, width: number): boolean =>
  fitted?.inputs !== undefined && ofRows.test(fitted.kind) && outputsOf(fitted) === width;

/** Whether an encoder of several columns makes rows of so many numbers. */
const encodesRows = (file: SideFile, width: number): boolean =>
  isEncoder(file) && file.fitted!.inputs! > 1 && outputsOf(file.fitted!) === width;

/** What is done to the rows of an input first, and what its columns are called. */
export function offerRows(input: TensorInfo, served: Served, files: readonly SideFile[]): Found {
  const width = input.type === 'string' ? undefined : rowWidth(input, served);
  if (width === undefined) return nothing;
  const { name } = input;
  const alike = served.signature.inputs.filter((one) => rowWidth(one, served) === width);
  const mine = files.filter(({ file }) => isMeant(file, name, alike.length));
  const scaling = files.filter((file) => makesRows(file, width) && !isOfOutput(file));
  // What an encoder makes may be scaled behind it.
  const encoding = files.filter((file) => encodesRows(file, width) && !isOfOutput(file));
  const able = scaling.length > 0 ? scaling : encoding;
  const fitting = able.filter((file) => mine.includes(file));
  if (fitting.length === 0) {
    const [shared, ...others] = able.filter(({ file }) => !alike.some((one) => isMeant(file, one.name, alike.length)));
    if (shared && others.length === 0) return offerShared(name, width, alike.length, shared);
    return offerColumns(name, width, mine, served);
  }
  const choice = chooseFile(fitting, ({ file }) => speaksOf(file, 'input'));
  if ('between' in choice) return undecided(choice.between, `inputs.${name}.transform`);
  const { file, certainty, all, although } = doubted(choice, served.known);
  const { fitted } = file;
  const numbers = width === 1 ? 'the one number' : `the ${width} numbers`;
  const basis = `it lies beside the model and makes ${numbers} of a row that ${name} takes${although}`;
  const known = fitted!.names;
  const ofNames = known ? nothing : offerColumns(name, fitted!.inputs!, mine, served);
  const [named] = ofNames.offers;
  const same = mine.filter(
    ({ columns, classes }) => known && [columns, classes].some((one) => isDeepStrictEqual(one, known)),
  );
  const names = known ?? (named?.assumptions[0]?.value as readonly string[] | undefined);
  const words = names && wordsOfColumns(fitted!, names, files, served.known);
  const keys = { transform: { file: file.file, content: fitted }, ...named?.keys, ...words?.keys };
  const { offers } = found('inputs', name, keys, [...all, ...same, ...(named?.files ?? []), ...(words?.files ?? [])], {
    value: file.file,
    basis,
    certainty,
  });
  const ofColumns = words
    ? [{ key: `inputs.${name}.columns`, ...words.assumed, basis: basisOfBoth(named, words.assumed.basis) }]
    : (named?.assumptions ?? []);
  return {
    ...ofNames,
    offers: offers.map((one) => ({ ...one, assumptions: [...one.assumptions, ...ofColumns] })),
  };
}

/** What speaks for the names of columns and for their words. */
function basisOfBoth(named: Offer | undefined, basis: string): string {
  if (!named) return basis;
  const files = named.files.map(({ file }) => file).join(' and ');
  return `${files ? `${files} has their names` : `their names are ${named.assumptions[0]!.text}`}, and ${basis}`;
}

/** The only transformer for inputs that take rows alike: it may be for each of them. */
function offerShared(name: string, width: number, count: number, file: SideFile): Found {
  const keys = { transform: { file: file.file, content: file.fitted } };
  const basis = `it makes the ${width} numbers of a row that each of ${count} inputs takes`;
  return found('inputs', name, keys, [file], { value: file.file, basis, certainty: 'guess' });
}

interface Header {
  names: readonly string[];
  certainty: 'likely' | 'guess';
  basis: string;
  /** The column of the answer, which stands in tables like this one. */
  answer?: string;
}

/** The names of so many columns in a file. @param labelled how many classes the model tells apart, if it does */
function headerOf({ file, columns, classes, table }: SideFile, width: number, labelled?: number): Header | undefined {
  if (!columns || new Set(columns).size < columns.length) return undefined;
  if (!table) {
    const says = speaksOf(file, 'columns') || !classes;
    const basis = `it has as many names as ${width === 1 ? 'there is a column' : 'there are columns'}`;
    return says && columns.length === width ? { names: columns, certainty: 'likely', basis } : undefined;
  }
  const { names, answer, isNamed } = columnsWithoutAnswer(columns, table, width, labelled) ?? {};
  if (!names) return undefined;
  const beside = answer === undefined ? '' : ` beside "${answer.slice(0, 50)}", which is taken for the answer`;
  return {
    names,
    certainty: isNamed ? 'likely' : 'guess',
    basis: `its header has as many names${beside}`,
    ...(answer !== undefined && { answer }),
  };
}

/** How many classes the only output of a model tells apart; undefined where it is a quantity, or nobody knows. */
function classesIn({ kinds }: Served): number | undefined {
  const [output, ...others] = Object.values(kinds.outputs);
  const hasLabels = output?.kind === 'classes' || output?.kind === 'binary';
  return hasLabels && others.length === 0 ? (output.spec as LabelledSpec).count : undefined;
}

/** What columns are called: by a list of names, else by the header of a table, else by source code. */
function offerColumns(name: string, width: number, files: readonly SideFile[], served: Served): Found {
  const labelled = classesIn(served);
  const headers = files.flatMap((file) => {
    const header = headerOf(file, width, labelled);
    return header ? [{ ...header, file }] : [];
  });
  const lists = headers.filter(({ file }) => !file.table);
  const [first, ...others] = lists.length > 0 ? lists : headers;
  if (!first) {
    const alike = served.signature.inputs.filter((one) => rowWidth(one, served) === width);
    return alike.length > 1 ? nothing : offerOfCode(name, width, served.code ?? []);
  }
  const all = [first, ...others].map(({ file }) => file);
  if (others.some(({ names }) => names.join('\n') !== first.names.join('\n')))
    return undecided(all, `inputs.${name}.columns`);
  const { names, certainty, basis, file, answer } = first;
  const text = `the ${names.length} of ${file.file}`;
  const keys = { columns: names.map((one) => ({ name: one })), ...(answer !== undefined && { ignored: [answer] }) };
  return found('inputs', name, keys, all, {
    value: names,
    basis,
    certainty,
    text,
  });
}

/** How many ids a tokenizer makes, if it is one. */
function idsIn({ num_words, vocabulary, word_index }: Vocabulary): number {
  const largest = Object.values(word_index ?? {}).reduce((most, id) => Math.max(most, id), -1);
  return num_words ?? vocabulary?.length ?? largest + 1;
}

/** A tokenizer for an input of ids of words: one whose ids its Embedding knows. */
export function offerTokenizer(input: TensorInfo, served: Served, files: readonly SideFile[]): Found {
  const { name } = input;
  const { inputs } = served.signature;
  if (!isOfIds(input, served) || saidOf(served.cards, 'inputs', name).includes('tokenizer')) return nothing;
  const rivals = inputs.filter((one) => isOfIds(one, served)).length;
  const rows = served.hints?.inputs?.[inputs.indexOf(input)]?.ids;
  const fitting = files.filter((file) => isMeant(file.file, name, rivals) && couldTokenize(file, rows));
  if (fitting.length === 0) return nothing;
  const choice = chooseFile(fitting, ({ file }) => speaksOf(file, 'words'));
  if ('between' in choice) return undecided(choice.between, `inputs.${name}.tokenizer`);
  const { file, although } = choice;
  const begins = Object.hasOwn(file.vocabulary!.word_index ?? {}, '<START>');
  const isSure = !begins && rows !== undefined && (!isBare(file) || speaksOf(file.file, 'words'));
  const fits = rows === undefined ? 'the model takes ids of words' : `its ids fit the ${rows} that the Embedding knows`;
  return found('inputs', name, { tokenizer: { file: file.file, content: file.vocabulary } }, fitting, {
    value: file.file,
    basis: `${fits}${although}${begins ? '; no <START> is put before a text' : ''}`,
    certainty: lesser(choice.certainty, isSure ? 'likely' : 'guess'),
  });
}

const isOfIds = ({ name, shape }: TensorInfo, { kinds }: Served): boolean => {
  const { kind, spec } = kinds.inputs[name]!;
  return kind === 'sequence' && (spec as SequenceSpec).ids === true && shape.length === 2;
};

/** Whether a vocabulary is no more than words and ids, which other things have, too. */
const isBare = ({ vocabulary }: SideFile): boolean => vocabulary!.filters === undefined;

/** Whether a file can make ids of which an Embedding knows so many. */
function couldTokenize(file: SideFile, rows: number | undefined): boolean {
  if (!file.vocabulary || (speaksOf(file.file, 'labels') && file.classes)) return false;
  const ids = idsIn(file.vocabulary);
  if (ids === 0 || (rows !== undefined && ids > rows)) return false;
  // Of a few texts nobody can say that they are words, unless there are as many as the model knows.
  return !isBare(file) || speaksOf(file.file, 'words') || (rows !== undefined && 2 * ids >= rows);
}

/** A bag of words: a list of as many words as the input takes numbers, beside one of as many classes as the model gives. */
export function offerBag(input: TensorInfo, served: Served, files: readonly SideFile[]): Found {
  const width = input.shape.length === 2 ? rowWidth(input, served) : undefined;
  const { inputs, outputs } = served.signature;
  const classes = outputs.length === 1 ? outputs[0]!.shape.at(-1) : undefined;
  if (width === undefined || inputs.length > 1) return nothing;
  const isNamed = ({ file }: SideFile) => speaksOf(file, 'words');
  const words = files.find((file) => isNamed(file) && file.vocabulary?.vocabulary?.length === width);
  const tags = files.find((file) => !isNamed(file) && file.classes && file.classes.length === classes);
  if (!words || !tags) return nothing;
  const basis = `it has as many words as the input takes numbers, and ${tags.file} as many classes as it gives; words are taken as they lie there, no stems or lemmas are made`;
  const keys = { tokenizer: { file: words.file, content: words.vocabulary }, encoding: 'binary' };
  return found('inputs', input.name, keys, [words], { value: words.file, basis, certainty: 'guess' });
}
