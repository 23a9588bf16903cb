import type { Config, ConfigValue } from '../keras/model.js';

/** A config of a type that the layer does not take: the file is damaged or hostile. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

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
    if (accepted === undefined) throw new ConfigError(`its ${key} should be ${expected}, not ${show(value)}`);
    return accepted;
  }

  string(key: string, fallback?: string): string {
    return this.read(key, fallback, 'a string', (value) => (typeof value === 'string' ? value : undefined));
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

  /** A number, or a list of them; a number stands for `length` equal ones. */
  numbers(key: string, length?: number, fallback?: readonly number[]): number[] {
    const list = this.read(key, fallback && [...fallback], length ? `${length} numbers` : 'numbers', (value) => {
      if (typeof value === 'number') return Array<number>(length ?? 1).fill(value);
      if (!Array.isArray(value)) return undefined;
      const numbers = value.map(toNumber);
      return numbers.includes(undefined) ? undefined : (numbers as number[]);
    });
    if (length !== undefined && list.length !== length)
      throw new ConfigError(`its ${key} should be ${length} numbers, not ${show(list)}`);
    return list;
  }

  /** `data_format`, which every Keras since 2 writes out. */
  get dataFormat(): 'channels_last' | 'channels_first' {
    return this.choice('data_format', ['channels_last', 'channels_first'], 'channels_last');
  }
}

/** A number as JSON or Keras has it: `{"class_name": "__numpy__"…}` forms hold it in `value`. */
function toNumber(value: ConfigValue): number | undefined {
  if (typeof value === 'number') return value;
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    const inner = value.value ?? (value.config as Config | undefined)?.value;
    return typeof inner === 'number' ? inner : undefined;
  }
  return undefined;
}
