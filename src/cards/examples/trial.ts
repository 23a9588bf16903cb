import { readFile } from 'node:fs/promises';
import type { ImageInput } from '../../datapoints/images/image-input.js';
import { imageOptions, resolveScaling } from '../../datapoints/images/image-settings.js';
import type { ImageSpec } from '../../datapoints/kinds/image.js';
import { rowOf } from '../../datapoints/tensor-rows.js';
import type { ImageDecoder } from '../../images/decoder.js';
import { prepareTensor } from '../../support/preparation.js';
import type { Tensor, TensorInfo, Tensors } from '../../support/tensor.js';
import { type Example, ExamplesError } from './examples.js';
import type { Hypothesis } from './hypotheses.js';
import { type Share, shareOf } from './statistics.js';

/** A model that says of an image which class it is. */
export interface Classifier {
  input: TensorInfo;
  taken: Pick<ImageInput, 'channels' | 'channelsFirst'>;
  spec: ImageSpec;
  classes: number;
  predict(inputs: Tensors): Promise<Tensor>;
  /** The class that a row of what it predicts is of. */
  classOf(row: Tensor): number;
}

/** How a hypothesis does. */
export interface Trial {
  hypothesis: Hypothesis;
  /** The class that the model gives for each example. */
  given: number[];
  /** Which of them it has right. */
  right: boolean[];
  accuracy: Share;
}

/** Images that are run at once. */
const atOnce = 16;

/** Tries one hypothesis after the other. @param onImage is told of each image that the model has looked at */
export async function tryOut(
  model: Classifier,
  decoder: ImageDecoder,
  examples: readonly Example[],
  hypotheses: readonly Hypothesis[],
  onImage: () => void,
): Promise<Trial[]> {
  const trials: Trial[] = [];
  for (const hypothesis of hypotheses) {
    const given: number[] = [];
    for (let start = 0; start < examples.length; start += atOnce) {
      const found = examples.slice(start, start + atOnce).map(async ({ path }) => {
        const output = await model.predict({ [model.input.name]: await prepared(model, decoder, path, hypothesis) });
        onImage();
        return model.classOf(rowOf(output, 0));
      });
      given.push(...(await Promise.all(found)));
    }
    const right = given.map((number, index) => number === examples[index]!.class);
    trials.push({ hypothesis, given, right, accuracy: shareOf(right.filter(Boolean).length, right.length) });
  }
  return trials;
}

/** An image as the model takes it. @throws ExamplesError where the picture can't be read */
async function prepared(
  { input, taken, spec }: Classifier,
  decoder: ImageDecoder,
  path: string,
  hypothesis: Hypothesis,
): Promise<Tensor> {
  const { rawShape } = spec.preparation;
  const options = { ...imageOptions(hypothesis, taken), keepDepth: spec.options.keepDepth };
  const preparation = resolveScaling(hypothesis.scaling, taken, (key) => key);
  try {
    const { shape, type, data } = await decoder.decode(await readFile(path), options);
    return prepareTensor(
      { type, shape: [1, ...shape], data },
      { ...preparation, ...(rawShape && { rawShape }) },
      input,
    );
  } catch (cause) {
    throw new ExamplesError(`${path}: ${(cause as Error).message}`, { cause });
  }
}
