/** Every fixture that TensorFlow.js can express gives Keras's answers on its WebAssembly backend. */
import { loadTensorFlow } from '../../src/tensorflow/runtime.js';
import { testLayers } from './layers.js';

process.env.KERAS_SERVE_TENSORFLOW_BACKEND = 'wasm';
testLayers(await loadTensorFlow(), 600);
