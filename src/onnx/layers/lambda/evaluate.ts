import { FunctionError } from '../../../python/error.js';
import type { Expression } from '../../../python/expression.js';
import { ellipsis } from '../../../python/values.js';
import type { CallArgument, LayerCall } from '../../context.js';
import { Value } from '../../graph.js';
import { callFunction, callKnown, shapeOf } from './calls.js';
import { handlers } from './functions.js';
import { globalNamed, member } from './names.js';
import { binaryOperation, unaryOperation } from './operators.js';
import {
  fromConstant,
  isNumber,
  type PythonValue,
  Reference,
  Sequence,
  Slice,
  toArgument,
  unknownSize,
} from './values.js';

/** What the variables of a function are. */
export interface Scope {
  parameters: ReadonlyMap<string, PythonValue>;
  closure: ReadonlyMap<string, PythonValue>;
}

type Kind<K extends Expression['kind']> = Extract<Expression, { kind: K }>;

/** Works an expression out part by part: what is known is computed now, what tensors go into becomes a part of the graph. */
export class Evaluation {
  private readonly known = new Map<Expression, PythonValue>();

  constructor(
    private readonly call: LayerCall,
    private readonly scope: Scope,
  ) {}

  /** @throws FunctionError for what can't be compiled */
  value = (expression: Expression): PythonValue => {
    const known = this.known.get(expression);
    if (known !== undefined) return known;
    const made = (this.kinds[expression.kind] as (one: Expression) => PythonValue)(expression);
    this.known.set(expression, made);
    return made;
  };

  private readonly apply = (name: string, args: readonly PythonValue[]) => callKnown(this.call, name, args);

  private readonly kinds: { [K in Expression['kind']]: (expression: Kind<K>) => PythonValue } = {
    constant: ({ value }) => fromConstant(value),
    parameter: ({ name }) => variable(this.scope.parameters, name),
    closure: ({ name }) => variable(this.scope.closure, name),
    global: ({ name }) => globalNamed(name),
    attribute: ({ of, name }) => attribute(this.value(of), name),
    unary: ({ operator, operand }) => unaryOperation(operator, this.value(operand), this.apply),
    binary: ({ operator, left, right, inPlace }) => {
      const changed = this.value(left);
      if (inPlace && !(changed instanceof Value || isNumber(changed)))
        throw new FunctionError(`it changes a list in its place by "${operator}="`);
      return binaryOperation(operator, changed, this.value(right), this.apply);
    },
    item: ({ of, key }) => item(this.call, this.value(of), this.value(key)),
    unpacked: ({ of, index, count }) => unpacked(this.value(of), index, count),
    slice: ({ bounds }) => new Slice(bounds.map(this.value)),
    tuple: ({ items }) => new Sequence(items.map(this.value)),
    list: ({ items }) => new Sequence(items.map(this.value)),
    call: ({ callee, args, named }) => {
      const called = this.value(callee);
      if (!(called instanceof Reference)) throw new FunctionError('it calls what is no function');
      const values = named.map(([name, value]) => [name, this.value(value)] as const);
      return callFunction(this.call, called, args.map(this.value), Object.fromEntries(values));
    },
  };
}

function variable(values: ReadonlyMap<string, PythonValue>, name: string): PythonValue {
  const value = values.get(name);
  if (value === undefined) throw new FunctionError(`the file has no value for its ${name}`);
  return value;
}

function attribute(of: PythonValue, name: string): PythonValue {
  if (of instanceof Reference) return member(of, name);
  if (of instanceof Value && name === 'shape') return shapeOf(of);
  if (of instanceof Value && name === 'dtype') return of.type;
  throw new FunctionError(
    `it uses the attribute ${name} of ${of instanceof Value ? 'a tensor' : 'a value'}, which is not supported`,
  );
}

function unpacked(of: PythonValue, index: number, count: number): PythonValue {
  if (of instanceof Sequence && of.items.length === count) return of.items[index]!;
  throw new FunctionError(`it takes ${count} values from what is no list of ${count}`);
}

const isIndex = (value: PythonValue): boolean => typeof value === 'bigint';

/** A key of a tensor as GetItem takes it. */
function keyOf(key: PythonValue): CallArgument {
  if (key instanceof Slice) {
    if (!key.bounds.every((bound) => bound === null || isIndex(bound)))
      throw new FunctionError('it has a slice whose ends are not known');
    const [start, stop, step = null] = key.bounds.map(toArgument);
    return { start: start!, stop: stop!, step: step ?? 1 };
  }
  if (key === null || key === ellipsis || isIndex(key) || (key instanceof Value && key.rank === 0))
    return toArgument(key);
  throw new FunctionError('it is indexed by something other than whole numbers, slices and None');
}

/** `of[key]`: of a list, or of a tensor. */
function item(call: LayerCall, of: PythonValue, key: PythonValue): PythonValue {
  if (of instanceof Value) {
    const keys = key instanceof Sequence ? key.items.map(keyOf) : [keyOf(key)];
    return getItem(call, of, keys);
  }
  if (!(of instanceof Sequence)) throw new FunctionError('it takes an item of what is no tensor and no list');
  if (key instanceof Slice) return new Sequence(sliced(of.items, key));
  const found = typeof key === 'bigint' ? of.items.at(Number(key)) : undefined;
  if (found === undefined) throw new FunctionError('it takes an item that its list has not');
  return found;
}

const getItem = (call: LayerCall, x: Value, keys: CallArgument[]): PythonValue => {
  const result = handlers['tf.__operators__.getitem']!([], { ...call, args: [x, keys], kwargs: {} });
  return Array.isArray(result) ? new Sequence(result) : result;
};

function sliced(items: readonly PythonValue[], { bounds }: Slice): readonly PythonValue[] {
  const [start, stop, step = null] = bounds.map((bound) => (typeof bound === 'bigint' ? Number(bound) : bound));
  const isBound = (bound: PythonValue | undefined): bound is number | null =>
    bound === null || typeof bound === 'number';
  if (!isBound(start) || !isBound(stop) || (step !== null && step !== 1))
    throw new FunctionError('it takes a slice of a list that is not known');
  return items.slice(start ?? undefined, stop ?? undefined);
}

/** Refuses what is no tensor, the function's value being one or several. */
export function outputsOf(value: PythonValue): Value[] {
  if (value instanceof Value) return [value];
  if (value instanceof Sequence && value.items.length > 0) return value.items.flatMap(outputsOf);
  throw new FunctionError(value === unknownSize ? 'it gives a size' : 'it gives something other than tensors');
}
