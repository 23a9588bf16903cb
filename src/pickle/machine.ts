import { PickleError } from './error.js';
import type { PickleReader } from './pickle-reader.js';
import { Built, Known, type PickleValue, type Reading } from './values.js';

/** What one file may cost, all that is nested in it counted. */
export interface Budget {
  /** Of memory: what a memo has can be used any number of times. */
  bytes: number;
  /** Marks that may be open at once. */
  readonly marks: number;
}

/** What an object, a dict or a set takes in memory, about, in bytes. */
export const objectCost = 250;

/** Stack and memo of a pickle that is being read. It makes data, and never calls or imports anything of Python's. */
export class Machine implements Reading {
  readonly memo = new Map<number, PickleValue>();
  private readonly stack: PickleValue[] = [];
  private readonly marks: number[] = [];

  constructor(
    readonly reader: PickleReader,
    private readonly budget: Budget,
    readonly readNested: () => PickleValue,
  ) {}

  push(value: PickleValue): void {
    this.stack.push(value);
  }

  /** @throws PickleError where nothing is there since the last mark */
  top(): PickleValue {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) throw this.damaged('takes from an empty stack');
    return this.stack.at(-1)!;
  }

  pop(): PickleValue {
    const value = this.top();
    this.stack.pop();
    return value;
  }

  /** The topmost values, the deepest first. */
  popMany(count: number): PickleValue[] {
    const from = this.stack.length - count;
    if (from < (this.marks.at(-1) ?? 0)) throw this.damaged('takes from an empty stack');
    return this.stack.splice(from);
  }

  mark(): void {
    if (this.marks.length >= this.budget.marks) throw new PickleError('pickle_too_large', 'is nested too deeply');
    this.marks.push(this.stack.length);
  }

  /** Everything since the last mark, which goes. */
  popToMark(): PickleValue[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw this.damaged('takes a mark that is not there');
    return this.stack.splice(mark);
  }

  /** Whether the last mark is on top. */
  get isAtMark(): boolean {
    return this.marks.length > 0 && this.marks.at(-1) === this.stack.length;
  }

  remember(index: number, value: PickleValue): void {
    this.memo.set(index, value);
  }

  recall(index: number): PickleValue {
    const value = this.memo.get(index);
    if (value === undefined) throw this.damaged(`has no memo ${index}`);
    return value;
  }

  charge(bytes: number): void {
    this.budget.bytes -= bytes;
    if (!(this.budget.bytes >= 0)) throw new PickleError('pickle_too_large', 'takes too much memory');
  }

  /** What a call stands for. */
  call(callee: PickleValue, args: PickleValue): PickleValue {
    if (!Array.isArray(args)) throw this.damaged('calls without a tuple');
    if (!(callee instanceof Known)) throw this.damaged('calls what is no class');
    if (!callee.make)
      throw new PickleError(
        'pickle_unsupported',
        `calls ${callee.name} (byte ${this.reader.position}), which isn't done`,
      );
    this.charge(objectCost);
    return callee.make(args, this);
  }

  /** What something that was made becomes with its state. */
  build(value: PickleValue, state: PickleValue): PickleValue {
    if (value instanceof Built) return value.build(state, this);
    // What dicts, lists and sets of classes of their own have beside their items.
    if (value instanceof Map || value instanceof Set || Array.isArray(value)) return value;
    throw this.damaged('gives a state to what has none');
  }

  damaged = (what: string): PickleError =>
    new PickleError('pickle_damaged', `is no pickle: it ${what} (byte ${this.reader.position})`);
}
