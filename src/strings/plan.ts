import type { Strings } from '../support/strings.js';
import type { TensorInfo } from '../support/tensor.js';
import type { Standardization } from './text.js';

/** How a string becomes one of `bins` numbers. */
export interface Hashing {
  bins: number;
  /** The key of SipHash, as signed 64-bit numbers in decimal; FarmHash's fingerprint without. */
  salt?: readonly [string, string];
}

/** A word that stands for what is not there, and what is in its place among the numbers. */
export interface Mask {
  /** The number of a word in `words`. */
  word: number;
  index: number;
}

/**
 * What is done with strings outside of the engine, which has no operators for most of it. A step takes tensors by their names and
 * makes one; between them, strings may also be in rows of any length, and so may their numbers be.
 */
export type StringStep = { to: string } & (
  | { op: 'standardize'; from: string; how: Standardization }
  /** Texts, of the shape (rows) or (rows, 1), to rows of strings. */
  | { op: 'split'; from: string; at: 'whitespace' | 'character' }
  /** The strings of the last axis as those of a row. */
  | { op: 'rows'; from: string }
  | { op: 'ngrams'; from: string; widths: readonly number[] }
  /** int64 of the same shape: a word's place in a vocabulary and `first`, or that of what is not in it; an error where there is none. */
  | { op: 'look-up'; from: string; vocabulary: number; first: number; unknown: Unknown; mask?: Mask }
  /** Rows of any length to int64 of the shape (rows, length), of the longest where it is null: cut off or filled up with 0. */
  | { op: 'pad'; from: string; length: number | null }
  /** Rows of any length to float32 of the shape (rows, depth): which of the numbers are there, or how often. */
  | { op: 'bag'; from: string; depth: number; counts: boolean }
  /** Whole numbers as their decimal digits; of others what is before the point. */
  | { op: 'digits'; from: string }
  /** int64 of the same shape. */
  | { op: 'hash'; from: string; hashing: Hashing; mask?: Mask }
  /** int64 of the shape of the first: strings and whole numbers together, by `tf.sparse.cross_hashed`. */
  | { op: 'cross'; from: readonly string[]; bins: number }
  /** The same strings in another shape, of whose sizes one may be -1, and 0 is that of the same axis before. */
  | { op: 'reshape'; from: string; shape: readonly number[] }
  /** Strings of the same shape: the word at a place in a vocabulary after `first`, and another where there is none. */
  | { op: 'words'; from: string; vocabulary: number; first: number; unknown: number; mask?: Mask }
);

/** The numbers of what is not in a vocabulary: one, several by a hash, or none. */
export type Unknown = { index: number; hashing?: Hashing } | null;

/** All that a model does with strings, as data. */
export interface StringPlan {
  /** Of the model; what an engine takes and gives are others. */
  inputs: TensorInfo[];
  outputs: TensorInfo[];
  /** The names of the tensors that the outputs are, in their order. */
  results: string[];
  /** Before the engine runs, in order. */
  before: StringStep[];
  /** After it has run, in order. */
  after: StringStep[];
  vocabularies: Strings[];
  /** The words that steps name one by one. */
  words: Strings;
}

/** The file with what an ONNX model does with strings, beside the model at a path. */
export const planPath = (model: string): string => `${model}.strings`;
