import type { Assumption } from '../../datapoints/kind.js';
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

/**
 * The texts that columns of numbers had before someone's encoders made these of them: of each column the one that is called like it,
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
  const encoders = files.filter(({ encodes, classes }) => encodes && classes!.every(isText));
  const called = names.map((name) => wordsIn(name).join(' '));
  const takes = accepts(fitted, names.length);
  const encoderAt = (place: number): SideFile | undefined => {
    const own = encoders.filter(({ file }) => particularIn(file, known).join(' ') === called[place]);
    const isOne = called[place] !== '' && called.filter((one) => one === called[place]).length === 1;
    // What an imputer or encoder in it says of a column's values stays.
    return isOne && own.length === 1 && Object.keys(takes[place]!).length === 0 ? own[0] : undefined;
  };
  const own = names.map((_, place) => encoderAt(place));
  const found = own.flatMap((file) => file ?? []);
  if (found.length === 0) return undefined;
  const columns = names.map((name, place) => ({ name, ...(own[place] && { categories: [...own[place].classes!] }) }));
  const encoded = names.filter((_, place) => own[place]).map((name) => JSON.stringify(name.slice(0, 50)));
  const verb = found.length === 1 ? 'is called like it' : 'are called like them';
  return {
    keys: { columns },
    files: found,
    assumed: {
      value: columns,
      text: `also the words of ${encoded.join(' and ')}`,
      basis: `${found.map(({ file }) => file).join(' and ')} ${verb}`,
      certainty: 'guess',
    },
  };
}

/** Numbers that stand for numbers could be meant either way. */
const isText = (text: string): boolean => text.trim() !== '' && Number.isNaN(Number(text));
