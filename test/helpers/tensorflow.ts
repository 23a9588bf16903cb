import { loadTensorFlow } from '../../src/tensorflow/runtime.js';

/** TensorFlow.js in this process: the native library where that is installed. */
export const tensorflow = await loadTensorFlow();

/** Why tests of the native library are skipped; false where it is there. */
export const withoutNative: string | false = tensorflow.node
  ? false
  : "TensorFlow's native library is not installed: npm run setup:tensorflow (docs/tensorflow.md)";
