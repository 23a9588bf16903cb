import type { LayerCall, LayerHandler, LayerTable } from '../context.js';
import type { Value } from '../graph.js';
import { computed, isString } from '../string-graph.js';
import { encode, encodingOf, inOwnType } from './encoding.js';
import { bagOf, categoriesOf, lookUp, saltOf, vocabularyOf } from './lookup.js';

const standardizations = ['lower', 'strip_punctuation', 'lower_and_strip_punctuation'] as const;

/** One of the words that a setting may be; undefined for null. Others are functions of the model's author. */
function wordOf<T extends string>({ config, unsupported }: LayerCall, key: string, words: readonly T[], standard: T) {
  const value = config.raw(key);
  if (value === null) return undefined;
  return (
    words.find((word) => word === (value ?? standard)) ??
    unsupported(`its ${key} is Python code, which is never run; do this step in the client`)
  );
}

/** The widest n-grams, and the most widths of them: each makes as many strings as there are words. */
const widest = 64;

/** The widths of n-grams: a number stands for all up to it. */
function widthsOf({ config, unsupported }: LayerCall): number[] | undefined {
  if (!config.has('ngrams')) return undefined;
  const given = config.integers('ngrams', undefined, undefined, 1);
  if (given.length > widest || given.some((width) => width > widest))
    return unsupported(`its ngrams are wider than ${widest}`);
  return Array.isArray(config.raw('ngrams')) ? given : Array.from({ length: given[0]! }, (_, index) => index + 1);
}

/** https://keras.io/api/layers/preprocessing_layers/text/text_vectorization/ */
const textVectorization: LayerHandler = ([x], call) => {
  const { config, strings, unsupported } = call;
  if (!isString(x!)) return unsupported('it is called with numbers');
  const categories = categoriesOf(call, vocabularyOf(call), { mask: '', unknown: '[UNK]', unknowns: 1 });
  const { mode } = categories;
  const how = wordOf(call, 'standardize', standardizations, 'lower_and_strip_punctuation');
  const at = wordOf(call, 'split', ['whitespace', 'character'], 'whitespace');
  const widths = widthsOf(call);
  const length = config.has('output_sequence_length') ? config.integer('output_sequence_length', undefined, 1) : null;
  if (config.boolean('ragged', false)) return unsupported('its output is ragged; leave ragged out');
  if (mode === 'one_hot') return unsupported('its output_mode is one_hot');
  const [, width] = x!.shape;
  if (at && (x!.rank > 2 || (x!.rank === 2 && (width ?? 1) !== 1)))
    return unsupported('it splits texts that are not of the shape (batch,) or (batch, 1)');
  if (!at && x!.rank !== 2) return unsupported('it splits nothing, and its input has other axes than (batch, strings)');

  let from = strings.nameOf(x!) ?? unsupported(computed);
  if (how) from = strings.make({ op: 'standardize', from, how });
  if (at) from = strings.make({ op: 'split', from, at });
  else if (!widths) from = strings.make({ op: 'rows', from });
  if (widths) from = strings.make({ op: 'ngrams', from, widths });
  const rows = x!.shape[0]!;
  if (mode !== 'int') return bagOf(from, call, categories, rows);
  const found = strings.make(lookUp(from, call, categories));
  const longest = at || widths ? null : width!;
  // Rows that are as long as the longest of their batch.
  if (at && length === null) strings.batchDependent = true;
  return strings.numbers({ op: 'pad', from: found, length }, [rows, length ?? longest]);
};

/** https://keras.io/api/layers/preprocessing_layers/categorical/hashing/, of strings, and of numbers by their digits. */
const hashing: LayerHandler = ([x], call) => {
  const { config, strings, unsupported } = call;
  const bins = config.integer('num_bins', undefined, 1);
  const text = isString(x!);
  const given = strings.nameOf(x!) ?? unsupported(computed);
  if (x!.type === 'bool') return unsupported('it hashes True and False');
  const from = text ? given : strings.make({ op: 'digits', from: given });
  // A single bin has no room for what is masked.
  const masks = config.has('mask_value') && bins > 1;
  const masked = masks
    ? String(text ? config.string('mask_value') : config.integer('mask_value', undefined, -Infinity))
    : '';
  if (masks && !text && !/int/.test(x!.type)) return unsupported('it masks a value of fractions');
  const hashed = strings.numbers(
    {
      op: 'hash',
      from,
      hashing: { bins: masks ? bins - 1 : bins, ...saltOf(call) },
      ...(masks && { mask: { word: strings.word(masked), index: 0 } }),
    },
    x!.shape,
  );
  const mode = encodingOf(call, 'int');
  return inOwnType(mode === 'int' ? hashed : encode(hashed, call, mode, bins), call);
};

/** The same strings in another shape. @param sizes of which one may be -1; the first is the batch */
function reshaped(x: Value, { strings, unsupported }: LayerCall, sizes: readonly number[]): Value {
  const from = strings.nameOf(x) ?? unsupported(computed);
  const count = x.shape.slice(1).reduce<number>((product, size) => product * (size ?? Number.NaN), 1);
  const known = sizes.reduce((product, size) => (size < 0 ? product : product * size), 1);
  if (!Number.isInteger(count / known)) return unsupported('its target_shape doesn’t fit its input');
  const shape = sizes.map((size) => (size < 0 ? count / known : size));
  return strings.strings({ op: 'reshape', from, shape: [0, ...shape] }, [x.shape[0]!, ...shape]);
}

/** What layers that only arrange their input do with strings. */
export const stringArrangements: LayerTable = {
  InputLayer: ([x]) => x!,
  Identity: ([x]) => x!,
  TFDIdentity: ([x]) => x!,
  Reshape: ([x], call) => reshaped(x!, call, call.config.integers('target_shape', undefined, undefined, -1)),
  Flatten: ([x], call) => reshaped(x!, call, [-1]),
  'ops.ExpandDims': ([x], call) => expanded(x!, call),
  'TFOpLambda(tf.expand_dims)': ([x], call) => expanded(x!, call),
};

/** A new axis of one element behind the others. */
function expanded(x: Value, call: LayerCall): Value {
  const axis = call.config.has('axis') ? call.config.axis('axis') : Number(call.argument('axis') ?? call.args[1]);
  if (axis !== -1 && axis !== x.rank) return call.unsupported('it puts an axis between others of strings');
  return reshaped(x, call, [...x.shape.slice(1).map((size) => size ?? call.unsupported('an axis is of any size')), 1]);
}

/** https://keras.io/api/layers/preprocessing_layers/text/ and those of categories that hash */
export const stringLayers: LayerTable = { TextVectorization: textVectorization, Hashing: hashing };
