import { type Dimension, ShapeError, showShape, type Value } from '../graph.js';
import { broadcast, node } from './elementwise.js';
import { elementCount, reshape, sizesOf } from './shape.js';

/**
 * Matrix product as NumPy's `matmul`: the last two axes multiply, those before broadcast.
 * @throws ShapeError when the sizes don't fit
 */
export function matmul(a: Value, b: Value): Value {
  const left = a.rank === 1 ? [1, ...a.shape] : a.shape;
  const right = b.rank === 1 ? [...b.shape, 1] : b.shape;
  const [columns, rows] = [left.at(-1), right.at(-2)];
  if (a.rank === 0 || b.rank === 0 || (columns !== null && rows !== null && columns !== rows))
    throw new ShapeError(`the shapes ${showShape(a.shape)} and ${showShape(b.shape)} can't be multiplied`);
  const shape: Dimension[] = broadcast(left.slice(0, -2), right.slice(0, -2));
  if (a.rank > 1) shape.push(left.at(-2)!);
  if (b.rank > 1) shape.push(right.at(-1)!);
  return node('MatMul', [a, b], {}, a.type, shape);
}

/** What two tensors of one equation may look like: letters, and an ellipsis in each part at most. */
const equationForm = /^[a-zA-Z]*(\.{3})?[a-zA-Z]*(,[a-zA-Z]*(\.{3})?[a-zA-Z]*)*(->[a-zA-Z]*(\.{3})?[a-zA-Z]*)?$/;

/**
 * Einstein summation. An ellipsis is spelt out with letters that the equation does not use, so that the result's shape is
 * known.
 * @param equation such as `abc,cde->abde`; the result's part may be missing
 * @throws ShapeError when it doesn't fit the values
 */
export function einsum(equation: string, values: readonly Value[]): Value {
  const unfit = () =>
    new ShapeError(`${equation} doesn't fit ${values.map(({ shape }) => showShape(shape)).join(' and ')}`);
  const compact = equation.replaceAll(' ', '');
  if (
    compact.length > 200 ||
    !equationForm.test(compact) ||
    compact.split('->')[0]!.split(',').length !== values.length
  )
    throw unfit();
  const [terms, result] = spellOut(compact, values);
  if (terms.some((term, index) => term.length !== values[index]!.rank)) throw unfit();
  if ([...result].some((letter, index) => !terms.join('').includes(letter) || result.indexOf(letter) !== index))
    throw unfit();
  return asProduct(terms, result, values, unfit) ?? summed(terms, result, values, unfit);
}

/**
 * The equation as one matrix product, which is faster, where it is one: `abc,cde->abde`. All letters that go away stand at the
 * end of the first term and at the start of the second.
 */
function asProduct(
  [left = '', right = '', ...more]: readonly string[],
  result: string,
  [x, y]: readonly Value[],
  unfit: () => ShapeError,
): Value | undefined {
  const shared = [...left].filter((letter) => !result.includes(letter)).join('');
  const [kept, added] = [left.slice(0, left.length - shared.length), right.slice(shared.length)];
  const isProduct =
    more.length === 0 && shared && left === kept + shared && right === shared + added && result === kept + added;
  if (!isProduct || new Set(left + added).size < left.length + added.length) return undefined;
  const [rows, columns] = [y!.shape.slice(0, shared.length), y!.shape.slice(shared.length)];
  if (y!.shape.includes(null)) return undefined;
  if (x!.shape.slice(kept.length).some((size, axis) => size !== null && size !== rows[axis])) throw unfit();
  const count = (sizes: readonly Dimension[]) => elementCount(sizes) as number;
  const outer = sizesOf(x!).slice(0, kept.length);
  const flatX = shared.length === 1 ? x! : reshape(x!, [...outer, count(rows)]);
  const flatY = right.length === 2 && shared.length === 1 ? y! : reshape(y!, [count(rows), count(columns)]);
  const product = matmul(flatX, flatY);
  return added.length === 1 ? product : reshape(product, [...outer, ...(columns as number[])]);
}

function summed(terms: readonly string[], result: string, values: readonly Value[], unfit: () => ShapeError): Value {
  const sizes = new Map<string, Dimension>();
  terms.forEach((term, index) => {
    [...term].forEach((letter, axis) => {
      const size = values[index]!.shape[axis]!;
      const known = sizes.get(letter);
      if (size !== null && size !== 1 && known != null && known !== 1 && size !== known) throw unfit();
      if (known === undefined || known === null || known === 1) sizes.set(letter, size);
    });
  });
  const shape = [...result].map((letter) => sizes.get(letter) ?? null);
  return node('Einsum', values, { equation: `${terms.join()}->${result}` }, values[0]!.type, shape);
}

function spellOut(equation: string, values: readonly Value[]): [terms: string[], result: string] {
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
