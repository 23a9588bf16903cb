import type { Vocabulary } from '../../datapoints/texts/read-tokenizer.js';
import { vocabularyOfIndex, vocabularyOfPickle, vocabularyOfText } from '../../datapoints/texts/vocabulary-file.js';
import { parseJsonText } from '../../json/parse-text.js';
import { cellsOf } from '../../pickle/cells.js';
import { PickleError } from '../../pickle/error.js';
import { readFitted } from '../../pickle/fitted.js';
import type { Fitted } from '../../pickle/transformer.js';
import { Instance, type PickleMap, type PickleValue } from '../../pickle/values.js';
import { isPartKey } from '../../support/file-part.js';
import { type SaidOfModel, saidOfModel } from './said-of-model.js';
import type { SideTable } from './side-table.js';

/** What a file beside a model can be taken for: a list of texts may name classes or columns, or be words. */
export interface SideContent extends SaidOfModel {
  /** Goes on after the file's name: `holds a StandardScaler of 3 columns`. */
  what: string;
  /** A transformer of rows. */
  fitted?: Fitted;
  /** Names of classes, in their order. */
  classes?: readonly string[];
  /** Whether they are what numbers of a column, or of the answer, stand for. */
  encodes?: true;
  /** Names of columns, in their order. */
  columns?: readonly string[];
  /** Of the table whose columns they are, of which one may be what the model answers. */
  table?: SideTable;
  /** Words with their ids, as a card would have them; `tokenizerOf` says whether they can be. */
  vocabulary?: Vocabulary;
  /** What a dict holds of these under its keys, each as if it were a file of that name. */
  parts?: readonly (SideContent & { keys: readonly string[] })[];
}

/** What classes of scikit-learn know of the classes of a target, and the attribute that has them. */
const ofClasses: Record<string, (instance: Instance) => PickleValue | undefined> = {
  LabelEncoder: ({ attributes }) => attributes.get('classes_'),
  LabelBinarizer: ({ attributes }) => attributes.get('classes_'),
  MultiLabelBinarizer: ({ attributes }) => attributes.get('classes_'),
  OneHotEncoder({ attributes }) {
    const columns = attributes.get('categories_');
    return Array.isArray(columns) && columns.length === 1 ? columns[0] : undefined;
  },
};

/** What is fitted on words, and isn't read. */
const ofWords = /^(?:Count|Tfidf)Vectorizer$|^TfidfTransformer$/;

/**
 * What a pickle can be taken for.
 * @throws PickleError where it holds a transformer that isn't understood
 */
export function contentOfPickle(value: PickleValue): SideContent {
  if (value instanceof Map) return ofDict(value);
  const cells = cellsOf(value);
  if (!(value instanceof Instance)) return ofList(cells);
  const { className } = value;
  if (className === 'Tokenizer') return ofTokenizer(() => vocabularyOfPickle(value));
  if (ofWords.test(className)) return { what: `holds a ${className}, which isn't read` };
  if (cells) return { what: `holds ${cells.length} names of columns`, columns: cells.map(String) };
  const classes = Object.hasOwn(ofClasses, className) ? cellsOf(ofClasses[className]!(value)) : undefined;
  if (classes) {
    const what = `holds a ${className} of ${counted(classes.length, 'class', 'classes')}`;
    const isMissing = classes.some((one) => one === null || Number.isNaN(one));
    return isMissing
      ? { what: `${what}, one of which is a missing value` }
      : { what, classes: classes.map(String), ...(className === 'LabelEncoder' && { encodes: true }) };
  }
  const fitted = readFitted(value);
  const of = fitted.inputs === undefined ? '' : ` of ${counted(fitted.inputs, 'column', 'columns')}`;
  return { what: `holds a ${className}${of}`, fitted };
}

const counted = (count: number, one: string, several: string): string => `${count} ${count === 1 ? one : several}`;

const areTexts = (values: readonly unknown[]): values is readonly string[] =>
  values.every((value) => typeof value === 'string');

function ofList(cells: readonly unknown[] | undefined): SideContent {
  if (!cells || cells.length === 0 || !areTexts(cells)) return { what: 'holds no names, words or fitted object' };
  const what = `holds a list of ${counted(cells.length, 'text', 'texts')}`;
  return { what, classes: cells, columns: cells, vocabulary: { vocabulary: [...cells] } };
}

/** Texts with their numbers, or numbers with their texts. */
function ofDict(dict: PickleMap): SideContent {
  const pairs = [...dict].map(([key, value]) => (typeof key === 'number' ? [value, key] : [key, value]));
  const what = `holds a dict of ${counted(dict.size, 'entry', 'entries')}`;
  const parts = partsOf(dict, []);
  if (parts.length > 0) {
    const entries = [...dict].filter(([key]) => typeof key === 'string');
    return { what, parts, ...saidOfModel(Object.fromEntries(entries)) };
  }
  const isOfTexts = pairs.every(([text, number]) => typeof text === 'string' && Number.isInteger(number));
  if (!isOfTexts || pairs.length === 0) return { what };
  const texts = pairs as [string, number][];
  return { what, ...classesOf(texts), vocabulary: vocabularyOfPickle(new Map(texts)) as Vocabulary };
}

/** Texts in the order of their numbers, where these are those of classes. */
function classesOf(pairs: readonly [text: string, number: number][]): Pick<SideContent, 'classes'> {
  const sorted = pairs.toSorted(([, one], [, other]) => one - other);
  const [, first] = sorted[0]!;
  const isWhole = (first === 0 || first === 1) && sorted.every(([, number], place) => number === first + place);
  return isWhole ? { classes: sorted.map(([text]) => text) } : {};
}

/** The most objects of a dict that are looked at. */
const mostParts = 50;
/** What lists are called that are more than data. */
const speaking = /class|label|categor|target|column|feature|name|word|vocab/i;

/** What a dict holds under its keys, and dicts in it. */
function partsOf(dict: PickleMap, above: readonly string[]): NonNullable<SideContent['parts']> {
  const parts = [...dict].slice(0, mostParts).flatMap(([key, value]) => {
    if (!isPartKey(key)) return [];
    const keys = [...above, key];
    const inner = value instanceof Map && above.length === 0 ? partsOf(value, keys) : [];
    if (inner.length > 0) return inner;
    const isOne = value instanceof Instance || (speaking.test(key) && cellsOf(value));
    const content = isOne ? contentOfPart(value) : undefined;
    return content ? [{ ...content, keys }] : [];
  });
  return parts.slice(0, mostParts);
}

/** What is under one key; undefined where it is nothing for a model. */
function contentOfPart(value: PickleValue): SideContent | undefined {
  try {
    const content = contentOfPickle(value);
    const isOfUse = content.fitted ?? content.classes ?? content.columns ?? content.vocabulary;
    return isOfUse || value instanceof Instance ? content : undefined;
  } catch (error) {
    if (error instanceof PickleError) return { what: error.message };
    throw error;
  }
}

/** A tokenizer that can't be read is told of by what is wrong with it. */
function ofTokenizer(read: () => unknown): SideContent {
  try {
    const vocabulary = read() as Vocabulary;
    return { what: `holds a Tokenizer of ${Object.keys(vocabulary.word_index ?? {}).length} words`, vocabulary };
  } catch (error) {
    return { what: (error as Error).message };
  }
}

/** Where what is said of a model has the names of its columns. */
const columnKeys = ['columns', 'data_columns', 'feature_names', 'features', 'feature_columns', 'column_names'];

/** What a file of JSON can be taken for; undefined where it is about something else. @throws SyntaxError */
export function contentOfJson(text: string): SideContent | undefined {
  const json = parseJsonText(text);
  if (Array.isArray(json)) return ofList(json);
  if (typeof json === 'string') return ofTokenizer(() => vocabularyOfText(text));
  if (typeof json !== 'object' || json === null) return undefined;
  const entries = json as Record<string, unknown>;
  if (entries.class_name === 'Tokenizer' || typeof entries.word_index === 'object')
    return ofTokenizer(() => vocabularyOfText(text));
  const pairs = Object.entries(entries);
  if (pairs.length > 0 && pairs.every(([, value]) => Number.isInteger(value)))
    return {
      what: `holds a dict of ${counted(pairs.length, 'entry', 'entries')}`,
      ...classesOf(pairs as [string, number][]),
      vocabulary: vocabularyOfIndex(entries) as Vocabulary,
    };
  const columns = columnKeys.map((key) => entries[key]).find((value) => Array.isArray(value) && areTexts(value));
  const said = saidOfModel(entries);
  if (!columns && Object.keys(said).length === 0) return undefined;
  return { what: 'holds what is said of a model', ...(columns && { columns: columns as string[] }), ...said };
}
