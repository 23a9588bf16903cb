import type { DataType } from '@tensorflow/tfjs-core';
import { type Tensor, type TensorInfo, tensorArrays } from '../support/tensor.js';
import { type Runnable, tidily } from './runnable.js';
import type { TensorFlow } from './runtime.js';
import { toTensorFlow } from './tensors.js';

/** What a run gave: its types and shapes are only seen then. */
export interface TrialOutput {
  dtype: DataType;
  shape: number[];
}

/** Sizes for axes of any size, to try a model with: some are too small for its windows. */
const triedSizes = [1, 8, 32];

/** What the backend hasn't got, it has at no size. */
const missingKernel = /not registered for backend/;

const zeros = (size: number, { type, shape }: TensorInfo): Tensor => {
  const sizes = shape.map((length, axis) => length ?? (axis === 0 ? 1 : size));
  const length = sizes.reduce((product, one) => product * one, 1);
  return { type, shape: sizes, data: new tensorArrays[type](length) };
};

/**
 * Runs a model on zeros, to see that it runs and what it gives.
 * @returns undefined where no size that was tried fits: axes of any size may want another
 * @throws what TensorFlow.js does, where every size is known
 */
export async function trialRun(
  tensorflow: TensorFlow,
  runnable: Runnable,
  inputs: readonly TensorInfo[],
): Promise<TrialOutput[] | undefined> {
  const isOpen = inputs.some(({ shape }) => shape.slice(1).includes(null));
  for (const size of isOpen ? triedSizes : [1]) {
    try {
      return await tidily(tensorflow, async () => {
        const results = await runnable.run(inputs.map((input) => toTensorFlow(tensorflow, zeros(size, input))));
        return results.map(({ dtype, shape }) => ({ dtype, shape: [...shape] }));
      });
    } catch (error) {
      if (!isOpen || missingKernel.test((error as Error).message)) throw error;
    }
  }
  return undefined;
}
