import { EventEmitter } from 'node:events';
import { Catalog } from '../../src/catalog/catalog.js';
import type { ServedModel } from '../../src/catalog/served-model.js';
import { InferencePool } from '../../src/inference/inference-pool.js';
import { MemoryBudget } from '../../src/serving/memory-budget.js';
import type { RequestContext } from '../../src/serving/request-context.js';
import { Serving, type ServingLimits, type ServingParts } from '../../src/serving/serving.js';
import type { Tensors } from '../../src/support/tensor.js';
import { tensorsOnly } from './kinds.js';

/** What a computed model is made of; what is left out is as of a model that nothing is known of. */
type Given = Pick<ServedModel, 'inputs' | 'outputs'> & Partial<ServedModel> & { batchDependent?: boolean };

/** A served model that computes in JavaScript: for what happens before and after a model is run. Engines have tests of their own. */
export function computedModel(compute: (inputs: Tensors) => Tensors, given: Given): ServedModel {
  return {
    name: 'model',
    card: {},
    notes: [],
    assumptions: [],
    image: undefined,
    kinds: tensorsOnly(given),
    engine: 'onnx',
    digest: '',
    classes: 1,
    ready: true,
    queued: 0,
    events: new EventEmitter(),
    anomalies: [],
    monitoring: new EventEmitter(),
    pool: new InferencePool(0),
    classify: () => Promise.reject(new Error('not of this model')),
    predictImages: () => Promise.reject(new Error('not of this model')),
    predict: async (inputs) => ({ outputs: compute(inputs), timings: { queue: 1, inference: 2 } }),
    enter: () => () => undefined,
    close: async () => undefined,
    ...given,
  };
}

/** What serves a model, as a server does. */
export const servingOf = (
  model: ServedModel,
  limits: Partial<ServingLimits> = {},
  parts: Partial<ServingParts> = {},
): Serving =>
  new Serving(
    {
      catalog: Catalog.of(model),
      preprocess: () => Promise.reject(new Error('no images here')),
      warn: () => undefined,
      ...parts,
    },
    { maxRows: 1000, maxReplySize: 2 ** 20, ...limits },
  );

/** What a request knows of itself, and the memory that all of them may take. */
export function requestContext(limit = 2 ** 30): { context: RequestContext; memory: MemoryBudget } {
  const memory = new MemoryBudget(limit);
  return { memory, context: { signal: new AbortController().signal, timings: {}, memory: memory.reservation() } };
}
