import { DamagedError, FunctionError } from './error.js';
import { type Expression, expression } from './expression.js';
import type { PythonVersion } from './opcodes.js';
import { type CodeObject, ellipsis, type Marshalled, type PythonConstant, Tuple, unreadable } from './values.js';

/** What a callee has beside it on the stack where it is no method. */
export const nothing: unique symbol = Symbol('NULL');

type Item = Expression | typeof nothing;

/** Letters of a text that an expression has. */
const longestText = 200;

function constantOf(value: Marshalled): PythonConstant {
  if (value instanceof Tuple) return new Tuple(value.items.map(constantOf));
  if (typeof value === 'string' && value.length > longestText)
    throw new FunctionError('it has a text that is too long');
  if (value === null || value === ellipsis || (typeof value !== 'object' && value !== unreadable)) return value;
  throw new FunctionError('it has a constant that is no number, text or tuple of them');
}

/** The stack of a function whose instructions are read: of expressions, in the place of the values that Python would have there. */
export class Machine {
  private readonly stack: Item[] = [];
  private readonly variables: (Expression | undefined)[];
  /** The names of the keyword arguments of the call that comes. */
  keywords: readonly string[] = [];

  constructor(
    readonly code: CodeObject,
    readonly version: PythonVersion,
  ) {
    this.variables = code.variables.map((name, index) =>
      index < code.argumentCount ? expression({ kind: 'parameter', name }) : undefined,
    );
  }

  push(item: Item): void {
    this.stack.push(item);
  }

  popItem(): Item {
    const item = this.stack.pop();
    if (item === undefined) throw new DamagedError();
    return item;
  }

  pop(): Expression {
    const item = this.popItem();
    if (item === nothing) throw new DamagedError();
    return item;
  }

  popMany(count: number): Expression[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  get isEmpty(): boolean {
    return this.stack.length === 0;
  }

  variable(index: number): Expression {
    const value = this.variables[index];
    if (!value) throw new DamagedError();
    return value;
  }

  assign(index: number): void {
    if (!(index < this.variables.length)) throw new DamagedError();
    this.variables[index] = this.pop();
  }

  name(index: number): string {
    const name = this.code.names[index];
    if (name === undefined) throw new DamagedError();
    return name;
  }

  constant(index: number): PythonConstant {
    const value = this.code.constants[index];
    if (value === undefined) throw new DamagedError();
    return constantOf(value);
  }

  /** A variable of a function around this one. */
  free(index: number): Expression {
    const { cells, free, variables } = this.code;
    const name = this.version.minor >= 11 ? variables[index] : [...cells, ...free][index];
    if (name === undefined || !free.includes(name)) throw new DamagedError();
    return expression({ kind: 'closure', name });
  }

  /** A call of what is on the stack, by itself or with the NULL that says that it is no bound method. */
  call(count: number, names: readonly string[], withNothing: boolean): void {
    if (names.length > count || new Set(names).size !== names.length) throw new DamagedError();
    const values = this.popMany(count);
    const above = this.popItem();
    const below = withNothing ? this.popItem() : nothing;
    const callee = above === nothing ? below : above;
    if (callee === nothing || (above !== nothing && below !== nothing)) throw new DamagedError();
    const first = count - names.length;
    const named = names.map((name, index) => [name, values[first + index]!] as const);
    this.push(expression({ kind: 'call', callee, args: values.slice(0, first), named }));
  }
}

/** The names in a tuple of them. */
export function namesIn(value: PythonConstant): string[] {
  if (!(value instanceof Tuple)) throw new DamagedError();
  return value.items.map((name) => {
    if (typeof name !== 'string') throw new DamagedError();
    return name;
  });
}
