import { vocabularyNameOf } from '../../keras/vocabulary-files.js';
import type { LayerCall, LayerHandler, LayerTable } from '../context.js';
import type { Dimension, Value } from '../graph.js';
import { add, cast, concat, constant, equal, fill, mod, mul, node, pad, where } from '../operators/index.js';
import { computed, isString } from '../string-graph.js';
import { type Encoding, encode, encodingOf } from './encoding.js';

/** A category that no encoding shows. */
export const hidden = -1;

/** The most categories: they are counted with 32 bits. */
const mostCategories = 2 ** 31 - 1;

/** What stands where among the categories of a lookup: the mask token, what is not in the vocabulary, then its tokens. */
export interface Categories<Token> {
  mode: Encoding;
  mask: Token | undefined;
  /** How many there are for what is not in the vocabulary, and the first of them. */
  unknowns: number;
  firstUnknown: number;
  /** The category of the first token. */
  first: number;
  tokens: readonly Token[];
  /** Of so many categories the weights in the config say nothing. */
  unweighted: number;
}

/**
 * The categories of a lookup.
 * @param given its vocabulary as the file has it: with the mask token and those for the unknown in front, or without
 */
export function categoriesOf<Token extends string | number>(
  call: LayerCall,
  given: readonly Token[],
  { mask, unknown, unknowns }: { mask: Token | undefined; unknown: Token | undefined; unknowns: number },
): Categories<Token> {
  const { config, unsupported } = call;
  const mode = encodingOf(call, 'int');
  const firstUnknown = mask !== undefined && mode === 'int' ? 1 : 0;
  const first = firstUnknown + unknowns;
  const special = [...Array(firstUnknown).fill(mask), ...Array(Math.min(unknowns, given.length)).fill(unknown)];
  const isWhole = first <= given.length && special.every((token, index) => token === given[index]);
  const tokens = isWhole ? given.slice(first) : given;
  if (tokens.length === 0) return unsupported('its vocabulary is empty');
  // Keras refuses these, too.
  if (new Set(tokens).size < tokens.length) return unsupported('its vocabulary has a term twice');
  if (mask !== undefined && tokens.includes(mask))
    return unsupported('its vocabulary has the mask token among its terms');
  if (config.has('max_tokens') && first + tokens.length > config.integer('max_tokens'))
    return unsupported('its vocabulary has more terms than its max_tokens');
  if (first + tokens.length > mostCategories) return unsupported(`it has more than ${mostCategories} categories`);
  return { mode, mask, unknowns, firstUnknown, first, tokens, unweighted: isWhole ? 0 : first };
}

/** How many categories a lookup has in its encodings. */
const depthOf = ({ config }: LayerCall, { first, tokens }: Categories<unknown>): number =>
  config.boolean('pad_to_max_tokens', false) ? config.integer('max_tokens') : first + tokens.length;

/** Categories in the encoding that a lookup has for its output. */
function encodeFound(found: Value, call: LayerCall, categories: Categories<unknown>): Value {
  const { mode } = categories;
  if (mode === 'int') return found;
  const encoded = encode(found, call, mode === 'tf_idf' ? 'count' : mode, depthOf(call, categories));
  return weigh(encoded, call, categories);
}

/** Counts as `tf_idf` has them; other encodings in the type of Keras. */
function weigh(encoded: Value, call: LayerCall, categories: Categories<unknown>): Value {
  if (categories.mode === 'tf_idf') return mul(encoded, inverseFrequencies(call, categories));
  return call.kerasVersion >= 3 ? cast(encoded, 'int64') : encoded;
}

/**
 * The weights of `tf_idf`, one for each category: those that the file keeps, else those in the config. The latter may say nothing
 * of the first categories, which weigh what the others do on average, nor of padding.
 */
function inverseFrequencies(call: LayerCall, categories: Categories<unknown>): Value {
  if (call.hasWeight('idf_weights')) return call.weight('idf_weights');
  const depth = depthOf(call, categories);
  const { values } = call.config.array('idf_weights');
  const average = values.reduce((a, b) => a + b, 0) / values.length;
  const first = Math.min(categories.unweighted, depth);
  const known = values.slice(0, depth - first);
  const weights = [
    fill(call.graph, 'float32', [first], average),
    constant(call.graph, 'float32', [known.length], known),
  ];
  return pad(concat(weights, 0), [[0, depth - first - known.length]]);
}

/** What a list of integers has in place of those in `keys`, or `fallback`. */
function replace(x: Value, keys: readonly number[], values: readonly number[], fallback: number): Value {
  const attributes = { keys_int64s: keys, values_int64s: values, default_int64: fallback };
  return node('ai.onnx.ml.LabelEncoder', [cast(x, 'int64')], attributes, 'int64', x.shape);
}

/**
 * Indices of integers in a vocabulary. Keras refuses what is not in the vocabulary when it has no index for that; here it is -1.
 */
const integerLookup: LayerHandler = ([x], call) => {
  const { config } = call;
  const any = Number.NEGATIVE_INFINITY;
  const mask = config.has('mask_token') ? config.integer('mask_token', undefined, any) : undefined;
  const unknown = config.integer('oov_token', -1, any);
  const unknowns = config.integer('num_oov_indices', 1);
  const given = config.integers('vocabulary', undefined, undefined, any);
  const categories = categoriesOf(call, given, { mask, unknown, unknowns });
  const { mode, firstUnknown, first, tokens } = categories;
  const indices = tokens.map((_, index) => first + index);

  if (config.boolean('invert', false)) {
    const found = replace(x!, indices, tokens, unknown);
    return mask === undefined ? found : where(equal(x!, 0), mask, found);
  }
  const single = replace(x!, tokens, indices, unknowns === 1 ? firstUnknown : hidden);
  const wide = cast(x!, 'int64');
  const spread = () => add(hashes ? hashOf(x!, call, unknowns) : mod(wide, unknowns), firstUnknown);
  const hashes = config.string('oov_method', 'floormod') !== 'floormod';
  const all = unknowns > 1 ? where(equal(single, hidden), spread(), single) : single;
  const found = mask === undefined ? all : where(equal(wide, mask), mode === 'int' ? 0 : hidden, all);
  return encodeFound(found, call, categories);
};

/** Which of some bins whole numbers are in by a hash of their digits. */
function hashOf(x: Value, call: LayerCall, bins: number): Value {
  const { strings, unsupported } = call;
  const from = strings.make({ op: 'digits', from: strings.nameOf(x) ?? unsupported(computed) });
  return strings.numbers({ op: 'hash', from, hashing: { bins, ...saltOf(call) } }, x.shape);
}

/** The key of a layer's hashes: of one number, that twice. */
export function saltOf({ config, unsupported }: LayerCall): { salt?: [string, string] } {
  if (!config.has('salt')) return {};
  const salt = config.raw('salt');
  const [first, second, ...more] = Array.isArray(salt) ? salt : [salt!, salt!];
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(second) || more.length > 0)
    return unsupported('its salt is no whole number that is exact in a file');
  return { salt: [String(first), String(second)] };
}

/** The vocabulary in a layer's config. */
export function vocabularyOf({ layer, config, unsupported }: LayerCall): readonly string[] {
  const given = config.raw('vocabulary');
  if (given == null || typeof given === 'string')
    return unsupported(
      `its vocabulary is not in the file; save the model as .keras, or lay it beside it as ${vocabularyNameOf(layer).slice(0, 80)}, ` +
        'a term in each line, or as .pkl, a pickled list of them',
    );
  return config.strings('vocabulary');
}

/** Indices of strings in a vocabulary, or the other way round. */
const stringLookup: LayerHandler = ([x], call) => {
  const { config, strings, unsupported } = call;
  const mask = config.has('mask_token') ? config.string('mask_token') : undefined;
  const unknown = config.string('oov_token', '[UNK]');
  const unknowns = config.integer('num_oov_indices', 1);
  const categories = categoriesOf(call, vocabularyOf(call), { mask, unknown, unknowns });
  if (config.boolean('invert', false)) {
    if (isString(x!)) return unsupported('it is inverted, and called with strings');
    const { first, tokens } = categories;
    const vocabulary = strings.vocabulary(tokens);
    const masking = mask !== undefined && { mask: { word: strings.word(mask), index: 0 } };
    const word = strings.word(unknown);
    return strings.later(
      (from) => ({ op: 'words', from, vocabulary, first, unknown: word, ...masking }),
      cast(x!, 'int64'),
    );
  }
  if (!isString(x!)) return unsupported('it is called with numbers');
  const from = strings.nameOf(x!) ?? unsupported(computed);
  const { mode } = categories;
  const { rank, shape } = x!;
  const isBag = rank === 2 && (mode === 'one_hot' ? shape[1] === 1 : mode !== 'int');
  if (isBag) return bagOf(strings.make({ op: 'rows', from }), call, categories, shape[0]!);
  return encodeFound(strings.numbers(lookUp(from, call, categories), shape), call, categories);
};

/**
 * Which categories are in rows of strings, or how often. It takes what the output has, however many strings and categories there are;
 * the operators of ONNX would take as much for each string.
 */
export function bagOf(from: string, call: LayerCall, categories: Categories<string>, rows: Dimension): Value {
  const { strings } = call;
  const { mode } = categories;
  const found = strings.make(lookUp(from, call, categories));
  const depth = depthOf(call, categories);
  const counts = mode === 'count' || mode === 'tf_idf';
  return weigh(strings.numbers({ op: 'bag', from: found, depth, counts }, [rows, depth], 'float32'), call, categories);
}

/** The step that finds strings in a vocabulary. */
export function lookUp(
  from: string,
  call: LayerCall,
  categories: Categories<string>,
): Parameters<LayerCall['strings']['numbers']>[0] {
  const { strings } = call;
  const { mode, mask, unknowns, firstUnknown, first, tokens } = categories;
  return {
    op: 'look-up',
    from,
    vocabulary: strings.vocabulary(tokens),
    first,
    unknown:
      unknowns === 0
        ? null
        : { index: firstUnknown, ...(unknowns > 1 && { hashing: { bins: unknowns, ...saltOf(call) } }) },
    ...(mask !== undefined && { mask: { word: strings.word(mask), index: mode === 'int' ? 0 : hidden } }),
  };
}

/** https://keras.io/api/layers/preprocessing_layers/categorical/ */
export const lookupLayers: LayerTable = {
  // What the others are made of; Keras saves models with it too.
  IndexLookup: (inputs, call) =>
    (call.config.string('vocabulary_dtype') === 'string' ? stringLookup : integerLookup)(inputs, call),
  IntegerLookup: integerLookup,
  StringLookup: stringLookup,
};
