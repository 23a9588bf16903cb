import type { TensorInfo } from '../support/tensor.js';
import type { Facts } from './kind.js';

/** What a model was trained for, by the losses that say so. */
export type Task = 'classes' | 'binary' | 'number';

/** https://keras.io/api/losses/ */
const tasks: Record<string, Task> = {
  CategoricalCrossentropy: 'classes',
  SparseCategoricalCrossentropy: 'classes',
  CategoricalFocalCrossentropy: 'classes',
  CategoricalGeneralizedCrossEntropy: 'classes',
  BinaryCrossentropy: 'binary',
  BinaryFocalCrossentropy: 'binary',
  MeanSquaredError: 'number',
  MeanAbsoluteError: 'number',
  MeanAbsolutePercentageError: 'number',
  MeanSquaredLogarithmicError: 'number',
  Huber: 'number',
  LogCosh: 'number',
  Poisson: 'number',
};

/** What a model tells of one of its outputs. */
export interface Evidence {
  /** Of the layer that makes it; undefined where that isn't known. */
  activation?: string;
  /** The name of the loss that it was trained with. */
  loss?: string;
  /** What that loss is for. */
  task?: Task;
  /** Whether the loss takes the output for logits, of which softmax or sigmoid are still to be made. */
  fromLogits: boolean;
}

/** What a model tells of an output. */
export function evidenceOf({ name }: TensorInfo, { signature, hints }: Facts): Evidence {
  const index = signature.outputs.findIndex((output) => output.name === name);
  const { activation, loss } = hints?.outputs?.[index] ?? {};
  return {
    activation,
    loss: loss?.name,
    task: loss && Object.hasOwn(tasks, loss.name) ? tasks[loss.name] : undefined,
    // What has its activation in the graph are no logits, whatever the loss was told.
    fromLogits: loss?.fromLogits === true && isLinear(activation),
  };
}

/** Whether an activation changes nothing, or there is none. */
export const isLinear = (activation: string | undefined): boolean => activation === 'linear';

/** How many numbers there are for a datapoint, where they are one or a list: (batch) and (batch, n) of floats. */
export function widthOf({ shape, type }: TensorInfo): number | undefined {
  if (!type.startsWith('float') || shape.length === 0 || shape.length > 2) return undefined;
  const [, width = 1] = shape;
  return width ?? undefined;
}
