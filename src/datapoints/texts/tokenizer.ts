/** How Keras's `Tokenizer` makes numbers of texts (tf.keras.preprocessing.text, TensorFlow 2). */

/** What `texts_to_matrix` calls its `mode`. */
export const matrixModes = ['binary', 'count', 'freq', 'tfidf'] as const;
export type MatrixMode = (typeof matrixModes)[number];

/** Between words, of which none has it. */
const separator = '\0';

/** A fitted tokenizer: plain data, of which the words are one text, since that crosses threads at once. */
export interface TokenizerSpec {
  /** The words by their ids, from 0 on; what is empty is no word. */
  words: string;
  /** Ids from this one on count as those of unknown words. */
  numWords?: number;
  /** What counts as a space, each of its characters. */
  filters: string;
  lower: boolean;
  /** What is between words. */
  split: string;
  /** Whether each character is a word. */
  charLevel: boolean;
  /** What unknown words count as; they are passed over where this is left out. */
  oovToken?: string;
  /** How many texts it was fitted on, and how many of them have the word of each id: for `tfidf`. */
  documents?: { count: number; withWord: Float64Array };
}

/** Words as a spec has them. @param words by their ids */
export const packWords = (words: readonly string[]): string => words.join(separator);

/** Whether a text can be one of a spec's words. */
export const isWord = (text: string): boolean => !text.includes(separator);

/** The words of a spec in the order of their ids, one by one: there may be a million of them. */
export function* wordsOf({ words }: Pick<TokenizerSpec, 'words'>): Generator<string> {
  for (let start = 0, end = 0; end < words.length; start = end + 1) {
    end = words.indexOf(separator, start);
    if (end < 0) end = words.length;
    yield words.slice(start, end);
  }
}

/** How many ids there are: one more than the largest. */
export const idCount = (spec: Pick<TokenizerSpec, 'words' | 'numWords'>): number => spec.numWords ?? idsOf(spec).count;

/** Ids by word, and how many there are. */
interface Ids {
  byWord: ReadonlyMap<string, number>;
  count: number;
}

/** Those made last, the oldest first: in threads each request has a spec of its own, with the same words. */
const made = new Map<string, Ids>();
const mostMade = 8;

function idsOf({ words }: Pick<TokenizerSpec, 'words'>): Ids {
  const known = made.get(words);
  if (known) return known;
  const all = words.split(separator);
  const byWord = new Map(all.flatMap((word, id) => (word === '' ? [] : [[word, id] as const])));
  const ids = { byWord, count: all.length };
  made.set(words, ids);
  for (const oldest of made.keys()) if (made.size > mostMade) made.delete(oldest);
  return ids;
}

/** Makes the ids of the words of a text, as `texts_to_sequences` does. */
export function sequencer(spec: TokenizerSpec): (text: string) => number[] {
  const { byWord } = idsOf(spec);
  const { numWords = Number.POSITIVE_INFINITY, lower, charLevel, split, oovToken } = spec;
  const unknown = oovToken === undefined ? undefined : byWord.get(oovToken);
  const filtered = new Set(spec.filters);
  const characters = [...filtered].map((character) => `\\u{${character.codePointAt(0)!.toString(16)}}`).join('');
  const filters = characters === '' ? undefined : new RegExp(`[${characters}]`, 'gu');
  const wordsIn = (text: string): Iterable<string> => {
    const cased = lower ? text.toLowerCase() : text;
    // Filters are for words alone.
    if (charLevel) return cased;
    return (filters ? cased.replace(filters, () => split) : cased).split(split);
  };
  return (text) => {
    const ids: number[] = [];
    for (const word of wordsIn(text)) {
      if (word === '') continue;
      const id = byWord.get(word);
      const known = id !== undefined && id < numWords ? id : unknown;
      if (known !== undefined) ids.push(known);
    }
    return ids;
  };
}

/** What `texts_to_matrix` has for a word of an id that is in a text `count` times, of `length` words in all. */
const weights: Record<MatrixMode, (count: number, length: number, id: number, spec: TokenizerSpec) => number> = {
  binary: () => 1,
  count: (count) => count,
  freq: (count, length) => count / length,
  tfidf(count, _length, id, { documents }) {
    const idf = Math.log(1 + documents!.count / (1 + (documents!.withWord[id] ?? 0)));
    return (1 + Math.log(count)) * idf;
  },
};

/** A number for each id that a text has, as `sequences_to_matrix` gives it. @param ids of the words of the text */
export function* matrixRow(ids: readonly number[], mode: MatrixMode, spec: TokenizerSpec): Generator<[number, number]> {
  const counts = new Map<number, number>();
  const most = idCount(spec);
  for (const id of ids) if (id < most) counts.set(id, (counts.get(id) ?? 0) + 1);
  for (const [id, count] of counts) yield [id, weights[mode](count, ids.length, id, spec)];
}
