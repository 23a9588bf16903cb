import type { Tensor as TfTensor } from '@tensorflow/tfjs-core';
import type { Signature, Tensors } from '../support/tensor.js';
import type { TensorFlow } from './runtime.js';
import { fromTensorFlow, toTensorFlow } from './tensors.js';

/** A model in TensorFlow.js, whatever its kind. */
export interface Runnable {
  /** What it makes of tensors in the order of the signature. */
  run(inputs: TfTensor[]): TfTensor[] | Promise<TfTensor[]>;
  dispose(): void;
}

/**
 * Does something with tensors and leaves none of them behind; one such thing at a time. Unlike `tf.tidy` it may wait.
 */
export async function tidily<Result>({ core }: TensorFlow, body: () => Result | Promise<Result>): Promise<Result> {
  const engine = core.engine();
  engine.startScope();
  try {
    return await body();
  } finally {
    engine.endScope();
  }
}

/**
 * Runs a model.
 * @param inputs by the names of the signature
 */
export const runTensors = (
  tensorflow: TensorFlow,
  runnable: Runnable,
  { inputs, outputs }: Signature,
  tensors: Tensors,
): Promise<Tensors> =>
  tidily(tensorflow, async () => {
    const results = await runnable.run(inputs.map(({ name }) => toTensorFlow(tensorflow, tensors[name]!)));
    return Object.fromEntries(outputs.map(({ name, type }, index) => [name, fromTensorFlow(results[index]!, type)]));
  });
