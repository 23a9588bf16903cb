import { prepareTensor } from '../support/preparation.js';
import { loadStoredModel } from '../tensorflow/load.js';
import { runTensors } from '../tensorflow/runnable.js';
import { loadTensorFlow, nativeAdvice } from '../tensorflow/runtime.js';
import type { Engine, Session } from './engine.js';

/** TensorFlow: its native library where that is installed, else TensorFlow.js on WebAssembly. */
export const tensorflowEngine: Engine = {
  async load({ path, threads, prepare = {} }): Promise<Session> {
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
      async run(tensors, raw) {
        const given = { ...tensors };
        for (const name of raw) {
          const input = inputs.find((each) => each.name === name)!;
          given[name] = prepareTensor(tensors[name]!, prepare[name]!, input);
        }
        return runTensors(tensorflow, model, model.signature, given);
      },
      async close() {
        model.dispose();
      },
    };
  },
};
