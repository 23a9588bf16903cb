import type { CallArgument } from '../../context.js';
import { Value } from '../../graph.js';
import { integerType, type OperandType, resultType, typeNamed } from './dtypes.js';
import { scalarOf } from './sizes.js';

/** An object in an argument that stands for a Python value: `{"class_name": "__numpy__", "config": {…}}`. */
export function pythonObject(
  argument: CallArgument | undefined,
): { kind: string; config: Record<string, CallArgument> } | undefined {
  if (typeof argument !== 'object' || argument === null || argument instanceof Value || Array.isArray(argument))
    return undefined;
  const { class_name: kind, config = {} } = argument;
  if (typeof kind !== 'string' || typeof config !== 'object' || config === null || config instanceof Value)
    return undefined;
  return { kind, config: Array.isArray(config) ? {} : config };
}

const special: Record<string, number> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

/** A plain number, `"NaN"` and `"Infinity"` among them, which are no JSON; undefined for anything else. */
export function asNumber(argument: CallArgument | undefined): number | undefined {
  if (typeof argument === 'number') return argument;
  if (typeof argument === 'boolean') return Number(argument);
  if (typeof argument === 'string') return special[argument];
  if (argument instanceof Value) return scalarOf(argument);
  const object = pythonObject(argument);
  return object ? asNumber(object.config.value) : undefined;
}

/** The array that an argument of nested lists of numbers is, with the dtype that NumPy or Keras would give it. */
export interface Literal {
  shape: number[];
  values: number[];
  type: OperandType;
}

/** Reads nested lists of numbers; undefined when something else is among them, or lists differ in length. */
export function literal(argument: CallArgument): Literal | undefined {
  const object = pythonObject(argument);
  if (object) {
    const inner = literal(object.config.value ?? null);
    const type = typeof object.config.dtype === 'string' ? typeNamed(object.config.dtype) : undefined;
    const known = object.kind === '__float__' ? 'float' : type;
    return inner && { ...inner, type: known ?? inner.type };
  }
  if (Array.isArray(argument)) {
    const parts: Literal[] = [];
    for (const one of argument) {
      const part = literal(one);
      if (!part || part.shape.join() !== (parts[0] ?? part).shape.join()) return undefined;
      parts.push(part);
    }
    const values = parts.flatMap((part) => part.values);
    const together = parts.length === 0 ? 'float' : resultType(parts.map((part) => part.type));
    const type = parts.every((part) => part.type === 'int') && parts.length > 0 ? integerType(values) : together;
    return { shape: [argument.length, ...(parts[0]?.shape ?? [])], values, type };
  }
  if (argument instanceof Value) return undefined;
  const number = asNumber(argument);
  if (number === undefined) return undefined;
  const type = typeof argument === 'boolean' ? 'bool' : Number.isInteger(number) ? 'int' : 'float';
  return { shape: [], values: [number], type };
}
