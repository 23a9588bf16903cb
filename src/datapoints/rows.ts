import type { TensorInfo } from '../support/tensor.js';

/** Whether tensors have rows in common, by what a signature says of them: then JSON has them row by row, else one by one. */
export const haveRows = (infos: readonly TensorInfo[]): boolean =>
  infos[0]?.shape[0] !== undefined && infos.every(({ shape }) => shape[0] === infos[0]!.shape[0]);
