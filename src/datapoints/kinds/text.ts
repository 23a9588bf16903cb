import { Type } from 'typebox';
import { at } from '../../json/place.js';
import { CardError } from '../../support/card-error.js';
import type { TensorInfo, TensorType } from '../../support/tensor.js';
import { InstancesError, isList, type List, wrong } from '../json-tensor.js';
import type { Assumption, CardFile, Claim, Column, ColumnReader, Facts, InputKind, KindCard, Place } from '../kind.js';
import { numberTypes } from '../number-types.js';
import { type Fitting, fittingKeys, fittingOf, lengthsOf, spelledFitting, stepsReader, zeros } from '../steps.js';
import { rowSchema } from '../tensor-schema.js';
import { tokenizerOf, Vocabulary } from '../texts/read-tokenizer.js';
import {
  idCount,
  type MatrixMode,
  matrixModes,
  matrixRow,
  sequencer,
  type TokenizerSpec,
  wordsOf,
} from '../texts/tokenizer.js';
import { vocabularyOfFile } from '../texts/vocabulary-file.js';
import { tensorInput } from './tensor.js';

/** How the words of a text are given to a model: their ids in a row, or a number for each word that there is. */
type Encoding = 'sequence' | MatrixMode;

/** What is known of a text that a tokenizer is for; null where the model takes the text itself. */
export interface TextSpec {
  tokenizer: TokenizerSpec;
  encoding: Encoding;
  /** How ids are fitted to the length of a sequence. */
  fitting?: Fitting;
  /** How many ids a sequence has, where the model takes any number. */
  length?: number;
  /** The tokenizer as the card has it. */
  source: string | Vocabulary;
}

const encodings: readonly Encoding[] = ['sequence', ...matrixModes];

/** A text: the model takes it as it is, or a tokenizer makes ids of its words: those of Keras's `Tokenizer` and `pad_sequences`. */
export const text: InputKind<TextSpec | null> = {
  name: 'text',
  strings: true,
  card: {
    tokenizer: Type.Union([Type.String({ minLength: 1 }), Vocabulary], {
      description: 'the name of a file beside the model, or an object with "word_index" or "vocabulary"',
    }),
    encoding: Type.Enum([...encodings], { description: encodings.map((one) => `"${one}"`).join(', ') }),
    length: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      description: 'how many words a text is cut or filled up to',
    }),
    ...fittingKeys,
  },
  files: { tokenizer: { schema: Vocabulary, read: vocabularyOfFile } },
  errors: [],
  media: ['text/plain'],
  claim(input, facts, card, place) {
    if (input.type === 'string') return claimStrings(input, facts, card, place);
    const said = card?.tokenizer as CardFile | Vocabulary | undefined;
    if (!said) {
      if (card?.kind === 'text') throw new CardError(`${place('kind')} is text, which needs ${place('tokenizer')}.`);
      return undefined;
    }
    if (!isRow(input))
      throw new CardError(`${place('kind')} can't be text: the input has not the shape (batch, numbers).`);
    const [source, vocabulary] = 'file' in said ? [said.file, said.content as Vocabulary] : [said, said];
    const tokenizer = tokenizerOf(vocabulary, place('tokenizer'));
    const { encoding, assumptions } = encodingOf(input, facts, card!, tokenizer, place);
    const { fitting, length, ...fitted } = fit(input, facts, card!, encoding, place);
    return {
      spec: { tokenizer, encoding, source, ...(fitting && { fitting }), ...(length !== undefined && { length }) },
      certainty: 'certain',
      assumptions: [...assumptions, ...fitted.assumptions],
    };
  },
  spell: (spec) => {
    if (spec === null) return {};
    const { source, encoding, length, fitting } = spec;
    return { tokenizer: source, encoding, ...(length !== undefined && { length }), ...spelledFitting(fitting) };
  },
  textReader: () => (value) => (value === '' ? undefined : value),
  describe: (input, spec) => ({
    schema: spec
      ? Type.Union([Type.String(), rowSchema(input)], {
          description: 'A text, or the numbers that the model takes, unprepared.',
        })
      : rowSchema(input),
    example: () => (spec ? exampleText(spec.tokenizer) : 'A few words'),
    text: `a text, or ${tensorInput.describe(input, null).text}`,
  }),
  isOne: (value, input, spec) => (spec ? !isList(value) || isNumbers(value) : tensorInput.isOne(value, input, null)),
  reader(input, spec, rows) {
    if (!spec) return tensorInput.reader(input, null, rows);
    const texts = (spec.encoding === 'sequence' ? sequenceReader : matrixReader)(input, spec, rows);
    const numbers = tensorInput.reader(input, null, rows);
    let areNumbers: boolean | undefined;
    const write = (value: unknown, place: string) => {
      areNumbers ??= isList(value);
      if (areNumbers) numbers.write(value, place);
      else if (typeof value === 'string') texts.write(value, place);
      else throw wrong(place, 'a text', value);
    };
    return {
      write,
      writeAll(values, place) {
        for (let index = 0; index < values.length; index++) write(values.at(index), at(place, index));
      },
      finish: () => (areNumbers ? numbers : texts).finish(),
    };
  },
};

/** Whether a list is the numbers of one datapoint, not texts or numbers of several. */
const isNumbers = (value: List): boolean => !isList(value.at(0)) && typeof value.at(0) !== 'string';

/** The layers that take a text to pieces. */
const takesTexts = new Set(['TextVectorization']);

/** An input of strings, of which each is a text: the model has its own vocabulary. @throws CardError */
function claimStrings(
  input: TensorInfo,
  { signature, hints }: Facts,
  card: KindCard | undefined,
  place: Place,
): Claim<null> | undefined {
  const [said] = Object.keys(card ?? {}).filter((key) => key !== 'kind');
  if (said) throw new CardError(`${place(said)} means nothing here: the model takes the text itself.`);
  const { shape } = input;
  if (shape.length < 1 || shape.length > 2 || (shape.length === 2 && shape[1] !== 1)) return undefined;
  const layer = hints?.inputs?.[signature.inputs.indexOf(input)]?.feeds?.find((one) => takesTexts.has(one));
  if (layer) return { spec: null, certainty: 'certain', basis: `the layer that takes it is ${layer}` };
  return { spec: null, certainty: 'guess', basis: 'it is one string' };
}

function isRow({ shape, type }: TensorInfo): boolean {
  const known: Partial<Record<TensorType, unknown>> = numberTypes;
  return known[type] !== undefined && shape.length === 2;
}

/** The layers that take ids in a row. */
const takesIds = new Set(['Embedding', 'LSTM', 'GRU', 'SimpleRNN', 'RNN', 'Reshape']);

/** How words are given to the model: as the card says, else as what takes them needs it. @throws CardError */
function encodingOf(
  { name, shape, type }: TensorInfo,
  { signature, hints }: Facts,
  card: KindCard,
  tokenizer: TokenizerSpec,
  place: Place,
): { encoding: Encoding; assumptions: Assumption[] } {
  const given = card.encoding as Encoding | undefined;
  const index = signature.inputs.findIndex((input) => input.name === name);
  const layer = hints?.inputs?.[index]?.feeds?.find((one) => takesIds.has(one));
  const width = idCount(tokenizer);
  const isWide = shape[1] === width && !layer;
  const encoding = given ?? (isWide ? 'binary' : 'sequence');
  if (encoding !== 'sequence' && shape[1] !== null && shape[1] !== width)
    throw new CardError(
      `${place('encoding')} can't be ${encoding}: the input takes ${shape[1]} numbers, and there are ${width} ids of words (num_words, if it is there).`,
    );
  if (encoding === 'tfidf' && !tokenizer.documents)
    throw new CardError(`${place('encoding')} is tfidf, which needs document_count and index_docs of the tokenizer.`);
  if ((encoding === 'tfidf' || encoding === 'freq') && numberTypes[type].whole)
    throw new CardError(`${place('encoding')} can't be ${encoding}: the input takes whole numbers.`);
  if (given) return { encoding, assumptions: [] };
  const basis = layer
    ? `the layer that takes it is ${layer}`
    : isWide
      ? 'the input takes a number for each word, and that is the usual one'
      : 'the input takes another number of numbers than there are words';
  return {
    encoding,
    assumptions: [{ key: 'encoding', value: encoding, basis, certainty: layer ? 'likely' : 'guess' }],
  };
}

/** How the ids of a text are fitted to a length. @throws CardError */
function fit(
  input: TensorInfo,
  { padded }: Facts,
  card: KindCard,
  encoding: Encoding,
  place: Place,
): Pick<TextSpec, 'fitting' | 'length'> & { assumptions: Assumption[] } {
  const length = card.length as number | undefined;
  const [said] = ['length', ...Object.keys(fittingKeys)].filter((key) => card[key] !== undefined);
  if (encoding !== 'sequence') {
    if (said) throw new CardError(`${place(said)} means nothing here: the encoding is ${encoding}.`);
    return { assumptions: [] };
  }
  const size = input.shape[1] ?? null;
  if (length !== undefined && size !== null && length !== size)
    throw new CardError(`${place('length')} can't be ${length}: the input takes ${size}.`);
  const { fitting, assumptions } = fittingOf(ofLength(input, length), card, place, padded ? { found: padded } : {});
  return { fitting, assumptions, ...(size === null && { length }) };
}

/** An input that takes any number of ids, as it is where they are always so many. */
const ofLength = (input: TensorInfo, length: number | undefined): TensorInfo =>
  length === undefined ? input : { ...input, shape: [input.shape[0]!, length] };

type WordsReader = Pick<ColumnReader<Column>, 'finish'> & { write(text: string, place: string): void };

function sequenceReader(input: TensorInfo, { tokenizer, fitting, length }: TextSpec, rows: number): WordsReader {
  const idsOf = sequencer(tokenizer);
  const big = input.type === 'int64' || input.type === 'uint64';
  const { most } = lengthsOf(ofLength(input, length), fitting);
  const options = { fitting, width: 1, what: 'words', rows, least: 0 } as const;
  const steps = stepsReader(ofLength(input, length), options, (id, data, index) => {
    data[index] = big ? BigInt(id as number) : (id as number);
  });
  return {
    write(text, place) {
      const ids = idsOf(text);
      if (ids.length === 0 && !fitting?.padding)
        throw new InstancesError(place, `${place} has no word that the model knows.`);
      if (most !== undefined && ids.length > most)
        throw new InstancesError(
          place,
          `${place} has ${ids.length} words that the model knows, of which it takes ${most}: send a shorter one, or have "truncating" in serve.json say on which side it is cut ("pre", as pad_sequences of Keras does, or "post").`,
        );
      steps.write(ids, place);
    },
    finish: () => steps.finish(),
  };
}

function matrixReader({ type }: TensorInfo, { tokenizer, encoding }: TextSpec, rows: number): WordsReader {
  const idsOf = sequencer(tokenizer);
  const width = idCount(tokenizer);
  const big = type === 'int64' || type === 'uint64';
  let data: ReturnType<typeof zeros> | undefined;
  let row = 0;
  return {
    write(text, place) {
      data ??= zeros(type, rows, width, place);
      for (const [id, weight] of matrixRow(idsOf(text), encoding as MatrixMode, tokenizer))
        data[row * width + id] = big ? BigInt(weight) : weight;
      row++;
    },
    finish: () => ({ tensor: { type, shape: [rows, width], data: data! } }),
  };
}

/** A few of the words that the tokenizer knows best: their ids go by how often they were seen. */
function exampleText(tokenizer: TokenizerSpec): string {
  const words: string[] = [];
  for (const word of wordsOf(tokenizer)) {
    if (word !== '' && word !== tokenizer.oovToken) words.push(word);
    if (words.length === 5) break;
  }
  return words.join(tokenizer.charLevel ? '' : tokenizer.split);
}
