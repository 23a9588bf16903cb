import type { Config, ConfigValue, Layer } from '../../../keras/model.js';
import { FunctionError } from '../../../python/error.js';
import type { Expression } from '../../../python/expression.js';
import { type PythonFunction, readFunction } from '../../../python/read-function.js';
import { show } from '../../../python/show.js';
import { lineInPlace } from './rewrite.js';
import { fromConfig, type PythonValue } from './values.js';

/** The function of a Lambda, with the values that the file has for its variables. */
export interface LambdaFunction {
  function: PythonFunction;
  /** Of the parameters after the first. */
  parameters: ReadonlyMap<string, PythonValue>;
  closure: ReadonlyMap<string, PythonValue>;
}

const isObject = (value: ConfigValue | undefined): value is Config =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A tuple or list as the file has it. */
const listOf = (value: ConfigValue | undefined): readonly ConfigValue[] | undefined => {
  if (isObject(value) && value.class_name === '__tuple__') return listOf(value.items);
  return Array.isArray(value) ? value : undefined;
};

/**
 * Code, defaults and closure: in a list (Keras 2), in an object around that, or in one with names (Keras 3); undefined where a
 * function is told by its name.
 */
function dumped(value: ConfigValue | undefined): readonly (ConfigValue | undefined)[] | undefined {
  const list = listOf(value);
  if (list) return list;
  if (!isObject(value) || value.class_name !== '__lambda__' || !isObject(value.config)) return undefined;
  const { code, defaults, closure, value: inner } = value.config;
  return listOf(inner) ?? [code, defaults, closure];
}

/** Base64 is a third longer than the bytes, of which there may be 2 ** 14. */
const longestText = 2 ** 15;

function bytesOf(code: ConfigValue | undefined): Uint8Array {
  if (typeof code !== 'string') throw new FunctionError('its code is missing');
  if (code.length > longestText) throw new FunctionError('its code is too large');
  return Buffer.from(code, 'base64');
}

/** Parameters that Keras gives values of its own. */
const own: ReadonlySet<string> = new Set(['mask', 'training']);

function parametersOf(read: PythonFunction, defaults: ConfigValue | undefined, layer: Layer): Map<string, PythonValue> {
  const [first, ...others] = read.parameters;
  const kept = listOf(defaults ?? []) ?? [];
  if (kept.length > read.parameters.length) throw new FunctionError('it has more defaults than parameters');
  const odd = read.parameters.find((name) => own.has(name));
  if (odd !== undefined) throw new FunctionError(`it takes ${odd}`);
  const given = isObject(layer.config.arguments) ? layer.config.arguments : {};
  const unknown = Object.keys(given).find((name) => !others.includes(name));
  if (unknown !== undefined)
    throw new FunctionError(
      `it is called with ${unknown === first ? 'its first parameter twice' : `an argument that it doesn't take, ${unknown.slice(0, 60)}`}`,
    );
  const values = new Map<string, PythonValue>();
  for (const [index, name] of others.entries()) {
    const fallback = kept[kept.length - others.length + index];
    const value = Object.hasOwn(given, name) ? given[name] : fallback;
    if (value === undefined) throw new FunctionError(`the file has no value for its ${name}`);
    values.set(name, fromConfig(value, name));
  }
  return values;
}

function closureOf(read: PythonFunction, closure: ConfigValue | undefined): Map<string, PythonValue> {
  const kept = listOf(closure ?? []) ?? [];
  if (kept.length !== read.closure.length)
    throw new FunctionError('the file has not the values of the variables around it');
  return new Map(read.closure.map((name, index) => [name, fromConfig(kept[index]!, name)]));
}

const neverRun = 'it holds Python code, which is never run';
const rewrite = 'rewrite it with built-in layers or keras.ops';

/** Text out of a file as messages have it: short, and without what a terminal would act on. */
function plain(text: string, length: number): string {
  const line = text.slice(0, length + 1).replaceAll(/\p{C}/gu, '\uFFFD');
  return text.length > length ? `${line.slice(0, length)}…` : line;
}

const shown = ({ parameters, value }: PythonFunction): string =>
  plain(`lambda ${parameters.join(', ')}: ${show(value)}`, 200);

/** What to do instead: the line itself where it is known. */
function inPlace(read: PythonFunction): string {
  const line = lineInPlace(read);
  return line === undefined
    ? rewrite
    : `call it on the tensors themselves, where the model is made: \`y = ${plain(line, 200)}\``;
}

/** Why a Lambda whose function could be read is refused. */
export const refusalOf = (read: PythonFunction, { message }: Error): string =>
  `it is Python code, which is never run but read: \`${shown(read)}\`. That can't be served, for ${plain(message, 300)}; ${inPlace(read)}`;

type Reading = LambdaFunction | { refusal: string };

function read(layer: Layer): Reading {
  const parts = dumped(layer.config.function);
  if (!parts) return { refusal: `${neverRun}, nor is it in the file; ${rewrite}` };
  const [code, defaults, closure] = parts;
  let known: PythonFunction | undefined;
  try {
    known = readFunction(bytesOf(code));
    const { mask } = layer.config;
    if (mask !== undefined && mask !== null) throw new FunctionError('it makes a mask of its own');
    return { function: known, parameters: parametersOf(known, defaults, layer), closure: closureOf(known, closure) };
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error;
    return { refusal: known ? refusalOf(known, error) : `${neverRun}, and ${plain(error.message, 300)}; ${rewrite}` };
  }
}

const readings = new WeakMap<Layer, Reading>();

function readingOf(layer: Layer): Reading {
  const reading = readings.get(layer) ?? read(layer);
  readings.set(layer, reading);
  return reading;
}

/** Why a Lambda can't be served whatever its input; undefined where its function can be read. */
export function lambdaRefusal(layer: Layer): string | undefined {
  const reading = readingOf(layer);
  return 'refusal' in reading ? reading.refusal : undefined;
}

/** The function of a Lambda that {@link lambdaRefusal} doesn't refuse; undefined of others. */
export function lambdaFunction(layer: Layer): LambdaFunction | undefined {
  const reading = readingOf(layer);
  return 'refusal' in reading ? undefined : reading;
}

const arithmetic: ReadonlySet<string> = new Set(['+', '-', '*', '/']);

/** Whether an expression is the same arithmetic with every number of the first parameter. */
function isArithmetic(expression: Expression): boolean {
  switch (expression.kind) {
    case 'parameter':
    case 'closure':
      return true;
    case 'constant':
      return typeof expression.value === 'number' || typeof expression.value === 'bigint';
    case 'unary':
      return expression.operator === '-' && isArithmetic(expression.operand);
    case 'binary':
      return arithmetic.has(expression.operator) && isArithmetic(expression.left) && isArithmetic(expression.right);
    case 'call':
      return /^[\w.]+\.cast$/.test(show(expression.callee)) && expression.args.slice(0, 1).every(isArithmetic);
    default:
      return false;
  }
}

/** Whether a Lambda does the same arithmetic with every number, as those do that scale pixels. */
export function scales(layer: Layer): boolean {
  const read = layer.className === 'Lambda' ? lambdaFunction(layer) : undefined;
  return read !== undefined && isArithmetic(read.function.value);
}

/** The name of the function that gives a Lambda's value, such as `softmax` of `tf.nn.softmax(x)`; undefined where no function gives it. */
export function lastFunction(layer: Layer): string | undefined {
  const value = lambdaFunction(layer)?.function.value;
  return value?.kind === 'call' ? /\w+$/.exec(show(value.callee))?.[0] : undefined;
}
