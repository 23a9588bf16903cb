import { FunctionError } from '../../../python/error.js';
import { type Expression, expression, partsOf } from '../../../python/expression.js';
import type { PythonFunction } from '../../../python/read-function.js';
import { show } from '../../../python/show.js';
import { InternalSignal } from '../../../support/errors.js';
import type { Parameter, TensorflowFunction } from '../operations/tensorflow-functions.js';
import { functions } from './functions.js';
import { globalNamed, member } from './names.js';
import { Reference } from './values.js';

/** Operations that are the same for floats by another name. */
const sameForFloats: Readonly<Record<string, string>> = { MeanOfFloats: 'Mean' };

const operations = new Map<string, [path: string, function_: TensorflowFunction]>();
for (const [path, one] of Object.entries(functions))
  if (path.startsWith('ops.') && !operations.has(one.operation)) operations.set(one.operation, [path, one]);

/** The path of a function in a module that is known. */
function pathOf(callee: Expression): string | undefined {
  const found = callee.kind === 'attribute' ? pathOf(callee.of) : undefined;
  if (found !== undefined && callee.kind === 'attribute') {
    const value = member(new Reference(found), callee.name);
    return value instanceof Reference ? value.path : undefined;
  }
  if (callee.kind !== 'global') return undefined;
  try {
    const value = globalNamed(callee.name);
    return value instanceof Reference ? value.path : undefined;
  } catch (error) {
    if (error instanceof FunctionError) return undefined;
    throw error;
  }
}

type Call = Extract<Expression, { kind: 'call' }>;

/** The same call of a function of `keras.ops`; undefined where there is none that takes the same. */
function rewrittenCall({ callee, args, named }: Call): Expression | undefined {
  const path = pathOf(callee);
  if (path === 'builtins.abs') return expression({ kind: 'call', callee, args, named });
  const known = path !== undefined && Object.hasOwn(functions, path) ? functions[path]! : undefined;
  const same = known && (sameForFloats[known.operation] ?? known.operation);
  // Without choices it lists places, in another form.
  const chooses = same === 'ChooseOrFind' && args.length + named.length === 3;
  const [name, other] = operations.get(chooses ? 'Where' : (same ?? '')) ?? [];
  if (!known || !name || !other) return undefined;
  const counterpart = ({ target, fallback }: Parameter, isGiven: boolean) =>
    other.parameters.find((one) => one.target === target && (isGiven || one.fallback === fallback));
  const isGiven = (one: Parameter, index: number) => index < args.length || named.some(([given]) => given === one.name);
  const parameters = known.parameters.map((one, index) => counterpart(one, isGiven(one, index)));
  const inOrder = args.every((_, index) => parameters[index] && parameters[index] === other.parameters[index]);
  const missing = known.parameters.some(
    (one, index) => one.fallback !== undefined && !isGiven(one, index) && !parameters[index],
  );
  const renamed = named.map(
    ([given, value]) => [parameters[known.parameters.findIndex((one) => one.name === given)]?.name, value] as const,
  );
  if (!inOrder || missing || renamed.some(([given]) => given === undefined)) return undefined;
  return expression({
    kind: 'call',
    callee: expression({ kind: 'global', name: `keras.${name}` }),
    args,
    named: renamed as (readonly [string, Expression])[],
  });
}

/** What compares tensors of Keras as objects, and the function of `keras.ops` that compares their numbers. */
const comparesObjects: Readonly<Record<string, string>> = { '==': 'equal', '!=': 'not_equal' };

const called = (name: string, args: readonly Expression[]): Expression =>
  expression({ kind: 'call', callee: expression({ kind: 'global', name: `keras.ops.${name}` }), args, named: [] });

/** Whether a key may be one that a tensor of Keras takes: no list, no truth value and no comparison. */
function isPlace(key: Expression): boolean {
  if (key.kind === 'tuple') return key.items.every(isPlace);
  if (key.kind === 'constant') return typeof key.value !== 'boolean';
  return key.kind !== 'list' && key.kind !== 'binary';
}

const uses = (one: Expression, parameter: string | undefined): boolean =>
  one.kind === 'parameter' ? one.name === parameter : partsOf(one).some((part) => uses(part, parameter));

/** A part of a function has no line in its place. */
class NoLine extends InternalSignal {}

function rewritten(one: Expression): Expression {
  const all = (parts: readonly Expression[]) => parts.map(rewritten);
  switch (one.kind) {
    case 'call': {
      const call = rewrittenCall({
        ...one,
        args: all(one.args),
        named: one.named.map(([name, value]) => [name, rewritten(value)] as const),
      });
      if (!call) throw new NoLine();
      return call;
    }
    case 'attribute':
      if (one.name === 'shape' || pathOf(one) !== undefined) return one;
      throw new NoLine();
    case 'unary':
      return expression({ ...one, operand: rewritten(one.operand) });
    case 'binary':
      if (comparesObjects[one.operator])
        return called(comparesObjects[one.operator]!, [one.left, one.right].map(rewritten));
      return expression({ ...one, left: rewritten(one.left), right: rewritten(one.right) });
    case 'item':
      if (!isPlace(one.key)) throw new NoLine();
      return expression({ ...one, of: rewritten(one.of), key: rewritten(one.key) });
    case 'unpacked':
      return expression({ ...one, of: rewritten(one.of) });
    case 'slice':
      return expression({ ...one, bounds: all(one.bounds) });
    case 'tuple':
    case 'list':
      return expression({ ...one, items: all(one.items) });
    default:
      return one;
  }
}

/** The line of `keras.ops` that does with tensors what a function does; undefined where none is known, or it takes no tensor. */
export function lineInPlace({ parameters, value }: PythonFunction): string | undefined {
  if (!uses(value, parameters[0])) return undefined;
  try {
    return show(rewritten(value));
  } catch (error) {
    if (error instanceof NoLine) return undefined;
    throw error;
  }
}
