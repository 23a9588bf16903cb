/**
 * The first number of a version such as `2.15.0` or `tf-keras 2.16`; 3 where there is none. TensorFlow.js (`tfjs-layers 4.22.0`)
 * has the layers of Keras 2.
 */
export const majorVersion = (version: string | undefined): number =>
  version?.startsWith('tfjs') ? 2 : Number(version?.match(/\d+/)?.[0] ?? 3);
