/** What TensorFlow does to text: it works on bytes, so that case and punctuation are those of ASCII alone. */
import { type Strings, StringsBuilder, stringAt } from '../support/strings.js';

/** Strings in rows of any length. */
export interface RaggedStrings {
  strings: Strings;
  /** Where each row ends among the strings. */
  rowEnds: Uint32Array;
}

/** How `TextVectorization` makes texts alike. */
export type Standardization = 'lower' | 'strip_punctuation' | 'lower_and_strip_punctuation';

const ofCharacters = (characters: string): Uint8Array => {
  const table = new Uint8Array(256);
  for (const byte of Buffer.from(characters)) table[byte] = 1;
  return table;
};

/** What Keras takes out as punctuation. */
const punctuation = ofCharacters('!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\'');
/** What TensorFlow splits at. */
const spaces = ofCharacters(' \t\n\v\f\r');

const lowerCase = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte));
const sameCase = Uint8Array.from({ length: 256 }, (_, byte) => byte);

/** Texts in lower case, without punctuation, or both. */
export function standardize({ bytes, ends }: Strings, how: Standardization): Strings {
  const letters = how === 'strip_punctuation' ? sameCase : lowerCase;
  const strips = how !== 'lower';
  const made = { bytes: new Uint8Array(bytes.length), ends: new Uint32Array(ends.length) };
  let size = 0;
  let start = 0;
  for (let index = 0; index < ends.length; index++) {
    for (const end = ends[index]!; start < end; start++) {
      const byte = bytes[start]!;
      if (!strips || punctuation[byte] === 0) made.bytes[size++] = letters[byte]!;
    }
    made.ends[index] = size;
  }
  return { bytes: made.bytes.subarray(0, size), ends: made.ends };
}

/** The words of each text, between white space. */
export function splitAtSpaces({ bytes, ends }: Strings): RaggedStrings {
  const words = new Uint8Array(bytes.length);
  const wordEnds = new Uint32Array((bytes.length + ends.length + 1) >> 1);
  const rowEnds = new Uint32Array(ends.length);
  let size = 0;
  let count = 0;
  let at = 0;
  for (let row = 0; row < ends.length; row++) {
    const end = ends[row]!;
    while (at < end) {
      if (spaces[bytes[at]!] === 1) {
        at++;
        continue;
      }
      while (at < end && spaces[bytes[at]!] === 0) words[size++] = bytes[at++]!;
      wordEnds[count++] = size;
    }
    rowEnds[row] = count;
  }
  return { strings: { bytes: words.subarray(0, size), ends: wordEnds.subarray(0, count) }, rowEnds };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The characters of each text in UTF-8, as `tf.strings.unicode_split` has them: � where bytes are none. */
export function splitCharacters(texts: Strings): RaggedStrings {
  const characters = new StringsBuilder(texts.bytes.length, texts.bytes.length);
  const rowEnds = texts.ends.map((_, row) => {
    for (const character of decoder.decode(stringAt(texts, row))) characters.add(encoder.encode(character));
    return characters.length;
  });
  return { strings: characters.finish(), rowEnds };
}

const space = Uint8Array.of(32);

/**
 * The n-grams of each row, joined by spaces: for each width in turn, all that begin at one of its strings. What is shorter than a
 * width has none of it.
 */
export function ngrams({ strings, rowEnds }: RaggedStrings, widths: readonly number[]): RaggedStrings {
  const made = new StringsBuilder(widths.length * strings.bytes.length, widths.length * strings.ends.length);
  const ends = new Uint32Array(rowEnds.length);
  let start = 0;
  rowEnds.forEach((end, row) => {
    for (const width of widths)
      for (let first = start; first + width <= end; first++) {
        for (let at = first; at < first + width; at++) {
          if (at > first) made.part(space);
          made.part(stringAt(strings, at));
        }
        made.end();
      }
    ends[row] = made.length;
    start = end;
  });
  return { strings: made.finish(), rowEnds: ends };
}
