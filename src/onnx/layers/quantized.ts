import { computeDType } from '../../keras/config.js';
import type { Layer } from '../../keras/model.js';
import { type InputsQuantizer, type Quantization, quantizationOf } from '../../keras/quantized.js';
import type { LayerCall } from '../context.js';
import { ShapeError, type Value } from '../graph.js';
import {
  abs,
  add,
  asBytes,
  byteOffset,
  clip,
  div,
  fill,
  greatest,
  isFloat,
  matmul,
  matmulIntegers,
  mul,
  round,
  roundTo,
  toFloat,
} from '../operators/index.js';
import {
  checkShape,
  dequantized,
  integers,
  type Matrix,
  scaled,
  turned,
  unpacked,
  unpackedTernary,
} from './dequantized.js';
import { bfloat16, float8, inHalf } from './narrow-floats.js';

/** How a layer multiplies its inputs with its kernel. */
export interface Product {
  floats(x: Value, kernel: Value): Value;
  /** The same of bytes (`matmulIntegers`). */
  integers(x: Value, kernel: Value): Value;
  /** The input's axes that go away, along which its scale is one. */
  reduced: readonly number[];
  /** Brings a scale of the inputs, whose reduced axes have the size 1, to the axes of the result. */
  align(scale: Value): Value;
}

/** Multiplies with the last axis. */
export const matrixProduct: Product = {
  floats: matmul,
  integers: matmulIntegers,
  reduced: [-1],
  align: (scale) => scale,
};

/** The inputs as whole numbers, and what they were multiplied by: NaN where one of them is no finite number, and so is the result. */
function quantize(x: Value, { low, high, epsilon }: InputsQuantizer, axes: readonly number[], call: LayerCall) {
  if (!isFloat(x)) return call.unsupported(`it is quantized, and its input is ${x.type}`);
  if (axes.length === 0) return call.unsupported('it is quantized, and no axis of its input goes away');
  const greatestSize = greatest(abs(toFloat(x)), axes, true);
  const scale = div(high, add(greatestSize, add(mul(greatestSize, 0), epsilon)));
  return { numbers: clip(round(mul(toFloat(x), scale)), low, high), scale };
}

/** Inputs times a kernel of whole numbers that was made of one of floats by multiplying with `scale`. */
export function integerProduct(
  x: Value,
  call: LayerCall,
  product: Product,
  name: string,
  scale: Value,
  make: () => Matrix & { shape?: readonly number[] },
): Value {
  const { inputs } = quantizationOf(call.layer)!;
  const constant = (type: 'uint8' | 'float32') =>
    call.once(`${name}:${type}`, () => {
      const { rows, columns, data, shape = [rows, columns] } = make();
      return call.graph.constant(
        type,
        shape,
        type === 'float32' ? data : Uint8Array.from(data, (value) => value + byteOffset),
        name,
      );
    });
  if (!inputs) return div(product.floats(toFloat(x), constant('float32')), scale);
  const quantized = quantize(x, inputs, product.reduced, call);
  const multiplied = product.integers(asBytes(quantized.numbers), constant('uint8'));
  return div(toFloat(multiplied), mul(product.align(quantized.scale), scale));
}

/** Inputs, quantized or not, times a kernel of floats. */
export function floatProduct(
  x: Value,
  call: LayerCall,
  product: Product,
  name: string,
  make: () => Matrix & { shape?: readonly number[] },
): Value {
  const { inputs } = quantizationOf(call.layer)!;
  const kernel = call.once(`${name}:dequantized`, () => {
    const { rows, columns, data, shape = [rows, columns] } = make();
    return call.graph.constant('float32', shape, data, name);
  });
  if (!inputs) return product.floats(toFloat(x), kernel);
  const { numbers, scale } = quantize(x, inputs, product.reduced, call);
  return div(product.floats(numbers, kernel), product.align(scale));
}

/** The variables of groups by the names of their layer. */
export const groupsOf = (call: LayerCall, name: string) => ({
  scale: call.rawWeight(`${name}_scale`),
  zero: call.rawWeight(`${name}_zero`),
  index: call.rawWeight('g_idx'),
});

/** What GPTQ and AWQ made of a kernel, in the order of the kernel: (inputs, outputs). */
export function calibratedKernel(call: LayerCall, { mode, bits }: Quantization, rows: number, columns: number): Matrix {
  const weight = call.rawWeight('quantized_kernel');
  const name = 'quantized kernel';
  const matrix =
    bits === 4 ? unpacked(name, weight, columns, rows, 'rows', false) : integers(name, weight, columns, rows);
  const kernel = turned(dequantized(matrix, groupsOf(call, 'kernel'), 'columns', 'kernel'));
  return mode === 'awq' ? scaled(kernel, call.rawWeight('awq_scales'), 'awq_scales', 'rows') : kernel;
}

/** Inputs and kernel rounded to float8, in the scales that training left; half precision rounds before and after, and tips what lies between. */
export function float8Product(x: Value, call: LayerCall, product: Product): Value {
  const weight = call.rawWeight('kernel');
  if (!weight.dtype.includes('float')) throw new ShapeError(`its kernel should be floats, not ${weight.dtype}`);
  for (const name of ['inputs_scale', 'kernel_scale']) checkShape(name, call.rawWeight(name), []);
  const scaleNamed = (name: string) => Number(call.rawWeight(name).data[0]);
  const computed = computeDType(call.layer);
  const half = computed === 'float16' || computed === 'bfloat16' ? computed : undefined;
  const halved = (value: Value) => (half ? roundTo(value, half) : value);
  const kernel = call.once('kernel:float8', () =>
    call.graph.constant('float32', weight.shape, float8(weight, scaleNamed('kernel_scale'), half), 'kernel'),
  );
  const scale = inHalf(scaleNamed('inputs_scale'), half);
  const inputs = mul(roundTo(halved(div(halved(toFloat(x)), scale)), 'float8'), scale);
  return product.floats(halved(inputs), kernel);
}

/** The bias; where a layer computes in float32 of float8, Keras rounds it to bfloat16. */
export function quantizedBias(call: LayerCall): Value | undefined {
  const rounds = quantizationOf(call.layer)?.mode === 'float8' && computeDType(call.layer) === 'float32';
  if (!rounds || !call.hasWeight('bias')) return call.optionalWeight('bias');
  const { shape } = call.rawWeight('bias');
  return call.once('bias:bfloat16', () =>
    call.graph.constant('float32', shape, bfloat16(call.rawWeight('bias')), 'bias'),
  );
}

/**
 * What LoRA adds to a quantized layer's result, where the file keeps its factors apart: `.h5` alone does. Else Keras makes new ones as it
 * loads, whose product is 0: with an infinite input it is NaN.
 * @param first what the first factor makes of the input
 * @param outer the sizes of that factor without the last one, the rank; absent where the input is never infinite
 */
export function withAdapter(
  result: Value,
  name: string,
  call: LayerCall,
  first: (a: Value) => Value,
  outer?: readonly number[],
): Value {
  if (!call.hasWeight(`lora_${name}_a`)) {
    if (!outer || !call.config.optionalNumber('lora_rank') || quantizationOf(call.layer)?.inputs) return result;
    const ones = fill(call.graph, 'float32', [...outer, 1], 1);
    return add(result, mul(first(ones), 0));
  }
  const rank = call.rawWeight(`lora_${name}_b`).shape[0]!;
  const alpha = call.config.number('lora_alpha', rank);
  if (alpha !== rank && call.layer.className !== 'EinsumDense')
    return call.unsupported(
      "Keras forgets its lora_alpha when it loads this file; save the model as it was trained with model.save('model.keras')",
    );
  const added = matmul(first(call.weight(`lora_${name}_a`)), call.weight(`lora_${name}_b`));
  return add(result, mul(added, alpha / rank));
}

/** The units of a Dense layer before its bias; undefined where it isn't quantized. */
export function quantizedDense(x: Value, call: LayerCall): Value | undefined {
  const quantization = quantizationOf(call.layer);
  if (!quantization) return undefined;
  const { mode, grouped } = quantization;
  const units = call.config.integer('units', undefined, 1);
  const isCalibrated = mode === 'gptq' || mode === 'awq';
  const inputs = isCalibrated ? call.rawWeight('quantized_kernel').shape[1]! : call.rawWeight('kernel').shape[0]!;
  if (mode === 'float8') return float8Product(x, call, matrixProduct);
  if (isCalibrated)
    return floatProduct(x, call, matrixProduct, 'kernel', () => calibratedKernel(call, quantization, inputs, units));
  const weight = call.rawWeight('kernel');
  if (mode === 'int4') refuseOlderPacking(call, units);
  if (mode === 'ternary')
    return mul(
      floatProduct(x, call, matrixProduct, 'kernel', () => unpackedTernary('kernel', weight, inputs, units)),
      scaleOf(call, 'kernel', []),
    );
  const numbers = () =>
    mode === 'int4' ? unpacked('kernel', weight, inputs, units, 'columns') : integers('kernel', weight, inputs, units);
  const made = grouped
    ? floatProduct(x, call, matrixProduct, 'kernel', () =>
        dequantized(numbers(), groupsOf(call, 'kernel'), 'rows', 'kernel'),
      )
    : integerProduct(x, call, matrixProduct, 'kernel', scaleOf(call, 'kernel', [units]), numbers);
  return withAdapter(made, 'kernel', call, (a) => matmul(toFloat(x), a), [inputs]);
}

/** Refuses to wrap a layer that is quantized: these wrappers of Keras compute with its whole numbers as if they were its weights. */
export function refuseWrapped(layer: Layer, call: LayerCall): void {
  if (quantizationOf(layer))
    call.unsupported(
      `Keras passes over that the ${layer.className} in it is quantized; quantize the model with filters that leave this layer out`,
    );
}

/** In older versions of Keras, neighbours in a byte were those along the inputs. */
export function refuseOlderPacking(call: LayerCall, columns: number): void {
  const { shape } = call.rawWeight('kernel');
  if (shape.length !== 2 || (columns > 1 && shape[1] === columns))
    call.unsupported(
      'its kernel of int4 is packed as older versions of Keras did; quantize the model again with Keras 3.15',
    );
}

/** A scale as a constant. @throws ShapeError when it has another shape */
export function scaleOf(call: LayerCall, name: string, shape: readonly number[]): Value {
  checkShape(`${name}_scale`, call.rawWeight(`${name}_scale`), shape);
  return call.weight(`${name}_scale`);
}
