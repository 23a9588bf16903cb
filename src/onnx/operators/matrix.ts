import { type Dimension, ShapeError, showShape, type Value } from '../graph.js';
import { add, broadcast, cast, constant, node } from './elementwise.js';
import { elementCount, reshape, sizesOf } from './shape.js';

/**
 * Matrix product as NumPy's `matmul`: the last two axes multiply, those before broadcast.
 * @throws ShapeError when the sizes don't fit
 */
export const matmul = (a: Value, b: Value): Value => node('MatMul', [a, b], {}, a.type, matmulShape(a, b));

function matmulShape(a: Value, b: Value): Dimension[] {
  const left = a.rank === 1 ? [1, ...a.shape] : a.shape;
  const right = b.rank === 1 ? [...b.shape, 1] : b.shape;
  const [columns, rows] = [left.at(-1), right.at(-2)];
  if (a.rank === 0 || b.rank === 0 || (columns !== null && rows !== null && columns !== rows))
    throw new ShapeError(`the shapes ${showShape(a.shape)} and ${showShape(b.shape)} can't be multiplied`);
  const shape: Dimension[] = broadcast(left.slice(0, -2), right.slice(0, -2));
  if (a.rank > 1) shape.push(left.at(-2)!);
  if (b.rank > 1) shape.push(right.at(-1)!);
  return shape;
}

/** What a byte of {@link matmulIntegers} is more than the number it stands for. */
export const byteOffset = 128;

/** Whole numbers from −128 to 127 as {@link matmulIntegers} takes them. */
export const asBytes = (x: Value): Value => cast(add(x, byteOffset), 'uint8');

/**
 * The product of two matrices of whole numbers, exact in int32. Both are bytes without a sign, {@link byteOffset} more than the number: for
 * signed ones ONNX Runtime's kernels for older processors add pairs up in 16 bits, and cut them off there.
 */
export function matmulIntegers(a: Value, b: Value): Value {
  const shape = matmulShape(a, b);
  const offset = constant(a.graph, 'uint8', [], [byteOffset]);
  return node('MatMulInteger', [a, b, offset, offset], {}, 'int32', shape);
}

/** What two tensors of one equation may look like: letters, and an ellipsis in each part at most. */
const equationForm = /^[a-zA-Z]*(\.{3})?[a-zA-Z]*(,[a-zA-Z]*(\.{3})?[a-zA-Z]*)*(->[a-zA-Z]*(\.{3})?[a-zA-Z]*)?$/;

/** The axes of a tensor: all that an equation asks of one. */
type Axes = Pick<Value, 'rank' | 'shape'>;

/** An equation of {@link einsum} with a letter for every axis. */
export interface Equation {
  terms: string[];
  result: string;
}

/**
 * Spells an equation out: an ellipsis becomes letters that it does not use.
 * @throws ShapeError when it doesn't fit the values
 */
export function spellOut(equation: string, values: readonly Axes[]): Equation {
  const compact = equation.replaceAll(' ', '');
  if (
    compact.length > 200 ||
    !equationForm.test(compact) ||
    compact.split('->')[0]!.split(',').length !== values.length
  )
    throw unfit(equation, values);
  const [terms, result] = withLetters(compact, values);
  if (terms.some((term, index) => term.length !== values[index]!.rank)) throw unfit(equation, values);
  if ([...result].some((letter, index) => !terms.join('').includes(letter) || result.indexOf(letter) !== index))
    throw unfit(equation, values);
  return { terms, result };
}

const unfit = (equation: string, values: readonly Axes[]): ShapeError =>
  new ShapeError(`${equation} doesn't fit ${values.map(({ shape }) => showShape(shape)).join(' and ')}`);

/**
 * Einstein summation. The result's shape is known.
 * @param equation such as `abc,cde->abde`; the result's part may be missing
 * @throws ShapeError when it doesn't fit the values
 */
export function einsum(equation: string, values: readonly Value[]): Value {
  const spelt = spellOut(equation, values);
  const wrong = () => unfit(equation, values);
  return asProduct(spelt, values, matmul, wrong) ?? summed(spelt, values, wrong);
}

/** {@link einsum} of two tensors of whole numbers, as {@link matmulIntegers} takes and gives them. */
export function einsumIntegers(equation: string, values: readonly [Value, Value]): Value {
  const spelt = spellOut(equation, values);
  const wrong = () => unfit(equation, values);
  const product = asProduct(spelt, values, matmulIntegers, wrong);
  if (product) return product;
  // Sums of whole numbers are exact in float64, which Einsum has and int32 of bytes it has not.
  const numbers = values.map((value) => add(cast(value, 'float64'), -byteOffset));
  return cast(summed(spelt, numbers, wrong), 'int32');
}

/**
 * The equation as one matrix product, which is faster, where it is one: `abc,cde->abde`. All letters that go away stand at the
 * end of the first term and at the start of the second.
 */
function asProduct(
  { terms: [left = '', right = '', ...more], result }: Equation,
  [x, y]: readonly Value[],
  multiply: typeof matmul,
  wrong: () => ShapeError,
): Value | undefined {
  const shared = [...left].filter((letter) => !result.includes(letter)).join('');
  const [kept, added] = [left.slice(0, left.length - shared.length), right.slice(shared.length)];
  const isProduct =
    more.length === 0 && shared && left === kept + shared && right === shared + added && result === kept + added;
  if (!isProduct || new Set(left + added).size < left.length + added.length) return undefined;
  const [rows, columns] = [y!.shape.slice(0, shared.length), y!.shape.slice(shared.length)];
  if (y!.shape.includes(null)) return undefined;
  if (x!.shape.slice(kept.length).some((size, axis) => size !== null && size !== rows[axis])) throw wrong();
  const count = (sizes: readonly Dimension[]) => elementCount(sizes) as number;
  const outer = sizesOf(x!).slice(0, kept.length);
  const flatX = shared.length === 1 ? x! : reshape(x!, [...outer, count(rows)]);
  const flatY = right.length === 2 && shared.length === 1 ? y! : reshape(y!, [count(rows), count(columns)]);
  const product = multiply(flatX, flatY);
  return added.length === 1 ? product : reshape(product, [...outer, ...(columns as number[])]);
}

function summed({ terms, result }: Equation, values: readonly Value[], wrong: () => ShapeError): Value {
  const sizes = new Map<string, Dimension>();
  terms.forEach((term, index) => {
    [...term].forEach((letter, axis) => {
      const size = values[index]!.shape[axis]!;
      const known = sizes.get(letter);
      if (size !== null && size !== 1 && known != null && known !== 1 && size !== known) throw wrong();
      if (known === undefined || known === null || known === 1) sizes.set(letter, size);
    });
  });
  const shape = [...result].map((letter) => sizes.get(letter) ?? null);
  return node('Einsum', values, { equation: `${terms.join()}->${result}` }, values[0]!.type, shape);
}

function withLetters(equation: string, values: readonly Axes[]): [terms: string[], result: string] {
  const [left = '', right] = equation.split('->');
  const terms = left.split(',');
  const free = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'].filter((letter) => !equation.includes(letter));
  const hidden = Math.max(
    0,
    ...terms.map((term, index) => (term.includes('...') ? values[index]!.rank - (term.length - 3) : 0)),
  );
  const letters = free.slice(0, hidden).join('');
  const spelt = terms.map((term, index) => {
    if (!term.includes('...')) return term;
    const count = Math.max(0, values[index]!.rank - (term.length - 3));
    return term.replace('...', count === 0 ? '' : letters.slice(-count));
  });
  if (right !== undefined) return [spelt, right.replace('...', letters)];
  const joined = [...spelt.join('')];
  const once = joined.filter(
    (letter) => !letters.includes(letter) && joined.indexOf(letter) === joined.lastIndexOf(letter),
  );
  return [spelt, letters + once.sort().join('')];
}
