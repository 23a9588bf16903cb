import type { ModelCard } from '../../schemas/card.js';
import { RepeatedKeyError } from '../json/error.js';
import { parseJsonText } from '../json/parse-text.js';

/** One label as a card has it. */
export type CardLabel = NonNullable<ModelCard['labels']>[number];

/** What was read of a text; a string says why that can't be, undefined that it is about something else. */
export type Parsed =
  | { labels: CardLabel[] /** Whether they are numbered, as in `0 Cat`. */; numbered: boolean }
  | string
  | undefined;

/** Labels by their index, where the indices are all those from 0 or 1 on. */
export function inOrder<T>(indexed: [index: number, label: T][]): T[] | undefined {
  const sorted = indexed.toSorted(([a], [b]) => a - b);
  const first = sorted[0]?.[0];
  if (first !== 0 && first !== 1) return undefined;
  return sorted.every(([index], at) => index === at + first) ? sorted.map(([, label]) => label) : undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A label as JSON may have it: text, a number, or the pair of a WordNet id and a name. */
function asLabel(value: unknown): CardLabel | undefined {
  if (typeof value === 'string') return value.trim();
  if (typeof value === 'number') return String(value);
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [wordnetId, name] = value;
  return typeof wordnetId === 'string' && typeof name === 'string' ? [wordnetId, name] : undefined;
}

const expected = 'should be a list of labels, or an object of labels and their indices from 0 on';

/**
 * A list of labels, or an object that has them by their indices, or the other way round.
 * @param byLabel how to understand one in which everything is a number
 */
export function parseJson(text: string, byLabel: boolean): Parsed {
  const parsed = parse(text);
  if (parsed === undefined) return 'is no JSON';
  if (Array.isArray(parsed)) return fromList(parsed) ?? expected;
  if (!isObject(parsed)) return expected;
  const indexed = fromIndexed(parsed, byLabel);
  if (indexed) return indexed;
  const key = labelKeys.find((one) => Array.isArray(parsed[one]));
  return key ? fromList(parsed[key] as unknown[]) : expected;
}

/** Labels by their indices, or indices by their labels; undefined where an object is neither. */
function fromIndexed(indexed: Record<string, unknown>, byLabel: boolean): Parsed {
  const pairs = Object.entries(indexed);
  const areIndices = (values: unknown[]) => values.every((value) => /^\d{1,7}$/.test(String(value)));
  const keysAre = areIndices(pairs.map(([key]) => key));
  const valuesAre = areIndices(pairs.map(([, value]) => value));
  const turned = valuesAre && (byLabel || !keysAre);
  if (!turned && !keysAre) return undefined;
  const ordered = inOrder(pairs.map(([key, value]) => (turned ? [Number(value), key] : [Number(key), value])));
  return (ordered && fromList(ordered)) ?? expected;
}

function fromList(values: unknown[]): Parsed {
  const labels = values.map(asLabel);
  return labels.includes(undefined) ? expected : { labels: labels as CardLabel[], numbered: false };
}

/** Where what is said of a model has its labels: Teachable Machine's `labels`, Hugging Face's `id2label`, and what people call them. */
const labelKeys = [
  ...['labels', 'id2label', 'class_names', 'classes', 'categories', 'label_names', 'class_labels'],
  ...['class_indices', 'class_to_idx', 'label_map', 'label2id', 'index_to_class', 'idx_to_class', 'index_to_label'],
];
/** Which of those have indices by labels. */
const turnedKeys = /^(?:class_indices|class_to_idx|label_map|label2id)$/;

/** Labels among other things that are said of a model; most files of these names are about something else. */
export function parseMetadata(text: string): Parsed {
  const metadata = parse(text);
  if (!isObject(metadata)) return undefined;
  for (const key of labelKeys) {
    const found = metadata[key];
    if (Array.isArray(found)) return fromList(found);
    const indexed =
      isObject(found) && Object.keys(found).length > 0 ? fromIndexed(found, turnedKeys.test(key)) : undefined;
    if (indexed) return indexed;
  }
  return undefined;
}

/** What a text of JSON says; undefined where it is none. @throws RepeatedKeyError */
function parse(text: string): unknown {
  try {
    return parseJsonText(text);
  } catch (error) {
    if (error instanceof RepeatedKeyError) throw error;
    return undefined;
  }
}
