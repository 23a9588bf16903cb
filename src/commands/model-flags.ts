import type { ModelSource } from '../inference/compile-messages.js';
import type { Flag } from './command.js';
import { UsageError } from './errors.js';

/** What a model file may not say of itself; every command that reads one takes these. */
export const modelFlags: Record<'weights' | 'input-shape' | 'signature', Flag> = {
  weights: {
    type: 'string',
    value: 'file',
    description: 'Weights, where the model is an architecture in JSON, or other ones for a Keras Application',
  },
  'input-shape': {
    type: 'string',
    value: 'sizes',
    description: 'Shape of one example, such as 28,28,1 (any for an open axis), for a model saved before it was built',
  },
  signature: {
    type: 'string',
    value: 'name',
    description: 'Which signature of a SavedModel is served, where it has several (default serving_default)',
  },
};

/**
 * What the flags say.
 * @throws UsageError
 */
export function modelOptions(flags: Record<string, unknown>): Omit<ModelSource, 'path'> {
  const { weights, 'input-shape': shape, signature } = flags as Record<string, string | undefined>;
  return { weights, inputShape: shape === undefined ? undefined : shapeOf(shape), signature };
}

function shapeOf(text: string): (number | null)[] {
  const sizes = text.replace(/^\((.*?),?\)$/, '$1').split(/\s*,\s*/);
  return sizes.map((size) => {
    if (/^(any|none|\?)$/i.test(size)) return null;
    if (/^[1-9]\d{0,8}$/.test(size)) return Number(size);
    throw new UsageError(`--input-shape must be sizes such as 28,28,1, but is "${text.slice(0, 80)}"`);
  });
}
