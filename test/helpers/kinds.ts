import type { ImageSpec } from '../../src/datapoints/kinds/image.js';
import type { Claimed, ModelKinds } from '../../src/datapoints/kinds.js';
import type { Signature, TensorInfo } from '../../src/support/tensor.js';

/** What a model is of which nothing is known: tensors to tensors. */
export const tensorsOnly = ({ inputs, outputs }: Signature): ModelKinds => {
  const all = (infos: readonly TensorInfo[]) =>
    Object.fromEntries(infos.map(({ name }) => [name, { kind: 'tensor', spec: null }]));
  return { inputs: all(inputs), outputs: all(outputs) };
};

/** An image of that size whose pixels the model takes as they are. */
export function imageOf(
  size: readonly [height: number, width: number],
  channels: 1 | 3 = 1,
  settings: Partial<ImageSpec['settings']> = {},
): Claimed & { spec: ImageSpec } {
  const numbers = (value: number) => Array<number>(channels).fill(value);
  return {
    kind: 'image',
    spec: {
      settings: { size: [...size], resize: 'stretch', interpolation: 'bicubic', scaling: 'none', ...settings },
      options: { size, channels },
      preparation: { type: 'uint8', mean: numbers(0), std: numbers(1) },
    },
  };
}
