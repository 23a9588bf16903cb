import type { ImageSpec } from '../datapoints/kinds/image.js';
import type { EngineModel } from '../inference/engine.js';
import { lookUp } from '../support/look-up.js';
import { rawInfo } from '../support/preparation.js';
import { tensorOfTexts } from '../support/strings.js';
import { type Signature, type Tensor, tensorArrays } from '../support/tensor.js';

/** Zeros for every input: pixels, where it takes images, and a word, where it takes strings. */
export function warmUpOf({ inputs }: Signature, images: Record<string, ImageSpec>): EngineModel['warmUp'] {
  const zeros = inputs.flatMap((input): [string, Tensor][] => {
    const { name } = input;
    const image = lookUp(images, name);
    const { type, shape } = image ? rawInfo(input, image.preparation) : input;
    // An ONNX model may take what tensors here can't be.
    if (!Object.hasOwn(tensorArrays, type)) return [];
    const sizes = image ? [1, ...image.options.size, shape.at(-1)!] : shape.map((size) => size ?? 1);
    const length = sizes.reduce((product, size) => product * size, 1);
    if (type === 'string') return [[name, tensorOfTexts(Array(length).fill('a'), sizes)]];
    return [[name, { type, shape: sizes, data: new tensorArrays[type](length) }]];
  });
  return { inputs: Object.fromEntries(zeros), raw: Object.keys(images) };
}
