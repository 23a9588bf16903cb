import type { Config, ConfigValue } from '../keras/model.js';
import { InternalSignal } from '../support/errors.js';

/** A config of a type that the layer does not take: the file is damaged or hostile. */
export class LayerConfigError extends InternalSignal {}

const show = (value: unknown) => (JSON.stringify(value) ?? 'nothing').slice(0, 80);

/** Typed reading of a layer's config. Each method takes Keras's default for a key that is absent. */
export class LayerConfig {
  constructor(readonly values: Config) {}

  /** Whether the key is there and not null. */
  has(key: string): boolean {
    return this.values[key] !== undefined && this.values[key] !== null;
  }

  raw(key: string): ConfigValue | undefined {
    return this.values[key];
  }

  private read<T>(
    key: string,
    fallback: T | undefined,
    expected: string,
    accept: (value: ConfigValue) => T | undefined,
  ): T {
    const value = this.values[key];
    if ((value === undefined || value === null) && fallback !== undefined) return fallback;
    const accepted = value === undefined ? undefined : accept(value);
    if (accepted === undefined) throw new LayerConfigError(`its ${key} should be ${expected}, not ${show(value)}`);
    return accepted;
  }

  string(key: string, fallback?: string): string {
    return this.read(key, fallback, 'a string', (value) => (typeof value === 'string' ? value : undefined));
  }

  /** A list of strings. */
  strings(key: string): readonly string[] {
    return this.read(key, undefined, 'strings', (value) =>
      Array.isArray(value) && value.every((one) => typeof one === 'string') ? (value as string[]) : undefined,
    );
  }

  /** One of a set of words. */
  choice<T extends string>(key: string, choices: readonly T[], fallback?: T): T {
    return this.read(key, fallback, choices.join(' or '), (value) => choices.find((choice) => choice === value));
  }

  boolean(key: string, fallback?: boolean): boolean {
    return this.read(key, fallback, 'true or false', (value) => {
      if (typeof value === 'boolean') return value;
      return value === 0 || value === 1 ? value === 1 : undefined;
    });
  }

  number(key: string, fallback?: number): number {
    return this.read(key, fallback, 'a number', toNumber);
  }

  /** A number that may be left out (null or absent). */
  optionalNumber(key: string): number | undefined {
    return this.has(key) ? this.number(key) : undefined;
  }

  /** A whole number of at least `minimum`: a size, a count, an axis. */
  integer(key: string, fallback?: number, minimum = 0): number {
    return checkIntegers(key, [this.number(key, fallback)], minimum)[0]!;
  }

  /** Like {@link numbers}, of whole numbers of at least `minimum`. */
  integers(key: string, length?: number, fallback?: readonly number[], minimum = 0): number[] {
    return checkIntegers(key, this.numbers(key, length, fallback), minimum);
  }

  /** One axis or several, of either sign. */
  axes(key: string, fallback: readonly number[] = [-1]): number[] {
    return this.integers(key, undefined, fallback, Number.NEGATIVE_INFINITY);
  }

  /** One axis, of either sign; a list of one is as good. */
  axis(key: string, fallback = -1): number {
    return this.integers(key, 1, [fallback], Number.NEGATIVE_INFINITY)[0]!;
  }

  /**
   * What is cut off or added at the two ends of `rank` axes, as pairs: a number for all ends, a number or a pair for each axis.
   * A single axis has one pair.
   */
  pairs(key: string, rank: number, fallback: readonly [number, number]): [number, number][] {
    const ends = (value: ConfigValue | undefined): [number, number] | undefined => {
      const [before, after = before] = Array.isArray(value) ? value.map(toNumber) : [toNumber(value ?? null)];
      return before === undefined || after === undefined ? undefined : [before, after];
    };
    const pairs = this.read(
      key,
      Array<[number, number]>(rank).fill([...fallback]),
      `${rank} pairs of numbers`,
      (value) => {
        const parts = Array.isArray(value) && rank > 1 ? value : Array<ConfigValue>(rank).fill(value);
        const read = parts.map(ends).filter((pair) => pair !== undefined);
        return read.length === rank && parts.length === rank ? read : undefined;
      },
    );
    checkIntegers(key, pairs.flat(), 0);
    return pairs;
  }

  /** A number, or a list of them; a number stands for `length` equal ones. */
  numbers(key: string, length?: number, fallback?: readonly number[]): number[] {
    const list = this.read(key, fallback && [...fallback], length ? `${length} numbers` : 'numbers', (value) => {
      if (typeof value === 'number') return Array<number>(length ?? 1).fill(value);
      if (!Array.isArray(value)) return undefined;
      const numbers = value.map(toNumber);
      return numbers.includes(undefined) ? undefined : (numbers as number[]);
    });
    if (length !== undefined && list.length !== length)
      throw new LayerConfigError(`its ${key} should be ${length} numbers, not ${show(list)}`);
    return list;
  }

  /** Numbers in lists of any depth, with the shape that these make; a plain number has the shape []. */
  array(key: string): { shape: number[]; values: number[] } {
    const unfit = () =>
      new LayerConfigError(`its ${key} should be numbers in even lists, not ${show(this.values[key])}`);
    const read = (value: ConfigValue | undefined, depth: number): { shape: number[]; values: number[] } => {
      if (!Array.isArray(value)) {
        const number = toNumber(value ?? null);
        if (number === undefined) throw unfit();
        return { shape: [], values: [number] };
      }
      if (depth > 8) throw unfit();
      const parts = value.map((part) => read(part, depth + 1));
      if (parts.some(({ shape }) => shape.join() !== parts[0]!.shape.join())) throw unfit();
      return { shape: [parts.length, ...(parts[0]?.shape ?? [])], values: parts.flatMap(({ values }) => values) };
    };
    return read(this.values[key], 0);
  }

  /** `data_format`, which every Keras since 2 writes out. */
  get dataFormat(): 'channels_last' | 'channels_first' {
    return this.choice('data_format', ['channels_last', 'channels_first'], 'channels_last');
  }
}

/** The largest size or count that a setting may name. */
const largestInteger = 2 ** 31 - 1;

function checkIntegers(key: string, values: number[], minimum: number): number[] {
  if (values.every((value) => Number.isInteger(value) && value >= minimum && value <= largestInteger)) return values;
  const tooLarge = values.some((value) => value > largestInteger);
  const expected = `${Number.isFinite(minimum) ? `whole and at least ${minimum}` : 'whole'}${tooLarge ? ` and at most ${largestInteger}` : ''}`;
  throw new LayerConfigError(`its ${key} should be ${expected}, not ${show(values.length === 1 ? values[0] : values)}`);
}

/** A number as JSON or Keras has it: `{"class_name": "__numpy__"…}` forms hold it in `value`, infinities are words. */
function toNumber(value: ConfigValue): number | undefined {
  if (typeof value === 'number') return value;
  if (value === 'Infinity') return Number.POSITIVE_INFINITY;
  if (value === '-Infinity') return Number.NEGATIVE_INFINITY;
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    const inner = value.value ?? (value.config as Config | undefined)?.value;
    return typeof inner === 'number' ? inner : undefined;
  }
  return undefined;
}
