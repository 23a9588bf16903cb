import type { Node, Value } from '../graph.js';
import { constant, isBatch, knownCount, type Rows, type Size } from './rows.js';

/** The most numbers that are followed in one tensor. */
const mostSizes = 64;

/** The whole numbers in an input of one axis or none. */
export function sizesOf(value: Value | undefined, rows: Rows | undefined): readonly Size[] | undefined {
  if (typeof rows === 'object' && 'sizes' in rows) return rows.sizes;
  if (rows !== 'same' || !value || value.rank > 1 || value.shape.includes(null)) return undefined;
  const length = knownCount(value.shape);
  return length > mostSizes ? undefined : (constant(value) ?? Array<Size>(length).fill(undefined));
}

function times(a: Size, b: Size): Size {
  if (isBatch(b)) return times(b, a);
  if (isBatch(a)) return { batches: typeof b === 'number' ? a.batches * b : Number.NaN };
  return a === undefined || b === undefined ? undefined : a * b;
}

/** The sizes that operators make of sizes. */
const sizeRules: Record<string, (sizes: readonly (readonly Size[])[]) => readonly Size[] | undefined> = {
  Identity: ([x]) => x,
  Cast: ([x]) => x,
  Squeeze: ([x]) => x,
  Unsqueeze: ([x]) => x,
  Concat: (sizes) => sizes.flat(),
  Gather: ([x, at]) => at!.map((index) => x!.at(index as number)),
  Slice([x, start, end, , step]) {
    const bounds = [start!, end!].flat();
    return bounds.every((bound) => typeof bound === 'number') && step?.[0] === 1 ? x!.slice(...bounds) : undefined;
  },
  // The square of the batch's size is no multiple that would be known.
  Mul([a, b]) {
    const [left, right] = [a![0], b![0]];
    const single = a!.length === 1 && b!.length === 1;
    return single && !(isBatch(left) && isBatch(right)) ? [times(left, right)] : undefined;
  },
};

export function followSizes({ opType, inputs, outputs }: Node, rows: readonly Rows[]): Rows | undefined {
  const [output] = outputs;
  if (!Object.hasOwn(sizeRules, opType) || !output!.type.startsWith('int') || output!.rank > 1) return undefined;
  const sizes = inputs.map((input, index) => sizesOf(input, rows[index]));
  if (sizes.includes(undefined) || (opType === 'Gather' && !constant(inputs[1]))) return undefined;
  const result = sizeRules[opType]!(sizes as (readonly Size[])[]);
  return result && { sizes: result };
}
