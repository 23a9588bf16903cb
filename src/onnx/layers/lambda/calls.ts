import { FunctionError } from '../../../python/error.js';
import { LayerConfig } from '../../config.js';
import type { LayerCall } from '../../context.js';
import { Value } from '../../graph.js';
import { functions, handlers } from './functions.js';
import { checkTypes } from './operators.js';
import { instead } from './replacements.js';
import { isNumber, type PythonValue, type Reference, Sequence, tensorsIn, toArgument, unknownSize } from './values.js';

/** Arguments by name. */
export type Named = Readonly<Record<string, PythonValue>>;

/** Functions that do the same with tensors of any type, or make another type of them. */
const ofAnyType = new RegExp(
  '^(Array|BroadcastTo|Cast|Choose\\w+|Concatenate|ConvertImage|ConvertToTensor|Copy|ExpandDims|Flip\\w*|Gather\\w*|GetItem|Ndim|OneHot|OnesLike|Pad|Ravel|' +
    'Repeat|Reshape|ResizeToFloat|Roll|Shape|Slice|SplitSizes|Squeeze|Stack|StopGradient|StridedSlice|Tile|ToFloat|ToInt\\d+|Transpose\\w*|Unstack|' +
    'Where|ZerosLike)$',
);

/** Functions of two tensors that TensorFlow works out in another type than Keras where they are integers. */
const divisions: ReadonlySet<string> = new Set(['Divide', 'TrueDivide', 'DivideNoNan']);

/** What an operation calls arguments that have to be of one type. */
const operands = [
  ['x1', 'x2'],
  ['x', 'x_min'],
  ['x', 'x_max'],
] as const;

const usual: ReadonlySet<string> = new Set(['float32', 'float64', 'int32', 'int64', 'bool', 'string']);

/** TensorFlow promotes nothing: refuses arguments whose types it would refuse, or work with otherwise than Keras's operations. */
function checkArguments(path: string, args: readonly PythonValue[], named: Named): void {
  const { operation, parameters } = functions[path]!;
  const tensors = tensorsIn([...args, ...Object.values(named)]);
  const odd = ofAnyType.test(operation) ? undefined : tensors.find(({ type }) => !usual.has(type));
  if (odd) throw new FunctionError(`it calls ${path} with a tensor of ${odd.type}; cast it with keras.ops.cast first`);
  const given = (target: string) => {
    const index = parameters.findIndex((parameter) => parameter.target === target);
    return index < 0 ? undefined : (args[index] ?? named[parameters[index]!.name]);
  };
  const [low, high] = [given('x_min'), given('x_max')];
  if (low !== undefined && high !== undefined && isNumber(low) && isNumber(high) && high < low)
    throw new FunctionError(`it calls ${path} with a least value above the greatest`);
  const [condition, choice] = [given('condition'), given('x1')];
  if (
    path === 'tf.where' &&
    condition instanceof Value &&
    condition.rank === 1 &&
    choice instanceof Value &&
    choice.rank > 1
  )
    throw new FunctionError(
      'it calls tf.where with a vector, by which TensorFlow 1 chooses rows and TensorFlow 2 elements',
    );
  if (path === 'tf.nn.embedding_lookup' && args[0] instanceof Sequence)
    throw new FunctionError('it calls tf.nn.embedding_lookup with a list, which TensorFlow takes for parts of a table');
  if (operation === 'Array' && given('-') !== undefined) throw new FunctionError(`it calls ${path} with a shape`);
  for (const [first, second] of operands) {
    const [left, right] = [given(first), given(second)];
    if (left === undefined || right === undefined || !(left instanceof Value || right instanceof Value)) continue;
    const type = checkTypes(path, left, right);
    if (divisions.has(operation) && !type.startsWith('float'))
      throw new FunctionError(`it calls ${path} with tensors of ${type}; cast them with keras.ops.cast first`);
  }
}

/**
 * Calls a known function.
 * @throws FunctionError for one that isn't known
 */
export function callKnown(call: LayerCall, path: string, args: readonly PythonValue[], named: Named = {}): PythonValue {
  if (!Object.hasOwn(handlers, path))
    throw new FunctionError(`it calls ${path.slice(0, 80)}, which is not supported${instead(path)}`);
  if (!path.startsWith('ops.')) checkArguments(path, args, named);
  const kwargs = Object.fromEntries(Object.entries(named).map(([name, value]) => [name, toArgument(value)]));
  const result = handlers[path]!([], { ...call, args: args.map(toArgument), kwargs, config: new LayerConfig({}) });
  return Array.isArray(result) ? new Sequence(result) : result;
}

/** The sizes of a tensor, as `x.shape` has them. */
export const shapeOf = (x: Value): Sequence =>
  new Sequence(x.shape.map((size) => (size === null ? unknownSize : BigInt(size))));

const one = (path: string, args: readonly PythonValue[]): PythonValue => {
  if (args.length !== 1) throw new FunctionError(`it calls ${path} with ${args.length} arguments`);
  return args[0]!;
};

const number = (path: string, value: PythonValue): number => {
  if (isNumber(value)) return Number(value);
  throw new FunctionError(`it calls ${path} with what is no number`);
};

/** Functions of numbers that are known now. */
const ofNumbers: Readonly<Record<string, (value: number) => number>> = {
  sqrt: Math.sqrt,
  exp: Math.exp,
  log: Math.log,
};

/** Functions that are no calls of one operation. */
const special: Readonly<Record<string, (call: LayerCall, args: readonly PythonValue[]) => PythonValue>> = {
  'builtins.abs': (call, args) => {
    const x = one('abs', args);
    if (x instanceof Value) return callKnown(call, 'tf.math.abs', [x]);
    const value = number('abs', x);
    return typeof x === 'bigint' ? (x < 0n ? -x : x) : Math.abs(value);
  },
  'builtins.len': (_, args) => {
    const x = one('len', args);
    if (x instanceof Sequence) return BigInt(x.items.length);
    throw new FunctionError('it calls len with what is no list');
  },
  'builtins.float': (_, args) => number('float', one('float', args)),
  'builtins.int': (_, args) => BigInt(Math.trunc(finite('int', number('int', one('int', args))))),
  'backend.epsilon': () => 1e-7,
  'backend.floatx': () => 'float32',
  'backend.int_shape': (_, args) => {
    const x = one('int_shape', args);
    if (x instanceof Value) return shapeOf(x);
    throw new FunctionError('it calls int_shape with what is no tensor');
  },
  'backend.ndim': (_, args) => {
    const x = one('ndim', args);
    if (x instanceof Value) return BigInt(x.rank);
    throw new FunctionError('it calls ndim with what is no tensor');
  },
  /** Keras's has no numbers below 0. */
  'backend.sqrt': (call, args) =>
    callKnown(call, 'tf.math.sqrt', [callKnown(call, 'tf.math.maximum', [one('sqrt', args), 0])]),
  ...Object.fromEntries(
    Object.entries(ofNumbers).flatMap(([name, compute]) =>
      ['np', 'math'].map((module) => {
        const path = `${module}.${name}`;
        return [
          path,
          (_: LayerCall, args: readonly PythonValue[]) => finite(path, compute(number(path, one(path, args)))),
        ];
      }),
    ),
  ),
};

function finite(path: string, value: number): number {
  if (Number.isFinite(value)) return value;
  throw new FunctionError(`its ${path} is no number`);
}

/** @throws FunctionError for a function that isn't known */
export function callFunction(
  call: LayerCall,
  { path }: Reference,
  args: readonly PythonValue[],
  named: Named,
): PythonValue {
  if (!Object.hasOwn(special, path)) return callKnown(call, path, args, named);
  const [name] = Object.keys(named);
  if (name !== undefined) throw new FunctionError(`it calls ${path} with ${name.slice(0, 60)}, which is not known`);
  return special[path]!(call, args);
}
