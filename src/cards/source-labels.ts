import { modelFilesAmong } from '../support/model-files.js';
import type { Beside } from './card-files.js';
import type { SourceChoice } from './source-choices.js';
import type { SourceFile } from './source-files.js';
import type { SourceLiteral } from './source-literals.js';
import { areNames } from './source-names.js';
import { isUseOf, type SourceUse } from './source-uses.js';

/** Names of classes in source code beside a model. */
export interface SourceLabels {
  labels: string[];
  /** Where they are: `CLASS_NAMES in app.py`. */
  where: string;
  /** What speaks for them: it goes on after "for". */
  basis: string;
  /** What the code compares the second one's probability with. */
  threshold?: number;
}

/** That source code has several that may be names of a model's classes. */
export interface UnclearLabels {
  /** Two that differ, as they go on after "has": `Spam and Ham in app.py and Yes and No in test.py`. */
  unclear: string;
}

/** What names of classes are called. */
const speaks =
  /class|label|categor|target|species|emotion|sentiment|disease|diagnos|breed|genre|letter|gesture|(?:^|_)signs?$|digit|result|predict|idx|index|indices|names?$/i;
/** What other lists of texts are called. */
const otherwise =
  /column|cols?$|feature|metric|path|dirs?$|folder|file|url|layer|optimizer|loss|activation|header|keys?$|input|stop_?words|punct|require|depend|arg|choices|colou?r|callback|extension|origins?|methods?|hosts?|phase|split|mode|author|user|count|model/i;

/**
 * What may be names, the surest first: texts of which a prediction takes one are surer than two texts in a list, those than what is said of classes
 * before training, and sentences are no names.
 */
const ranks = ['telling', 'names', 'pair', 'encoding', 'sentences'] as const;
type Rank = (typeof ranks)[number];

interface Candidate extends SourceLabels {
  rank: Rank;
}

/**
 * Names of classes that stand in source code beside a model and nowhere else: one list, or an object by number, of as many texts as there
 * are classes, or the texts that it chooses between by what the model answers. Where several could be meant there is none.
 * @param files the source code of a folder
 * @param names all of the folder's files
 * @param model its file's name, by which code knows it among others
 */
export function findSourceLabels(
  files: readonly SourceFile[],
  names: Beside['names'],
  classes: number,
  model?: string,
): SourceLabels | UnclearLabels | undefined {
  // Of several models that lie there the code may choose by another one's answer.
  const isAlone = modelFilesAmong(names).models.length < 2;
  const found = files.flatMap((one) => [...listsOf(one, classes), ...choicesOf(one, model ?? '', isAlone)]);
  const best = ranks.find((one) => found.some(({ rank }) => rank === one));
  const [first, ...others] = found.filter(({ rank }) => rank === best);
  if (!first) return undefined;
  const other = others.find(({ labels }) => !areSame(labels, first.labels));
  if (other) return { unclear: `${shown(first)} and ${shown(other)}` };
  const { rank, threshold: _, ...labels } = first;
  // Sentences aren't the names, but chosen by the same numbers.
  const by = rank === 'encoding' ? found : [first, ...others];
  const thresholds = new Set(by.flatMap(({ threshold }) => threshold ?? []));
  const [threshold] = thresholds;
  return { ...labels, ...(thresholds.size === 1 && { threshold: threshold! }) };
}

const shown = ({ labels, where }: SourceLabels): string =>
  `${labels.length > 2 ? `${labels.length} texts` : labels.map((label) => JSON.stringify(label)).join(' and ')} (${where})`;

/** Lists of as many texts as there are classes. Of two, many lists have as many. */
function listsOf({ file, lists }: SourceFile, classes: number): Candidate[] {
  const basis = 'as many texts stand there as there are classes';
  return lists.flatMap((literal) => {
    const { name, texts, isIndexed, isEncoding } = literal;
    const isTelling = isIndexed || speaks.test(name);
    if (!couldName(literal, classes) || (!isTelling && (classes === 2 || isEncoding))) return [];
    const ofList = isIndexed || (isTelling && classes > 2) ? 'telling' : classes === 2 ? 'pair' : 'names';
    const rank: Rank = isEncoding ? 'encoding' : ofList;
    return [{ labels: texts, where: `${name} in ${file}`, basis, rank }];
  });
}

/** Whether a text is chosen by what a model answers: by the last that was asked before. */
function isBy({ line }: SourceChoice, uses: readonly SourceUse[], model: string): boolean {
  const asked = uses.filter(({ lines }) => lines.includes(line) && lines[0]! <= line);
  const last = Math.max(...asked.map(({ lines }) => lines[0]!));
  return asked.some((use) => use.lines[0] === last && isUseOf(use, model));
}

/** What is chosen between by a prediction: by the model's own where code names it. @param isAlone whether no other model lies there */
function choicesOf({ file, choices, uses }: SourceFile, model: string, isAlone: boolean): Candidate[] {
  const isNamed = uses.some((use) => isUseOf(use, model));
  const own = isNamed ? choices.filter((one) => isBy(one, uses, model)) : isAlone ? choices : [];
  return own.map(({ name, texts, threshold }) => {
    const rank = !areNames(texts) ? 'sentences' : speaks.test(name) ? 'telling' : 'names';
    const basis = `the code chooses between them by a prediction${rank === 'sentences' ? ', and nothing shorter stands there' : ''}`;
    return { labels: texts, where: `${name} in ${file}`, basis, rank, ...(threshold !== undefined && { threshold }) };
  });
}

const couldName = ({ name, texts, isIndexed }: SourceLiteral, classes: number): boolean =>
  texts.length === classes &&
  (isIndexed || !otherwise.test(name)) &&
  // Of many a few may be called alike.
  new Set(texts).size > 0.9 * classes &&
  texts.every((text) => text.trim() !== '' && text.length <= 200 && !/\p{Cc}/u.test(text));

const areSame = (one: readonly string[], other: readonly string[]): boolean =>
  one.every((text, index) => text.toLowerCase() === other[index]!.toLowerCase());
