import { OpenInferenceParams } from '../../schemas/open-inference.js';

/** The ways to name a model: what follows its name, and what is added to the ids of the operations. */
export const ways = [
  { path: '', suffix: '', params: OpenInferenceParams.model, which: 'the newest version of a model' },
  { path: '/versions/:version', suffix: 'Version', params: OpenInferenceParams.version, which: 'a version of a model' },
];

/** Of all operations. */
export const tags = ['Open Inference Protocol'];
