import type { KerasModel } from '../../src/keras/index.js';
import { compile } from '../../src/onnx/compile.js';
import { UnsupportedLayersError } from '../../src/onnx/unsupported.js';

/** Why the compiler refuses a model, without the names of its layers; undefined where it takes it. */
export function refusalOf(model: KerasModel): string | undefined {
  try {
    compile(model);
  } catch (error) {
    if (error instanceof UnsupportedLayersError) return error.layers.map(({ reason }) => reason).join();
    const { message } = error as Error;
    return /^The layer "tested" \(.*?\) can't be built: (.*)\.$/.exec(message)?.[1] ?? message;
  }
  return undefined;
}
