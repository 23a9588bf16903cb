import { NumpyArray } from './arrays.js';
import { type Cell, cellOf, cellsOf } from './cells.js';
import { PickleError } from './error.js';
import { Instance, type PickleValue } from './values.js';

/** Elements of an attribute: more than any table has columns, or a column categories. */
const mostElements = 1_000_000;

/** The attributes of a fitted object, by what they should be. Every method throws a PickleError where they are something else. */
export class Fields {
  constructor(readonly instance: Instance) {}

  get className(): string {
    return this.instance.className;
  }

  has(name: string): boolean {
    return this.instance.attributes.has(name);
  }

  /** @returns null where it is None or isn't there */
  value(name: string): PickleValue {
    return this.instance.attributes.get(name) ?? null;
  }

  flag(name: string, usual: boolean): boolean {
    const value = this.value(name) ?? usual;
    return typeof value === 'boolean' ? value : this.fail(name);
  }

  text(name: string, usual?: string): string {
    const value = this.value(name) ?? usual;
    return typeof value === 'string' ? value : this.fail(name);
  }

  number(name: string): number {
    const value = this.value(name);
    return typeof value === 'number' ? value : this.fail(name);
  }

  /** A whole number that counts something; undefined where there is none. */
  count(name: string): number | undefined {
    const value = this.value(name);
    if (value === null) return undefined;
    return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= mostElements
      ? value
      : this.fail(name);
  }

  cell(name: string): Cell {
    return cellOf(this.value(name)) ?? null;
  }

  cells(name: string): Cell[] {
    return cellsOf(this.bounded(name)) ?? this.fail(name);
  }

  /** The numbers of an array of one axis. */
  numbers(name: string): Float64Array {
    const value = this.bounded(name);
    if (!(value instanceof NumpyArray) || value.shape.length !== 1) return this.fail(name);
    if (!value.values.every((one) => typeof one === 'number')) return this.fail(name);
    return Float64Array.from(value.values as readonly number[]);
  }

  list(name: string): readonly PickleValue[] {
    const value = this.bounded(name);
    return Array.isArray(value) ? value : value instanceof NumpyArray ? value.values : this.fail(name);
  }

  object(name: string): Fields {
    const value = this.value(name);
    return value instanceof Instance ? new Fields(value) : this.fail(name);
  }

  /** Refuses an object for what it does, or for what isn't as it should be. */
  unsupported(what: string): never {
    throw new PickleError('pickle_unsupported', `holds a ${this.className} ${what}`);
  }

  private bounded(name: string): PickleValue {
    const value = this.value(name);
    const { length } = Array.isArray(value) ? value : value instanceof NumpyArray ? value.values : [];
    return length > mostElements ? this.unsupported(`whose ${name} has ${length} elements`) : value;
  }

  private fail(name: string): never {
    const state = this.has(name) ? `whose ${name} isn't understood` : `without ${name}, as if it were not fitted`;
    return this.unsupported(state);
  }
}
