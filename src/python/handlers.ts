import { DamagedError, FunctionError } from './error.js';
import { type BinaryOperator, binaryOperators, comparisons, expression, type UnaryOperator } from './expression.js';
import { more } from './instructions.js';
import { type Machine, namesIn, nothing } from './machine.js';
import { Tuple } from './values.js';

/** What an instruction does. */
type Handler = (machine: Machine, argument: number) => void;

const binary = (operator: BinaryOperator | undefined, inPlace?: true): Handler => {
  return (machine) => {
    if (operator === undefined) throw new DamagedError();
    const [left, right] = machine.popMany(2);
    machine.push(expression({ kind: 'binary', operator, left: left!, right: right!, ...(inPlace && { inPlace }) }));
  };
};

const unary =
  (operator: UnaryOperator): Handler =>
  (machine) =>
    machine.push(expression({ kind: 'unary', operator, operand: machine.pop() }));

const build =
  (kind: 'tuple' | 'list'): Handler =>
  (machine, count) =>
    machine.push(expression({ kind, items: machine.popMany(count) }));

function attribute(machine: Machine, index: number): void {
  machine.push(expression({ kind: 'attribute', of: machine.pop(), name: machine.name(index) }));
}

/** The operators that change what is on their left, `+=`, have the numbers after the others'. */
function operator(machine: Machine, argument: number): void {
  const inPlace = argument >= binaryOperators.length;
  const number = inPlace ? argument - binaryOperators.length : argument;
  binary(binaryOperators[number], inPlace || undefined)(machine, argument);
}

/** A callee and NULL beside it: on top of it since Python 3.13, below it before. */
function withNothing(machine: Machine, push: () => void): void {
  if (machine.version.minor < 13) machine.push(nothing);
  push();
  if (machine.version.minor >= 13) machine.push(nothing);
}

/** `x.name` where a call follows: a method of `x`, or a function that `x` has, which is the same written out. */
function method(machine: Machine, index: number): void {
  const of = machine.pop();
  withNothing(machine, () => machine.push(expression({ kind: 'attribute', of, name: machine.name(index) })));
}

/** Since Python 3.11 and 3.12 the lowest bit says that a NULL goes with it. */
const flagged =
  (since: number, plain: Handler, called: Handler): Handler =>
  (machine, argument) => {
    if (machine.version.minor < since) plain(machine, argument);
    else if (argument & 1) called(machine, argument >> 1);
    else plain(machine, argument >> 1);
  };

const global: Handler = (machine, index) => machine.push(expression({ kind: 'global', name: machine.name(index) }));

/** How far COMPARE_OP's operator is moved to the left. */
const comparisonBits = (minor: number): number => (minor >= 13 ? 5 : minor === 12 ? 4 : 0);

function slice(machine: Machine, count: number): void {
  if (count !== 2 && count !== 3) throw new DamagedError();
  machine.push(expression({ kind: 'slice', bounds: machine.popMany(count) }));
}

function item(machine: Machine): void {
  const [of, key] = machine.popMany(2);
  machine.push(expression({ kind: 'item', of: of!, key: key! }));
}

/** A list of constants is made of a tuple. */
function extend(machine: Machine, depth: number): void {
  const [list, more] = machine.popMany(2);
  if (depth !== 1 || list?.kind !== 'list' || more?.kind !== 'constant' || !(more.value instanceof Tuple))
    throw new DamagedError();
  const items = more.value.items.map((value) => expression({ kind: 'constant', value }));
  machine.push(expression({ kind: 'list', items: [...list.items, ...items] }));
}

function unpack(machine: Machine, count: number): void {
  if (count > 100) throw new FunctionError('it is too long');
  const of = machine.pop();
  for (let index = count - 1; index >= 0; index--) machine.push(expression({ kind: 'unpacked', of, index, count }));
}

const load: Handler = (machine, index) => machine.push(machine.variable(index));
const store: Handler = (machine, index) => machine.assign(index);
const both =
  (first: Handler, second: Handler): Handler =>
  (machine, argument) => {
    first(machine, argument >> 4);
    second(machine, argument & 15);
  };

const nop: Handler = () => undefined;

/** The names of keyword arguments are a tuple on top of the stack. */
function namesOnTop(machine: Machine): string[] {
  const names = machine.pop();
  if (names.kind !== 'constant') throw new DamagedError();
  return namesIn(names.value);
}

function call(machine: Machine, count: number): void {
  machine.call(count, machine.keywords, true);
  machine.keywords = [];
}

/** Where a function begins. */
function resume(_: Machine, where: number): void {
  if (where !== 0) throw new DamagedError();
}

/** A variable that a function within uses. */
function makeCell(): void {
  throw new FunctionError(more);
}

function copyFree({ code }: Machine, count: number): void {
  if (count !== code.free.length) throw new DamagedError();
}

/** What each instruction does, all but those that end the function. https://docs.python.org/3/library/dis.html */
export const handlers: Record<string, Handler> = {
  NOP: nop,
  RESUME: resume,
  MAKE_CELL: makeCell,
  COPY_FREE_VARS: copyFree,
  PUSH_NULL: (machine) => machine.push(nothing),
  LOAD_FAST: load,
  LOAD_FAST_LOAD_FAST: both(load, load),
  STORE_FAST: store,
  STORE_FAST_STORE_FAST: both(store, store),
  STORE_FAST_LOAD_FAST: both(store, load),
  LOAD_CONST: (machine, index) => machine.push(expression({ kind: 'constant', value: machine.constant(index) })),
  LOAD_GLOBAL: flagged(11, global, (machine, index) => withNothing(machine, () => global(machine, index))),
  LOAD_DEREF: (machine, index) => machine.push(machine.free(index)),
  LOAD_ATTR: flagged(12, attribute, method),
  LOAD_METHOD: method,
  UNPACK_SEQUENCE: unpack,
  BINARY_POWER: binary('**'),
  BINARY_MULTIPLY: binary('*'),
  BINARY_MATRIX_MULTIPLY: binary('@'),
  BINARY_MODULO: binary('%'),
  BINARY_ADD: binary('+'),
  BINARY_SUBTRACT: binary('-'),
  BINARY_FLOOR_DIVIDE: binary('//'),
  BINARY_TRUE_DIVIDE: binary('/'),
  BINARY_AND: binary('&'),
  BINARY_OR: binary('|'),
  BINARY_XOR: binary('^'),
  INPLACE_POWER: binary('**', true),
  INPLACE_MULTIPLY: binary('*', true),
  INPLACE_MATRIX_MULTIPLY: binary('@', true),
  INPLACE_MODULO: binary('%', true),
  INPLACE_ADD: binary('+', true),
  INPLACE_SUBTRACT: binary('-', true),
  INPLACE_FLOOR_DIVIDE: binary('//', true),
  INPLACE_TRUE_DIVIDE: binary('/', true),
  INPLACE_AND: binary('&', true),
  INPLACE_OR: binary('|', true),
  INPLACE_XOR: binary('^', true),
  BINARY_OP: operator,
  BINARY_SUBSCR: item,
  BINARY_SLICE: (machine) => {
    slice(machine, 2);
    item(machine);
  },
  UNARY_POSITIVE: unary('+'),
  UNARY_NEGATIVE: unary('-'),
  UNARY_INVERT: unary('~'),
  COMPARE_OP: (machine, argument) => binary(comparisons[argument >> comparisonBits(machine.version.minor)])(machine, 0),
  BUILD_SLICE: slice,
  BUILD_TUPLE: build('tuple'),
  BUILD_LIST: build('list'),
  LIST_EXTEND: extend,
  PRECALL: nop,
  KW_NAMES: (machine, index) => {
    machine.keywords = namesIn(machine.constant(index));
  },
  CALL: call,
  CALL_KW: (machine, count) => machine.call(count, namesOnTop(machine), true),
  CALL_FUNCTION: (machine, count) => machine.call(count, [], false),
  CALL_FUNCTION_KW: (machine, count) => machine.call(count, namesOnTop(machine), false),
  CALL_METHOD: (machine, count) => machine.call(count, [], true),
};
