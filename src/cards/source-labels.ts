import { join } from 'node:path';
import { decodeText } from '../support/decode-text.js';
import { readWhole } from '../support/files.js';
import { literalsIn, type SourceLiteral } from './source-literals.js';

/** Names of classes in source code beside a model. */
export interface SourceLabels {
  labels: string[];
  /** Where they are: `CLASS_NAMES in app.py`. */
  where: string;
}

/** The most files that are read, the largest of them and all of them together, in bytes. */
const [mostFiles, maxBytes, maxTotal] = [50, 5 * 2 ** 20, 8 * 2 ** 20];

/** How files of source code are read, by their endings. */
const readers: Record<string, (text: string) => string> = {
  py: (text) => text,
  js: (text) => text,
  ts: (text) => text,
  ipynb: cellsOf,
};
const ending = new RegExp(`\\.(${Object.keys(readers).join('|')})$`);

/** Those of a folder's files that are source code. */
export const sourceFilesAmong = (names: readonly string[]): string[] =>
  names.filter((name) => ending.test(name)).sort();

/** What names of classes are called. */
const speaks =
  /class|label|categor|target|species|emotion|sentiment|disease|diagnos|breed|genre|letter|gesture|(?:^|_)signs?$|digit|result|predict|idx|index|indices|names?$/i;
/** What other lists of texts are called. */
const otherwise =
  /column|cols?$|feature|metric|path|dirs?$|folder|file|url|layer|optimizer|loss|activation|header|keys?$|input|stop_?words|punct|require|depend|arg|choices|colou?r|callback|extension|origins?|methods?|hosts?|phase|split|mode|author|user|count|model/i;

/**
 * Names of classes that stand in source code beside a model and nowhere else: one list, or an object by number, of as many texts as there
 * are classes. Where several could be meant there is none, nor where there is more than is read.
 * @param names the folder's files
 */
export async function findSourceLabels(
  folder: string,
  names: readonly string[],
  classes: number,
): Promise<SourceLabels | undefined> {
  const found: { literal: SourceLiteral; file: string }[] = [];
  let total = 0;
  const files = sourceFilesAmong(names);
  if (files.length > mostFiles) return undefined;
  for (const file of files) {
    const bytes = await readWhole(join(folder, file), maxBytes).catch(() => undefined);
    total += bytes?.length ?? 0;
    if (total > maxTotal) return undefined;
    const text = bytes && decodeText(bytes);
    if (!text) continue;
    const source = readers[ending.exec(file)![1]!]!(text);
    for (const literal of literalsIn(source)) if (couldName(literal, classes)) found.push({ literal, file });
  }
  const telling = found.filter(({ literal }) => speaks.test(literal.name));
  const [first, ...others] = telling.length > 0 || classes === 2 ? telling : found;
  if (!first || others.some(({ literal }) => !areSame(literal.texts, first.literal.texts))) return undefined;
  return { labels: first.literal.texts, where: `${first.literal.name} in ${first.file}` };
}

const couldName = ({ name, texts }: SourceLiteral, classes: number): boolean =>
  texts.length === classes &&
  !otherwise.test(name) &&
  // Of many a few may be called alike.
  new Set(texts).size > 0.9 * classes &&
  texts.every((text) => text.trim() !== '' && text.length <= 200 && !/\p{Cc}/u.test(text));

const areSame = (one: readonly string[], other: readonly string[]): boolean =>
  one.every((text, index) => text === other[index]);

/** The code of a notebook. */
function cellsOf(text: string): string {
  try {
    const { cells } = JSON.parse(text) as { cells?: { cell_type?: string; source?: string | string[] }[] };
    const sources = (Array.isArray(cells) ? cells : []).filter((cell) => cell?.cell_type === 'code');
    return sources.map(({ source }) => (Array.isArray(source) ? source.join('') : String(source ?? ''))).join('\n');
  } catch {
    return '';
  }
}
