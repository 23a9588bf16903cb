import { DamagedError, FunctionError } from './error.js';
import { type Expression, expression } from './expression.js';
import { handlers } from './handlers.js';
import { type Instruction, readInstructions } from './instructions.js';
import { Machine } from './machine.js';
import { readMarshal } from './marshal.js';
import { type PythonVersion, versions } from './opcodes.js';
import { show } from './show.js';
import type { CodeLayout, CodeObject, Marshalled } from './values.js';

/** A function that works out one value, as data. */
export interface PythonFunction {
  name: string;
  parameters: readonly string[];
  /** The variables of functions around it that it uses, in the order in which their values are kept. */
  closure: readonly string[];
  value: Expression;
  /** The Pythons by whose instructions it means this. */
  versions: readonly string[];
}

const layouts: readonly CodeLayout[] = ['3.6', '3.8', '3.11'];

const layoutOf = ({ minor }: PythonVersion): CodeLayout => (minor >= 11 ? '3.11' : minor >= 8 ? '3.8' : '3.6');

/** Of a code object: takes any number of arguments, or of keywords; is a generator, a coroutine or both. */
const flags = { variable: 0x04 | 0x08, suspended: 0x20 | 0x80 | 0x100 | 0x200 };

function checkSignature(code: CodeObject): void {
  if (code.flags & flags.suspended) throw new FunctionError('it is a generator or a coroutine');
  if (code.flags & flags.variable) throw new FunctionError('it takes any number of arguments');
  if (code.keywordOnlyCount > 0) throw new FunctionError('it has parameters that are keywords alone');
  if (code.argumentCount === 0) throw new FunctionError('it has no parameters');
}

/** The most names that are told of a function that isn't read. */
const mostNames = 10;

/** The instructions of a function; what is refused for them is told with the names that it uses. */
function instructionsOf(code: CodeObject, version: PythonVersion): Instruction[] {
  try {
    return readInstructions(code.instructions, version);
  } catch (error) {
    if (!(error instanceof FunctionError) || error instanceof DamagedError || code.names.length === 0) throw error;
    const names = code.names.slice(0, mostNames).join(', ');
    throw new FunctionError(`${error.message} (it uses ${names}${code.names.length > mostNames ? ', …' : ''})`);
  }
}

/** Whether a function begins as all of a Python do since 3.11, which tells whose it is. */
function beginsAs(instructions: Uint8Array, { opcodes }: PythonVersion): boolean {
  const named = (at: number) => opcodes.get(instructions[at] ?? -1);
  let at = 0;
  while (named(at) === 'MAKE_CELL') at += 2;
  const [first, second] = [named(at), named(at + 2)];
  return first === 'RESUME' || (first === 'COPY_FREE_VARS' && second === 'RESUME');
}

/** What a function works out, by the instructions of one Python. */
function workedOut(code: CodeObject, version: PythonVersion): Expression {
  if (version.minor >= 11 && !beginsAs(code.instructions, version)) throw new DamagedError();
  const instructions = instructionsOf(code, version);
  const machine = new Machine(code, version);
  for (const [index, { name, argument }] of instructions.entries()) {
    const ends = name === 'RETURN_VALUE' || name === 'RETURN_CONST';
    if (ends !== (index === instructions.length - 1)) throw new DamagedError();
    if (name === 'RETURN_CONST') machine.push(expression({ kind: 'constant', value: machine.constant(argument) }));
    if (!ends) handlers[name]!(machine, argument);
  }
  const value = machine.pop();
  if (!machine.isEmpty || machine.keywords.length > 0) throw new DamagedError();
  return value;
}

const isCode = (value: Marshalled): value is CodeObject =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'code';

function codeOf(bytes: Uint8Array, layout: CodeLayout): CodeObject {
  const code = readMarshal(bytes, layout);
  if (!isCode(code)) throw new DamagedError();
  checkSignature(code);
  return code;
}

/** What was worked out, or what it threw, whenever that is asked for. */
function attempt<T>(work: () => T): () => T {
  try {
    const value = work();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/**
 * Reads a function that works out one value out of what Python 3.6 to 3.13 made of it with `marshal.dumps(function.__code__)`. It
 * is never run. Which Python wrote it isn't in there: it is read by the instructions of each whose layout it has.
 * @throws FunctionError when none can be read, or two that can mean different things
 */
export function readFunction(bytes: Uint8Array): PythonFunction {
  const found: { code: CodeObject; value: Expression; text: string; version: string }[] = [];
  const failures: FunctionError[] = [];
  const codes = new Map(layouts.map((layout) => [layout, attempt(() => codeOf(bytes, layout))]));
  for (const version of versions) {
    try {
      const code = codes.get(layoutOf(version))!();
      const value = workedOut(code, version);
      found.push({ code, value, text: show(value), version: version.name });
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      failures.push(error);
    }
  }
  const [first] = found;
  // That it doesn't look like code is said of all Pythons but the one that wrote it.
  if (!first) throw failures.find((failure) => !(failure instanceof DamagedError)) ?? failures[0]!;
  const { code, value, text } = first;
  if (found.some((other) => other.text !== text || other.code.name !== code.name))
    throw new FunctionError('its code means different things to different versions of Python');
  return {
    name: code.name,
    parameters: code.variables.slice(0, code.argumentCount),
    closure: code.free,
    value,
    versions: found.map(({ version }) => version),
  };
}
