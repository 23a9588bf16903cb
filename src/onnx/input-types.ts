import type { KerasDType, Layer } from '../keras/model.js';
import type { TensorType } from '../support/tensor.js';
import type { Value } from './graph.js';
import { withMask } from './masks.js';
import { cast, isFloat } from './operators/index.js';
import { isString } from './string-graph.js';

const served: Partial<Record<KerasDType, TensorType>> = { float16: 'float32', bfloat16: 'float32', float64: 'float32' };

/** The type of an input of numbers in the compiled model: every float is float32, in which ONNX Runtime has all its kernels. */
export const inputType = (dtype: KerasDType): TensorType => served[dtype] ?? (dtype as TensorType);

/**
 * What a nested model is called with, in the dtypes of its own inputs, as Keras converts it. A Sequential model that begins with no
 * `InputLayer` has none: whole numbers stay what they are there.
 */
export function convertedInputs({ className, graph }: Layer, given: readonly Value[]): Value[] {
  return given.map((value, index) => {
    const dtype = graph?.inputs[index]?.dtype;
    if (dtype === undefined || dtype === 'string' || isString(value)) return value;
    const type = inputType(dtype);
    const stays = value.type === type || (className === 'Sequential' && !isFloat(value));
    return stays ? value : withMask(cast(value, type), value.mask, value.computedIn);
  });
}
