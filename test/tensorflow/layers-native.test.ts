/** Every fixture that TensorFlow.js can express gives Keras's answers on TensorFlow's native library. */
import { describe } from 'node:test';
import { testLayers } from './layers.js';

// Which processors oneDNN has kernels for isn't said; TensorFlow's own do less, and every processor has them.
process.env.TF_ENABLE_ONEDNN_OPTS = '0';
const { tensorflow, withoutNative } = await import('../helpers/tensorflow.js');

if (withoutNative) describe('Keras files on TensorFlow', { skip: withoutNative }, () => undefined);
else testLayers(tensorflow, 700);
