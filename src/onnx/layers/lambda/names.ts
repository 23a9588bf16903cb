import { FunctionError } from '../../../python/error.js';
import { type PythonValue, Reference } from './values.js';

/** Names of modules as they are always imported, in a form for all ways to write one. */
const globals: Readonly<Record<string, string>> = {
  tf: 'tf',
  tensorflow: 'tf',
  keras: 'keras',
  K: 'backend',
  backend: 'backend',
  ops: 'ops',
  np: 'np',
  numpy: 'np',
  math: 'math',
};

/** Functions of Python itself that are known. */
const builtins: ReadonlySet<string> = new Set(['abs', 'float', 'int', 'len']);

/** Modules in modules, and other ways to say the same. */
const modules: readonly (readonly [RegExp, string])[] = [
  [/^tf\.compat\.(v2|v1(?!\.where$))\./, 'tf.'],
  [/^tf\.keras\b/, 'keras'],
  [/^keras\.backend\b/, 'backend'],
  [/^backend\.tf\b/, 'tf'],
  [/^keras\.ops\b/, 'ops'],
  [/^keras\.activations\b/, 'activations'],
  [/^ops\.(numpy|nn|core)\b/, 'ops'],
];

const constants: Readonly<Record<string, PythonValue>> = {
  'np.pi': Math.PI,
  'math.pi': Math.PI,
  'np.e': Math.E,
  'math.e': Math.E,
  'np.inf': Number.POSITIVE_INFINITY,
  'math.inf': Number.POSITIVE_INFINITY,
  'np.newaxis': null,
  'tf.newaxis': null,
};

/**
 * What a global name stands for.
 * @throws FunctionError for one that could be anything
 */
export function globalNamed(name: string): PythonValue {
  if (Object.hasOwn(globals, name)) return new Reference(globals[name]!);
  if (builtins.has(name)) return new Reference(`builtins.${name}`);
  throw new FunctionError(`it uses ${name}, a name that the file does not explain`);
}

/** What a module has by a name. */
export function member({ path }: Reference, name: string): PythonValue {
  const full = modules.reduce((known, [pattern, module]) => known.replace(pattern, module), `${path}.${name}`);
  return Object.hasOwn(constants, full) ? constants[full]! : new Reference(full);
}
