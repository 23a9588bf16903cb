import { type Strings, StringsBuilder, stringAt, stringsOf, stringTensor } from '../support/strings.js';
import type { Tensor } from '../support/tensor.js';
import { StringsError } from './errors.js';
import { fingerprint64, joinFingerprints } from './fingerprint.js';
import type { Hashing, Mask, StringPlan, StringStep } from './plan.js';
import { siphash24 } from './siphash.js';
import { ngrams, type RaggedStrings, splitAtSpaces, splitCharacters, standardize } from './text.js';
import { Vocabulary } from './vocabulary.js';

/** Whole numbers in rows of any length. */
interface RaggedNumbers {
  numbers: Int32Array;
  rowEnds: Uint32Array;
}

/** What goes from step to step. */
type Value = Tensor | RaggedStrings | RaggedNumbers;

const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** The most elements that a step may make: 1 GiB of float32. */
const mostElements = 2 ** 28;

function checkCount(elements: number): void {
  if (elements > mostElements)
    throw new StringsError(
      `The texts make ${elements} numbers together, more than ${mostElements}. Send less at once.`,
    );
}

const tensor = (value: Value | undefined): Tensor => value as Tensor;
const isRagged = (value: Value): value is RaggedStrings | RaggedNumbers => 'rowEnds' in value;

/** The strings of a tensor as rows, of its last axis. */
function rowsOf(value: Value): RaggedStrings {
  if (isRagged(value)) return value as RaggedStrings;
  const width = value.shape.at(-1)!;
  const rows = count(value.shape.slice(0, -1));
  return { strings: stringsOf(value), rowEnds: Uint32Array.from({ length: rows }, (_, row) => (row + 1) * width) };
}

/** Writes numbers into int64 as the two halves that each has in memory: making a BigInt of each takes several times as long. */
function writeInt64(numbers: Int32Array, into: BigInt64Array, at: number): void {
  const halves = new Int32Array(into.buffer);
  for (let index = 0; index < numbers.length; index++) {
    const number = numbers[index]!;
    halves[2 * (at + index)] = number;
    halves[2 * (at + index) + 1] = number >> 31;
  }
}

function int64(numbers: Int32Array, shape: number[]): Tensor {
  const data = new BigInt64Array(numbers.length);
  writeInt64(numbers, data, 0);
  return { type: 'int64', shape, data };
}

/** Runs the steps of a plan. */
export class StringSteps {
  private readonly vocabularies: readonly Vocabulary[];

  /** @throws RangeError when a vocabulary has a word twice */
  constructor(private readonly plan: StringPlan) {
    this.vocabularies = plan.vocabularies.map((words) => new Vocabulary(words));
  }

  /**
   * Runs steps in order.
   * @param values tensors by name, to which those that the steps make are added
   * @throws StringsError where strings are none that the model takes
   */
  run(steps: readonly StringStep[], values: Map<string, Value>): void {
    try {
      for (const step of steps) values.set(step.to, this.step(step, values));
    } catch (error) {
      // Of n-grams, and of arrays that are too large for anything.
      throw error instanceof RangeError ? new StringsError(`${error.message} Send less at once.`) : error;
    }
  }

  private step(step: StringStep, values: Map<string, Value>): Value {
    if (step.op === 'cross')
      return cross(
        step.from.map((name) => tensor(values.get(name))),
        step.bins,
      );
    const from = values.get(step.from)!;
    switch (step.op) {
      case 'standardize':
        return stringTensor(standardize(stringsOf(tensor(from)), step.how), tensor(from).shape);
      case 'split':
        if ((tensor(from).shape[1] ?? 1) !== 1)
          throw new StringsError('A datapoint has several texts: the model splits one.');
        return (step.at === 'whitespace' ? splitAtSpaces : splitCharacters)(stringsOf(tensor(from)));
      case 'rows':
        return rowsOf(from);
      case 'ngrams':
        return ngrams(rowsOf(from), step.widths);
      case 'look-up': {
        if (!isRagged(from)) return int64(this.lookUp(stringsOf(from), step), from.shape);
        const { strings, rowEnds } = from as RaggedStrings;
        return { numbers: this.lookUp(strings, step), rowEnds };
      }
      case 'pad':
        return pad(from as RaggedNumbers, step.length);
      case 'bag':
        return bag(from as RaggedNumbers, step);
      case 'digits':
        return digits(tensor(from));
      case 'hash':
        return int64(this.hash(stringsOf(tensor(from)), step), tensor(from).shape);
      case 'reshape':
        return reshape(tensor(from), step.shape);
      case 'words':
        return this.words(tensor(from), step);
    }
  }

  /** Whether a string is the word that a mask stands for. */
  private isMasked(mask: Mask | undefined): (string: Uint8Array) => boolean {
    if (!mask) return () => false;
    const word = stringAt(this.plan.words, mask.word);
    return (string) => string.length === word.length && string.every((byte, at) => byte === word[at]);
  }

  private lookUp(strings: Strings, { vocabulary, first, unknown, mask }: StringStep & { op: 'look-up' }): Int32Array {
    const words = this.vocabularies[vocabulary]!;
    const isMasked = this.isMasked(mask);
    const { bytes, ends } = strings;
    const numberOf = (string: Uint8Array): number => {
      if (isMasked(string)) return mask!.index;
      if (unknown) return unknown.index + (unknown.hashing ? binOf(string, unknown.hashing) : 0);
      throw new StringsError(`The model doesn't know ${show(string)}, and has no number for what it doesn't know.`);
    };
    const numbers = new Int32Array(ends.length);
    let start = 0;
    for (let index = 0; index < ends.length; index++) {
      const end = ends[index]!;
      const place = words.indexOf(bytes, start, end);
      numbers[index] = place >= 0 ? first + place : numberOf(bytes.subarray(start, end));
      start = end;
    }
    return numbers;
  }

  private hash(strings: Strings, { hashing, mask }: StringStep & { op: 'hash' }): Int32Array {
    const isMasked = this.isMasked(mask);
    // Behind the number of what is masked.
    const first = mask ? 1 : 0;
    return Int32Array.from(strings.ends, (_, index) => {
      const string = stringAt(strings, index);
      return isMasked(string) ? mask!.index : first + binOf(string, hashing);
    });
  }

  private words({ shape, data }: Tensor, { vocabulary, first, unknown, mask }: StringStep & { op: 'words' }): Tensor {
    const words = this.vocabularies[vocabulary]!;
    const builder = new StringsBuilder(16 * data.length, data.length);
    for (const value of data as BigInt64Array) {
      const place = Number(value) - first;
      if (mask && Number(value) === mask.index) builder.add(stringAt(this.plan.words, mask.word));
      else if (place >= 0 && place < words.length) builder.add(words.at(place));
      else builder.add(stringAt(this.plan.words, unknown));
    }
    return stringTensor(builder.finish(), shape);
  }
}

/** A string in a message. */
const show = (string: Uint8Array): string => JSON.stringify(Buffer.from(string.subarray(0, 60)).toString());

function binOf(string: Uint8Array, { bins, salt }: Hashing): number {
  const hash = salt ? siphash24(string, [keyOf(salt[0]), keyOf(salt[1])]) : fingerprint64(string);
  return Number(hash % BigInt(bins));
}

const keyOf = (salt: string): bigint => BigInt.asUintN(64, BigInt(salt));

function cross(inputs: readonly Tensor[], bins: number): Tensor {
  const { shape } = inputs[0]!;
  const features = inputs.map((input) => {
    if (input.type !== 'string') return BigUint64Array.from(input.data as ArrayLike<number | bigint>, BigInt);
    const strings = stringsOf(input);
    return BigUint64Array.from(strings.ends, () => 0n).map((_, index) => fingerprint64(stringAt(strings, index)));
  });
  const data = new BigInt64Array(count(shape)).map((_, index) => {
    const hash = features.reduce((hash, feature) => joinFingerprints(hash, feature[index]!), crossingKey);
    return hash % BigInt(bins);
  });
  return { type: 'int64', shape, data };
}

/** The key with which `tf.sparse.cross_hashed` begins. */
const crossingKey = 0xdecafcaffen;

function pad({ numbers, rowEnds }: RaggedNumbers, given: number | null): Tensor {
  let start = 0;
  const length = given ?? rowEnds.reduce((most, end, row) => Math.max(most, end - (rowEnds[row - 1] ?? 0)), 0);
  if (length === 0) throw new StringsError('There is no word in what should be read: the model takes one at least.');
  checkCount(length * rowEnds.length);
  const data = new BigInt64Array(rowEnds.length * length);
  rowEnds.forEach((end, row) => {
    writeInt64(numbers.subarray(start, Math.min(end, start + length)), data, row * length);
    start = end;
  });
  return { type: 'int64', shape: [rowEnds.length, length], data };
}

/** Numbers out of range don't count. */
function bag({ numbers, rowEnds }: RaggedNumbers, { depth, counts }: { depth: number; counts: boolean }): Tensor {
  checkCount(depth * rowEnds.length);
  const data = new Float32Array(rowEnds.length * depth);
  let at = 0;
  rowEnds.forEach((end, row) => {
    for (; at < end; at++) {
      const number = numbers[at]!;
      if (number < 0 || number >= depth) continue;
      data[row * depth + number] = counts ? data[row * depth + number]! + 1 : 1;
    }
  });
  return { type: 'float32', shape: [rowEnds.length, depth], data };
}

/** A number as processors make int64 of it: what has none is the least. */
const toInt64 = (value: number): bigint => (Math.abs(value) < 2 ** 63 ? BigInt(Math.trunc(value)) : -(2n ** 63n));

function digits({ shape, data }: Tensor): Tensor {
  const builder = new StringsBuilder(8 * data.length, data.length);
  for (const value of data) builder.add(Buffer.from(String(typeof value === 'bigint' ? value : toInt64(value))));
  return stringTensor(builder.finish(), shape);
}

function reshape(from: Tensor, wanted: readonly number[]): Tensor {
  const sizes = wanted.map((size, axis) => (size === 0 ? from.shape[axis]! : size));
  const known = sizes.reduce((product, size) => (size < 0 ? product : product * size), 1);
  const shape = sizes.map((size) => (size < 0 ? from.data.length / known : size));
  if (count(shape) !== from.data.length) throw new StringsError(`Strings don't fit the shape (${shape.join(', ')}).`);
  return { ...from, shape };
}
