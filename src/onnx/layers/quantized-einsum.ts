import { type Quantization, quantizationOf } from '../../keras/quantized.js';
import type { LayerCall } from '../context.js';
import { type Dimension, ShapeError, type Value } from '../graph.js';
import { einsum, einsumIntegers, spellOut, squeeze, toFloat, transpose, unsqueeze } from '../operators/index.js';
import { checkShape, dequantized, integers, type Matrix, scaled, unpacked } from './dequantized.js';
import {
  calibratedKernel,
  float8Product,
  floatProduct,
  groupsOf,
  integerProduct,
  type Product,
  refuseOlderPacking,
  scaleOf,
  withAdapter,
} from './quantized.js';

const count = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

/** The parts of a layer's equation with a letter for each axis, and how long the kernel's axes are. */
interface Terms {
  equation: string;
  input: string;
  kernel: string;
  result: string;
  sizes: number[];
}

/** A kernel between its input and its result: Keras takes no other equations. */
const equationForm = /^(\.\.\.)?([a-zA-Z]+)(?:\.\.\.)?,([a-zA-Z]+)->(?:\.\.\.)?([a-zA-Z]+)(?:\.\.\.)?$/;

/** The sizes are those of the input, or of that for which the layer was built where it is open, else those of `output_shape`, which leaves out the batch and what an ellipsis stands for. */
function termsOf(x: Value, call: LayerCall): Terms {
  const equation = call.config.string('equation');
  const [, isLeft, letters = '', kernel = '', made = ''] = equationForm.exec(equation) ?? [];
  const axes = { rank: kernel.length, shape: Array<Dimension>(kernel.length).fill(null) };
  const { terms, result } = spellOut(equation, [x, axes]);
  const input = terms[0]!;
  const elided = isLeft ? input.length - letters.length : 0;
  const given = call.config.raw('output_shape');
  const outputs = [...Array<null>(Math.max(elided, 1)).fill(null), ...(Array.isArray(given) ? given : [given])];
  const sizes = [...kernel].map((letter) => {
    const at = input.indexOf(letter);
    const size = at >= 0 ? (x.shape[at] ?? call.layer.builtShape?.[at]) : outputs[made.indexOf(letter) + elided];
    if (typeof size === 'number' && Number.isSafeInteger(size) && size > 0) return size;
    return call.unsupported(`it is quantized, and how long the axis ${letter} of its kernel is is nowhere`);
  });
  return { equation, input, kernel, result, sizes };
}

const product = ({ equation, input, result }: Terms): Product => {
  const letters = [...input];
  const reduced = letters.flatMap((letter, axis) => (result.includes(letter) ? [] : [axis]));
  const kept = letters.filter((letter) => result.includes(letter));
  const moved = [...result].filter((letter) => kept.includes(letter));
  return {
    floats: (x, kernel) => einsum(equation, [x, kernel]),
    integers: (x, kernel) => einsumIntegers(equation, [x, kernel]),
    reduced,
    align: (scale) => {
      const arranged = transpose(
        squeeze(scale, reduced),
        moved.map((letter) => kept.indexOf(letter)),
      );
      return unsqueeze(
        arranged,
        [...result].flatMap((letter, axis) => (kept.includes(letter) ? [] : [axis])),
      );
    },
  };
};

/** How GPTQ and AWQ make a matrix of a kernel of three axes: the longest axis stands alone. */
function calibratedSizes(sizes: readonly number[]): [rows: number, columns: number] {
  const [first = 0, second = 0, third] = sizes;
  if (sizes.length === 2) return [first, second];
  if (sizes.length !== 3) throw new ShapeError(`its kernel has ${sizes.length} axes, where 2 or 3 can be quantized`);
  const isFirst = first === Math.max(...sizes);
  return isFirst ? [first, second * third!] : [first * second, third!];
}

/** A kernel of int4: a matrix of the axes that go away and those that stay, in the order of the whole. */
function int4Product(x: Value, call: LayerCall, { grouped }: Quantization, terms: Terms): Value {
  const isReduced = [...terms.kernel].map((letter) => !terms.result.includes(letter));
  const rows = count(terms.sizes.filter((_, axis) => isReduced[axis]));
  const columns = count(terms.sizes.filter((_, axis) => !isReduced[axis]));
  refuseOlderPacking(call, columns);
  return floatProduct(x, call, product(terms), 'kernel', () => {
    const numbers = unpacked('kernel', call.rawWeight('kernel'), rows, columns, 'columns');
    const matrix: Matrix = grouped
      ? dequantized(numbers, groupsOf(call, 'kernel'), 'rows', 'kernel')
      : scaled(numbers, call.rawWeight('kernel_scale'), 'kernel_scale', 'columns');
    return { ...matrix, shape: terms.sizes };
  });
}

function int8Product(x: Value, call: LayerCall, terms: Terms): Value {
  const aligned = [...terms.result].map((letter) => terms.sizes[terms.kernel.indexOf(letter)] ?? 1);
  const scale = scaleOf(call, 'kernel', aligned);
  return integerProduct(x, call, product(terms), 'kernel', scale, () => {
    const weight = call.rawWeight('kernel');
    checkShape('kernel', weight, terms.sizes);
    const flat = { ...weight, shape: [1, count(terms.sizes)] };
    return { ...integers('kernel', flat, 1, count(terms.sizes)), shape: terms.sizes };
  });
}

/** What an EinsumDense layer makes before its bias; undefined where it isn't quantized. */
export function quantizedEinsumDense(x: Value, call: LayerCall): Value | undefined {
  const quantization = quantizationOf(call.layer);
  if (!quantization) return undefined;
  const terms = termsOf(x, call);
  switch (quantization.mode) {
    case 'float8':
      return float8Product(x, call, product(terms));
    case 'gptq':
    case 'awq': {
      const [rows, columns] = calibratedSizes(terms.sizes);
      return floatProduct(x, call, product(terms), 'kernel', () => ({
        ...calibratedKernel(call, quantization, rows, columns),
        shape: terms.sizes,
      }));
    }
    default: {
      const made =
        quantization.mode === 'int4' ? int4Product(x, call, quantization, terms) : int8Product(x, call, terms);
      return withAdapter(made, 'kernel', call, (a) => einsum(terms.equation, [toFloat(x), a]), terms.sizes);
    }
  }
}
