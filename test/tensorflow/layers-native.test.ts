/** Every fixture that TensorFlow.js can express gives Keras's answers on TensorFlow's native library. */
import { describe } from 'node:test';
import { tensorflow, withoutNative } from '../helpers/tensorflow.js';
import { testLayers } from './layers.js';

if (withoutNative) describe('Keras files on TensorFlow', { skip: withoutNative }, () => undefined);
else testLayers(tensorflow, 700);
