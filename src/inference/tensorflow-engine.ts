import { loadStoredModel } from '../tensorflow/load.js';
import { runTensors } from '../tensorflow/runnable.js';
import { loadTensorFlow, nativeAdvice } from '../tensorflow/runtime.js';
import type { Engine, Session } from './engine.js';
import { scalePixels } from './scale-pixels.js';

/** TensorFlow: its native library where that is installed, else TensorFlow.js on WebAssembly. */
export const tensorflowEngine: Engine = {
  async load({ path, threads, pixelScaling }): Promise<Session> {
    const tensorflow = await loadTensorFlow(threads);
    const model = await loadStoredModel(tensorflow, path);
    const { inputs, outputs } = model.signature;
    return {
      inputs,
      outputs,
      notice: tensorflow.node
        ? { message: `engine: TensorFlow's native library, ${tensorflow.name}` }
        : {
            message: `engine: TensorFlow.js on ${tensorflow.name}, since TensorFlow's native library, several times as fast, is not installed`,
            advice: nativeAdvice(),
          },
      async run(tensors, image) {
        if (!image) return runTensors(tensorflow, model, model.signature, tensors);
        if (!pixelScaling) throw new TypeError('the model takes no images');
        const { name, type } = inputs[0]!;
        const scaled = scalePixels(tensors[name]!, pixelScaling, type);
        return runTensors(tensorflow, model, model.signature, { [name]: scaled });
      },
      async close() {
        model.dispose();
      },
    };
  },
};
