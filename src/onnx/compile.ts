import { ModelFileError } from '../keras/errors.js';
import type { KerasModel } from '../keras/model.js';
import { outputNames } from '../keras/outputs.js';
import { majorVersion } from '../keras/version.js';
import type { StringPlan } from '../strings/plan.js';
import { encodePlan, planHash } from '../strings/plan-file.js';
import type { Signature, TensorInfo } from '../support/tensor.js';
import { type ExternalModel, encodeOnnx, encodeWithExternalData, type Metadata } from './encode.js';
import { type CompileObserver, GraphCompiler, infoOf } from './graph-compiler.js';
import { inputType } from './input-types.js';
import { layerTable } from './layers/index.js';
import { metadataNames } from './metadata.js';
import type { ByteChunks } from './protobuf.js';
import { batchDependent } from './rows/index.js';
import { isString } from './string-graph.js';
import { findUnsupported, UnsupportedLayersError } from './unsupported.js';

/** A compiled model. */
export interface OnnxModel extends Required<Signature> {
  /** In the order of Keras's `model.inputs`. */
  inputs: TensorInfo[];
  /** In flattened order; a dict's keys and Keras's output names where they are known. */
  outputs: TensorInfo[];
  /** What is done with strings before and after the engine runs; undefined where the model has none. */
  strings: StringPlan | undefined;
  /** The file. */
  bytes: ByteChunks;
  /** The same with the weights in a file of this name beside it, for models of more than 2 GB. */
  withExternalData(name: string): ExternalModel;
}

/**
 * Compiles a Keras model to an ONNX model (opset 21) that gives Keras's answers.
 * @param observe told of every call that can be compiled, those before and beside a layer that can't among them
 * @param metadata goes into the file, with whether rows depend on each other
 * @throws UnsupportedLayersError that lists every layer that can't be compiled
 * @throws ModelFileError `model_damaged`, `model_weights_missing`, `model_too_large`
 */
export function compile(
  model: KerasModel,
  observe: CompileObserver = () => undefined,
  metadata: Metadata = {},
): OnnxModel {
  const unsupported = findUnsupported(model.graph, layerTable);
  const compiler = new GraphCompiler(majorVersion(model.kerasVersion), unsupported, observe);
  const { graph, strings } = compiler;
  const inputs = model.graph.inputs.map(({ name, dtype, shape }) => {
    if (dtype === 'string') return strings.input(name, shape);
    const input = graph.input(name, inputType(dtype), shape);
    strings.isInput(input);
    return input;
  });
  const names = outputNames(model.graph);
  // Outputs are named first, so that no node takes the name.
  const reserved = names.map((name) => graph.reserve(name));
  try {
    const made = compiler.run(model.graph, inputs);
    const outputs = made.map((value, index) => (isString(value) ? value : graph.output(reserved[index]!, value)));
    if (unsupported.length === 0) {
      const mixes = strings.batchDependent || batchDependent(graph);
      const named = outputs.map((value, index) => ({ ...infoOf(value), name: reserved[index]! }));
      const plan = strings.plan({
        inputs: inputs.map(infoOf),
        outputs: named,
        results: outputs.map(({ name }) => name),
      });
      // First, as what follows may be longer than what is read of it again.
      const noted = {
        [metadataNames.batchDependent]: String(mixes),
        ...(plan && { [metadataNames.strings]: planHash(encodePlan(plan)) }),
        ...metadata,
      };
      return {
        inputs: inputs.map(infoOf),
        outputs: named,
        strings: plan,
        batchDependent: mixes,
        bytes: encodeOnnx(graph, noted),
        withExternalData: (name) => encodeWithExternalData(graph, name, noted),
      };
    }
  } catch (error) {
    // What else is damaged matters once these layers are replaced.
    const tooLarge = error instanceof ModelFileError && error.code === 'model_too_large';
    if (unsupported.length === 0 || tooLarge) throw error;
  }
  throw new UnsupportedLayersError(unsupported);
}
