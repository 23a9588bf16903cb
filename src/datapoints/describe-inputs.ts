import type { Signature } from '../support/tensor.js';
import { show } from './json-tensor.js';
import { imagesOf, inputKind, type ModelKinds } from './kinds.js';

/** The inputs of a model that a message names: no message is longer than a screen. */
export const mostNamed = 100;

/** What of a model its descriptions are made from. */
export interface Described extends Signature {
  kinds: ModelKinds;
}

/** What to send to a model: `Send JSON: {"instances": [...]}, where each instance is an array of 6 numbers.` */
export function describeInputs({ inputs, kinds }: Pick<Described, 'inputs' | 'kinds'>): string {
  const texts = inputs.slice(0, mostNamed).map((input) => {
    const { kind, spec } = kinds.inputs[input.name]!;
    return { name: input.name, text: inputKind(kind).describe(input, spec).text };
  });
  const described = texts.map(({ name, text }) => `${show(name)}: ${text}`);
  const rows = inputs.every(({ shape }) => shape.length > 0);
  if (!rows) return `Send JSON with a value for every input: {${described.join('; ')}}.`;
  const instance =
    inputs.length === 1
      ? texts[0]!.text
      : `an object with ${described.join('; ')}${inputs.length > mostNamed ? '; …' : ''}`;
  return `Send JSON: {"instances": [...]}, where each instance is ${instance}.`;
}

/** The message of a request with an image alone to a model that takes none so. */
export function noImages(model: Pick<Described, 'inputs' | 'kinds'>): string {
  const isTaken = Object.keys(imagesOf(model.kinds)).length > 0;
  return `This model takes ${isTaken ? 'an image beside others, not alone' : 'no images'}. ${describeInputs(model)}`;
}
