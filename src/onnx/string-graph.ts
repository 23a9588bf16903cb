import type { StringPlan, StringStep } from '../strings/plan.js';
import { type Strings, StringsBuilder } from '../support/strings.js';
import { checkShape, type Dimension, type GraphBuilder, Value } from './graph.js';

type Unnamed<T> = T extends unknown ? Omit<T, 'to'> : never;
/** A step without the name of what it makes. */
export type Step = Unnamed<StringStep>;

/** Why a layer is refused whose strings are not there before the engine runs. */
export const computed = 'it works on what the model has computed, and strings are read before that';

/** Why a layer is refused that knows no strings. */
export const takesNone = 'it works on strings, which only preprocessing layers do here; do this step in the client';

/** The layers that work on strings. */
export const readsStrings: ReadonlySet<string> = new Set([
  'Hashing',
  'IndexLookup',
  'HashedCrossing',
  'StringLookup',
  'TextVectorization',
]);

export const isString = ({ type }: Value): boolean => type === 'string';

const encoder = new TextEncoder();

/** Texts in UTF-8. */
function encode(texts: readonly string[]): Strings {
  const builder = new StringsBuilder(16 * texts.length, texts.length);
  for (const text of texts) builder.add(encoder.encode(text));
  return builder.finish();
}

/**
 * Collects what a model does with strings, beside its ONNX graph, which has no operators for most of it: steps that are run before
 * the engine and after it. The graph takes the numbers that the former make as inputs, and gives those that the latter need as outputs.
 */
export class StringGraph {
  private readonly before: StringStep[] = [];
  private readonly after: StringStep[] = [];
  private readonly vocabularies: Strings[] = [];
  private readonly words: string[] = [];
  /** Tensors that are there before the engine runs. */
  private readonly early = new Set<string>();
  /** Whether a step makes rows as long as the longest of a batch, or moves strings from one row to another. */
  batchDependent = false;

  constructor(private readonly graph: GraphBuilder) {}

  /** An input of the model that takes strings. */
  input(name: string, shape: readonly Dimension[]): Value {
    return this.string(this.graph.reserve(name), shape);
  }

  /** Tells that a tensor is an input of the model: it is there before the engine runs, whatever its type. */
  isInput({ name }: Value): void {
    this.early.add(name);
  }

  /** The name under which a step finds a tensor; undefined where it is not there before the engine runs. */
  nameOf({ name }: Value): string | undefined {
    return this.early.has(name) ? name : undefined;
  }

  /** Adds a step that makes strings. */
  strings(step: Step, shape: readonly Dimension[]): Value {
    return this.string(this.make(step), shape);
  }

  /** Adds a step that makes what other steps take alone. @returns its name */
  make(step: Step): string {
    const to = this.graph.reserve('strings');
    this.before.push({ ...step, to });
    return to;
  }

  /** Adds a step that makes numbers for the engine. @throws ShapeError */
  numbers(step: Step, shape: readonly Dimension[], type: 'int64' | 'float32' = 'int64'): Value {
    checkShape(shape);
    const value = this.graph.input('strings', type, shape);
    this.before.push({ ...step, to: value.name });
    this.early.add(value.name);
    return value;
  }

  /** Adds a step that makes strings of what the engine gives. */
  later(step: (from: string) => Step, numbers: Value): Value {
    const from = this.graph.output(this.graph.reserve('numbers'), numbers).name;
    const to = this.graph.reserve('strings');
    this.after.push({ ...step(from), to });
    return new Value(this.graph, to, 'string', numbers.shape);
  }

  /** Adds a vocabulary. @returns its number */
  vocabulary(tokens: readonly string[]): number {
    return this.vocabularies.push(encode(tokens)) - 1;
  }

  /** Adds a word. @returns its number */
  word(text: string): number {
    return this.words.push(text) - 1;
  }

  /** All of it; undefined where a model has no strings. */
  plan({ inputs, outputs, results }: Pick<StringPlan, 'inputs' | 'outputs' | 'results'>): StringPlan | undefined {
    if (this.before.length + this.after.length === 0 && [...inputs, ...outputs].every(({ type }) => type !== 'string'))
      return undefined;
    const { before, after, vocabularies, words } = this;
    return { inputs, outputs, results, before, after, vocabularies, words: encode(words) };
  }

  private string(name: string, shape: readonly Dimension[]): Value {
    this.early.add(name);
    return new Value(this.graph, name, 'string', shape);
  }
}
