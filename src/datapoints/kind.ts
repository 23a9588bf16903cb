import type { TSchema } from 'typebox';
import type { ErrorCode } from '../../schemas/error.js';
import type { Size } from '../images/framing.js';
import type { ModelHints } from '../inference/model-hints.js';
import type { RaggedTensor, Signature, Tensor, TensorInfo } from '../support/tensor.js';
import type { List } from './json-tensor.js';
import type { Label, Prediction } from './label.js';

/** How sure a claim is, the surest first. */
export const certainties = ['certain', 'likely', 'guess'] as const;
export type Certainty = (typeof certainties)[number];

/** Something that no card says and that was worked out. */
export interface Assumption {
  /** What a card would say it with: `inputs.photo.scaling`. */
  key: string;
  /** What holds; null where nothing is known. */
  value: unknown;
  /** What speaks for it: it goes on after "for". */
  basis: string;
  certainty: Certainty;
  /** The value as the log has it, where that isn't its JSON. */
  text?: string;
  /** What to do where it doesn't hold, and no card can say so. */
  advice?: string;
}

/** That an input or output is of a kind. */
export interface Claim<Spec> {
  /** What the kind needs to know of it later: plain data, which crosses threads and processes. */
  spec: Spec;
  certainty: Certainty;
  /** What speaks for the kind: it goes on after "for". Nothing has to for what anything can be. */
  basis?: string;
  /** What else was worked out; the keys are those of the kind. */
  assumptions?: readonly Assumption[];
}

/** Labels that were found beside a model with one output. */
export interface FoundLabels {
  labels: readonly Label[];
  /** The file, or a place in one: `CLASSES in app.py`. */
  file: string;
  /** Labels in source code, or in a file whose name doesn't speak of them, name a model's classes, but don't say that it has some. */
  source: 'file' | 'code';
  /** What speaks for them: it goes on after "for". */
  basis: string;
  certainty: 'likely' | 'guess';
  /** Whether they are numbered as Teachable Machine numbers them. */
  numbered: boolean;
  /** How probable the second of two is where code that names them takes it. */
  threshold?: number;
}

/** How source code beside a model fits lists of ids to the length that the model takes. */
export interface FoundPadding {
  padding: 'pre' | 'post';
  truncating: 'pre' | 'post';
  /** The file that has it. */
  file: string;
}

/** What is known of a model when kinds claim its inputs and outputs. */
export interface Facts {
  signature: Signature;
  /** null where the file isn't one of Keras. */
  hints: ModelHints | null;
  found?: FoundLabels;
  /** Why there are none: it goes on after "for". */
  noLabels?: string;
  /** For the only input of ids. */
  padded?: FoundPadding;
  /** What the inputs are, when outputs are claimed. */
  inputs?: Readonly<Record<string, { kind: string; spec: unknown }>>;
}

/** What the card says of one input or output: its `kind`, and the keys of that kind. */
export type KindCard = { kind?: string } & Record<string, unknown>;

/** Where `serve.json` has a key of an input or output: `outputs.ill.labels`, or short `labels`. */
export type Place = (key: string) => string;

/** A key of a card that may name a file beside the model. */
export interface NamedFile {
  /** Values of the key that name no file. */
  words?: readonly string[];
  /** What the file is checked by, as it is read. */
  schema: TSchema;
  /**
   * @param part of a pickled dict that is meant, where not all of it is
   * @throws Error whose message completes "the file …"
   */
  read(bytes: Uint8Array, part?: string): unknown;
}

/** What a card has in the place of a file's name once the file is read. */
export interface CardFile {
  file: string;
  content: unknown;
}

/**
 * What was read of one input of some datapoints: a tensor with a row for each, ragged where they are of several lengths, or a file for
 * each, which the kind decodes.
 */
export type Column = { tensor: Tensor } | { ragged: RaggedTensor } | { files: readonly Uint8Array[] };

/** Reads the values of one input, datapoint by datapoint. */
export interface ColumnReader<Result> {
  /** @param place of the value in the JSON, for messages @throws InstancesError, Base64Error */
  write(value: unknown, place: string): void;
  /** The values of all datapoints. @param place of their list */
  writeAll(values: List, place: string): void;
  finish(): Result;
}

/** How an input is described to people and programs. */
export interface InputDescription {
  /** Of one datapoint in JSON. */
  schema: TSchema;
  /** The same by column name, an object, where it has columns. */
  byColumn?: TSchema;
  /** One that the model answers; undefined where it would be too long. @param length along axes of any size */
  example(length: number): unknown;
  /** Completes "each instance is …". */
  text: string;
}

/**
 * The value in JSON that a text stands for, undefined where nothing is there. A text that stands for nothing else stays one: who gets
 * the value refuses it by its place.
 * @throws JsonError
 */
export type TextReader = (text: string) => unknown;

/** What a datapoint, or a part of it, is to a person, and how that becomes a tensor. */
export interface InputKind<Spec = unknown> {
  /** As `serve.json` and `GET /models` have it. */
  readonly name: string;
  /** Whether it can be one of strings. */
  readonly strings?: boolean;
  /** The keys that `inputs.{name}` of `serve.json` may have beside `kind`; a description completes "… must be". */
  readonly card: Record<string, TSchema>;
  /** Those of the keys that may name a file. What it holds is checked as the key's other values are. */
  readonly files?: Readonly<Record<string, NamedFile>>;
  /** Failures that only this kind has. */
  readonly errors: readonly ErrorCode[];
  /** Media types of bodies that are one datapoint. */
  readonly media: readonly string[];
  /**
   * @param card what `serve.json` says of this input
   * @param place where it says so, for messages
   * @throws CardError where that is of this kind and can't be so
   */
  claim(input: TensorInfo, facts: Facts, card: KindCard | undefined, place: Place): Claim<Spec> | undefined;
  /** All that a card can say of it, as it is taken. */
  spell?(spec: Spec): Record<string, unknown>;
  /** The names of the columns that a datapoint may have in this input's place; a list of their values in this order is one, too. */
  columns?(spec: Spec): readonly string[];
  /** The columns of a row: their names, and what numbers or categories they take. A fitted transformer's are not in the card. */
  fields?(spec: Spec): readonly { name: string }[];
  /** Names that a datapoint may have, too, and that are passed over. */
  ignored?(spec: Spec): readonly string[];
  /**
   * What reads the bare text of a form field or of a cell of CSV: the text is JSON where this is left out.
   * @param column of which it is; undefined where it is the whole value
   */
  textReader?(spec: Spec, column?: string): TextReader;
  describe(input: TensorInfo, spec: Spec): InputDescription;
  /** Whether a value has the form of one datapoint, not of a list of them: it may be wrong otherwise. */
  isOne(value: unknown, input: TensorInfo, spec: Spec): boolean;
  /** @param rows how many datapoints there are */
  reader(input: TensorInfo, spec: Spec, rows: number): ColumnReader<Column>;
}

/** What a request says of how an output is written for a datapoint. */
export interface WriteOptions {
  /** How many labels, where the client says it. */
  topK?: number;
  /** The size of the datapoint's picture, upright, where masks and images shall have it. */
  source?: Size;
}

/** An output whose rows are pictures. */
export interface PictureWriter<Spec> {
  /** A row as a PNG file. */
  png(row: Tensor, spec: Spec, options: WriteOptions): Uint8Array<ArrayBuffer>;
  /** The most memory that it takes to write a row, in bytes. @param source the size that it is brought to */
  bytes(output: TensorInfo, spec: Spec, source: Size | undefined): number;
}

/** A number in CSV is null where there is none. */
export type Cell = string | number | bigint | boolean | null;

/** An output whose rows are rows of CSV. */
export interface CellWriter<Spec> {
  /**
   * The names of the columns; undefined where there are too many, or nobody can say how many.
   * @param prefix of names that other outputs may have as well: `sort.`
   */
  columns(output: TensorInfo, spec: Spec, prefix: string): readonly string[] | undefined;
  /** The cells of one row, as many as there are columns. */
  cells(row: Tensor, spec: Spec): readonly Cell[];
}

/** What an output is to a person, and how it is made of a tensor. */
export interface OutputKind<Spec = unknown> {
  readonly name: string;
  /** Whether it can be one of strings. */
  readonly strings?: boolean;
  /** The keys that `outputs.{name}` of `serve.json` may have beside `kind`. */
  readonly card: Record<string, TSchema>;
  /** Those of the keys that may name a file. */
  readonly files?: Readonly<Record<string, NamedFile>>;
  /** @throws CardError */
  claim(output: TensorInfo, facts: Facts, card: KindCard | undefined, place: Place): Claim<Spec> | undefined;
  /** All that a card can say of it, as it is taken. */
  spell?(spec: Spec): Record<string, unknown>;
  /** The schema of what one datapoint gets. */
  describe(output: TensorInfo, spec: Spec): { schema: TSchema };
  /** How many labels there are to choose from with `top_k`; undefined where there are none. */
  labelCount?(spec: Spec): number;
  /** The labels of one row, likeliest first. */
  predictions?(row: Tensor, spec: Spec, topK: number): Prediction[];
  /** One row as texts of JSON. @param row without the axis of rows */
  write(row: Tensor, spec: Spec, options: WriteOptions): Iterable<string>;
  /** How a row is a picture by itself, where it is one. */
  readonly picture?: PictureWriter<Spec>;
  /** How a row is one of CSV, where it can be. */
  readonly csv?: CellWriter<Spec>;
}
