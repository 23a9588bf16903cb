import type { Assumption } from '../../datapoints/kind.js';
import { wordsIn as wordsOf } from '../../pickle/encoders.js';
import { accepts } from '../../pickle/fitted.js';
import type { Fitted } from '../../pickle/transformer.js';
import { particularIn, wordsIn } from './file-words.js';
import type { SideFile } from './side-files.js';

/** The texts that numbers of columns stand for. */
interface ColumnWords {
  keys: { columns: readonly { name: string; categories?: readonly string[] }[] };
  /** The encoders that have them. */
  files: readonly SideFile[];
  assumed: Omit<Assumption, 'key'>;
}

/** What speaks for encoders, after their files: for one, for several, for several of one file. */
const reasons = {
  name: ['is called like it', 'are called like them', 'is called like them'],
  frame: ['was fitted on it', 'were fitted on them', 'was fitted on them'],
} as const;

/** An encoder of texts, and the column that it is of. */
interface Encoder {
  file: SideFile;
  words: readonly string[];
  /** What speaks for it. */
  by: keyof typeof reasons;
  isOf(column: string): boolean;
}

/**
 * The encoders of columns in a file: a `LabelEncoder` is of the one that it is called like, and so is an `OrdinalEncoder` of one column without a
 * name. One that was fitted on a data frame knows the name of each of its columns, and each has its own words.
 * @param known words that are no news in the name of a file
 */
function encodersIn(file: SideFile, known: readonly string[]): readonly Encoder[] {
  const called = particularIn(file.file, known).join(' ');
  const byFile = {
    file,
    by: 'name' as const,
    isOf: (column: string) => called !== '' && wordsIn(column).join(' ') === called,
  };
  const { classes, encodes, fitted } = file;
  if (encodes) return [{ ...byFile, words: classes! }];
  const words = fitted ? wordsOf(fitted) : [];
  const { names } = fitted ?? {};
  if (!names) return words.length === 1 && words[0] ? [{ ...byFile, words: words[0] }] : [];
  return names.flatMap((name, place): Encoder[] => {
    const own = words[place];
    return own ? [{ file, words: own, by: 'frame', isOf: (column) => column === name }] : [];
  });
}

/**
 * The texts that numbers of columns had before someone's encoders made these of them: of each column those of the only encoder that is of it,
 * `label_encoder_gender.pkl` of Gender.
 * @param names of the columns that a transformer takes
 * @param known words that are no news in the name of a file
 */
export function wordsOfColumns(
  fitted: Fitted,
  names: readonly string[],
  files: readonly SideFile[],
  known: readonly string[],
): ColumnWords | undefined {
  const encoders = files
    .filter((file) => file.fitted !== fitted)
    .flatMap((file) => encodersIn(file, known))
    .filter(({ words }) => words.every(isText));
  const takes = accepts(fitted, names.length);
  const encoderAt = (place: number): Encoder | undefined => {
    const [own, ...others] = encoders.filter((encoder) => encoder.isOf(names[place]!));
    const isOne = own && others.length === 0 && names.filter((name) => own.isOf(name)).length === 1;
    // What an imputer or encoder in it says of a column's values stays.
    return isOne && Object.keys(takes[place]!).length === 0 ? own : undefined;
  };
  const own = names.map((_, place) => encoderAt(place));
  const found = own.flatMap((encoder) => encoder ?? []);
  if (found.length === 0) return undefined;
  const columns = names.map((name, place) => ({ name, ...(own[place] && { categories: [...own[place].words] }) }));
  const encoded = names.filter((_, place) => own[place]).map((name) => JSON.stringify(name.slice(0, 50)));
  return {
    keys: { columns },
    files: [...new Set(found.map(({ file }) => file))],
    assumed: {
      value: columns,
      text: `also the words of ${encoded.join(' and ')}`,
      basis: basisOf(found),
      certainty: 'guess',
    },
  };
}

/** What speaks for encoders, each file once. */
const basisOf = (found: readonly Encoder[]): string =>
  (Object.keys(reasons) as (keyof typeof reasons)[])
    .flatMap((by) => {
      const own = found.filter((one) => one.by === by);
      const files = [...new Set(own.map(({ file }) => file.file))];
      const [one, several, ofOneFile] = reasons[by];
      const why = own.length === 1 ? one : files.length > 1 ? several : ofOneFile;
      return own.length > 0 ? `${files.join(' and ')} ${why}` : [];
    })
    .join(', and ');

/** Numbers that stand for numbers could be meant either way. */
const isText = (text: string): boolean => text.trim() !== '' && Number.isNaN(Number(text));
