import type { TensorType } from '../../../support/tensor.js';
import type { CallArgument, LayerCall } from '../../context.js';
import { type GraphBuilder, Value } from '../../graph.js';
import { cast, concat, constant, normalizeAxis, type Size, unsqueeze } from '../../operators/index.js';
import { integerType, type OperandType, resultType, typeNamed } from './dtypes.js';
import { asNumber, literal } from './literals.js';
import { boundedSizes, scalarOf, sizesIn } from './sizes.js';

/**
 * The arguments of an operation by name, wherever the file has them: positional, by keyword, or in the operation's config.
 * A wrong type is refused with the argument's name.
 */
export class Arguments {
  constructor(
    readonly call: LayerCall,
    private readonly values: ReadonlyMap<string, CallArgument>,
  ) {}

  private readonly asked = new Set<string>();

  /** The names of arguments that are given and that nothing asked for. */
  get unasked(): string[] {
    return [...this.values].flatMap(([name, value]) => (value === null || this.asked.has(name) ? [] : [name]));
  }

  get graph(): GraphBuilder {
    return this.call.graph;
  }

  unsupported(reason: string): never {
    return this.call.unsupported(reason);
  }

  private wrong(name: string, expected: string): never {
    return this.unsupported(this.has(name) ? `its ${name} should be ${expected}` : `the file has no ${name} for it`);
  }

  raw(name: string): CallArgument | undefined {
    this.asked.add(name);
    return this.values.get(name) ?? undefined;
  }

  has(name: string): boolean {
    return this.raw(name) !== undefined;
  }

  /** Whether the argument is given as None, which is not its default. */
  isNone(name: string): boolean {
    this.asked.add(name);
    return this.values.get(name) === null;
  }

  /** An argument as a tensor; numbers and lists become constants, lists that hold tensors are stacked. */
  tensor(name: string, type?: TensorType): Value {
    const value = this.toTensor(this.raw(name) ?? null, type);
    return value ?? this.wrong(name, 'a tensor or numbers');
  }

  optionalTensor(name: string): Value | undefined {
    return this.has(name) ? this.tensor(name) : undefined;
  }

  /** An argument that is a list as a list; a tensor alone is one of its kind. */
  list(name: string): CallArgument[] {
    const value = this.raw(name);
    return Array.isArray(value) ? value : value === undefined ? [] : [value];
  }

  /** One of the arguments that `list` gives, as a tensor in its own type. */
  item(name: string, index: number): Value {
    return this.toTensor(this.list(name)[index] ?? null) ?? this.wrong(name, 'a list of tensors');
  }

  /** A scalar constant. */
  constant(type: TensorType, value: number): Value {
    return constant(this.graph, type, [], [value]);
  }

  /** A list of tensors in the type that holds all of them. */
  tensors(name: string): Value[] {
    const items = this.list(name);
    if (items.length === 0) return this.wrong(name, 'a list of tensors');
    const type = resultType(items.map((item) => this.typeOf(item, name)));
    return items.map((item) => this.toTensor(item, type) ?? this.wrong(name, 'a list of tensors'));
  }

  /**
   * Several arguments in the type that Keras promotes them to.
   * @param beside types that take part in the promotion
   */
  promoted(names: readonly string[], ...beside: OperandType[]): Value[] {
    const type = resultType([...names.map((name) => this.typeOf(this.raw(name) ?? null, name)), ...beside]);
    return names.map((name) => this.tensor(name, type));
  }

  /** Like {@link promoted}, for functions in which Python's numbers are int32, int64 or float32 from the start. */
  converted(names: readonly string[]): Value[] {
    const strong = names.map((name) => {
      const argument = this.raw(name) ?? null;
      const type = this.typeOf(argument, name);
      return type === 'int' ? integerType(literal(argument)?.values ?? []) : resultType([type]);
    });
    return names.map((name) => this.tensor(name, resultType(strong)));
  }

  private typeOf(argument: CallArgument, name: string): OperandType {
    if (argument instanceof Value) return argument.type;
    const known = literal(argument);
    if (known) return known.type;
    if (!Array.isArray(argument)) return this.wrong(name, 'a tensor or numbers');
    return resultType(argument.map((one) => this.typeOf(one, name)));
  }

  private toTensor(argument: CallArgument, type?: TensorType): Value | undefined {
    if (argument instanceof Value) return type ? cast(argument, type) : argument;
    const known = literal(argument);
    if (known) return constant(this.graph, type ?? resultType([known.type]), known.shape, known.values);
    if (!Array.isArray(argument)) return undefined;
    const common = type ?? resultType(argument.map((one) => this.typeOf(one, 'list')));
    const parts = argument.map((one) => this.toTensor(one, common));
    if (parts.includes(undefined)) return undefined;
    return concat(
      parts.map((part) => unsqueeze(part!, [0])),
      0,
    );
  }

  number(name: string, fallback?: number): number {
    const value = this.has(name) ? asNumber(this.raw(name)) : fallback;
    return value ?? this.wrong(name, 'a number');
  }

  /** A whole number from 0 to `largest`: of parts, of places, of repetitions. */
  count(name: string, fallback?: number, largest = 2 ** 16): number {
    const value = this.number(name, fallback);
    return Number.isInteger(value) && value >= 0 && value <= largest
      ? value
      : this.wrong(name, `a whole number from 0 to ${largest}`);
  }

  optionalNumber(name: string): number | undefined {
    return this.has(name) ? this.number(name) : undefined;
  }

  boolean(name: string, fallback = false): boolean {
    return this.number(name, Number(fallback)) !== 0;
  }

  string(name: string, fallback?: string): string {
    const value = this.raw(name) ?? fallback;
    return typeof value === 'string' ? value : this.wrong(name, 'a string');
  }

  choice<T extends string>(name: string, choices: readonly T[], fallback?: T): T {
    const given = this.string(name, fallback).toLowerCase();
    return choices.find((choice) => choice === given) ?? this.unsupported(`its ${name} is ${given.slice(0, 40)}`);
  }

  /** A number or a list of them; undefined when absent. */
  optionalNumbers(name: string): number[] | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    const plain = literal(value);
    if (plain) return plain.values;
    const sizes = value instanceof Value ? sizesIn(value) : undefined;
    const numbers = sizes?.map((size) => (typeof size === 'number' ? size : scalarOf(size)));
    const listed = numbers ?? (Array.isArray(value) ? value.map(asNumber) : [undefined]);
    return listed.includes(undefined) ? this.wrong(name, 'numbers') : (listed as number[]);
  }

  /** A number or a list of them; a single one is repeated to `length`. */
  numbers(name: string, length?: number, fallback?: readonly number[]): number[] {
    const given = this.optionalNumbers(name) ?? fallback ?? this.wrong(name, 'numbers');
    if (length === undefined || given.length === length) return [...given];
    return given.length === 1 ? Array<number>(length).fill(given[0]!) : this.wrong(name, `${length} numbers`);
  }

  /** Axes of a tensor of this rank, counted from the front; undefined when absent: all of them. */
  axes(name: string, rank: number): number[] | undefined {
    return this.optionalNumbers(name)?.map((axis) => normalizeAxis(axis, rank));
  }

  /** One axis counted from the front, or undefined when absent. */
  optionalAxis(name: string, rank: number, fallback?: number): number | undefined {
    const axis = this.values.has(name) ? this.optionalNumber(name) : fallback;
    return axis === undefined ? undefined : normalizeAxis(axis, rank);
  }

  axis(name: string, rank: number, fallback: number): number {
    return normalizeAxis(this.number(name, fallback), rank);
  }

  /** A shape: numbers, -1 and null among them as they are (null as -1), and sizes that the graph works out. */
  sizes(name: string): Size[] {
    const value = this.raw(name);
    const array = value === undefined || Array.isArray(value) ? undefined : literal(value)?.values;
    const items = value instanceof Value ? sizesIn(value) : (array ?? this.list(name));
    if (!items) return this.wrong(name, 'a shape of known length');
    return items.map((item) => {
      if (item === null) return -1;
      const known = asNumber(item);
      return known ?? (item instanceof Value ? cast(item, 'int64') : this.wrong(name, 'a shape'));
    });
  }

  /** The {@link sizes} of what is made: where numbers in a request say too much, the model fails as it runs. */
  sizesToMake(name: string, each: readonly Size[] = []): Size[] {
    return boundedSizes(this.sizes(name), each);
  }

  /** A dtype by name; undefined when absent. */
  optionalType(name: string): TensorType | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    const text = typeof value === 'string' ? value : undefined;
    const type = text === undefined ? undefined : typeNamed(text);
    return type ?? this.unsupported(`its ${name} is ${JSON.stringify(text ?? null).slice(0, 40)}`);
  }
}
