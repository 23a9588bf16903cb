import type { io, Tensor as TfTensor } from '@tensorflow/tfjs-core';
import { ModelFileError } from '../keras/errors.js';
import { quote } from '../keras/limits.js';
import type { GraphModelContents } from '../keras/tensorflowjs.js';
import type { TensorInfo, TensorType } from '../support/tensor.js';
import type { Runnable } from './runnable.js';
import type { TensorFlow } from './runtime.js';
import type { GraphModelFile, PreparedModel } from './stored-model.js';
import { typeOf } from './tensors.js';
import { trialRun } from './trial-run.js';

type GraphModel = import('@tensorflow/tfjs-converter').GraphModel;

/** The operations of a loaded graph; those that TensorFlow.js doesn't know have no category. */
interface Nodes {
  executor: { graph: { nodes: Record<string, { op: string; category?: string }> } };
}

async function load(
  { core, converter }: TensorFlow,
  { artifacts }: GraphModelFile,
  weightData: ArrayBuffer,
): Promise<GraphModel> {
  const model = await converter.loadGraphModel(core.io.fromMemory({ ...artifacts, weightData }));
  const { nodes } = (model as unknown as Nodes).executor.graph;
  const unknown = [...new Set(Object.values(nodes).flatMap(({ op, category }) => (category ? [] : [op])))];
  if (unknown.length === 0) return model;
  const names = unknown
    .slice(0, 10)
    .map((op) => quote(op))
    .join(', ');
  throw new ModelFileError(
    'model_unsupported_layers',
    `The graph model calls operations that TensorFlow.js doesn't know: ${names}. Convert the model again without them, or ` +
      'serve the Keras model that it was converted from.',
  );
}

const hasLoops = (model: GraphModel): boolean =>
  Object.values((model as unknown as Nodes).executor.graph.nodes).some(({ category }) => category === 'control');

function runnableOf(model: GraphModel): Runnable {
  const { outputNodes } = model;
  // Loops and branches on values can only be waited for.
  let waits = false;
  return {
    async run(inputs) {
      if (waits) return listOf(await model.executeAsync(inputs, outputNodes));
      try {
        return listOf(model.execute(inputs, outputNodes));
      } catch (error) {
        if (!/executeAsync/.test((error as Error).message)) throw error;
        waits = true;
        return listOf(await model.executeAsync(inputs, outputNodes));
      }
    },
    dispose: () => model.dispose(),
  };
}

const listOf = (tensors: TfTensor | TfTensor[]): TfTensor[] => [tensors].flat();

/** Loads a graph model. @param bytes its weights */
export async function loadGraphModel(
  tensorflow: TensorFlow,
  file: GraphModelFile,
  [bytes]: readonly Uint8Array<ArrayBuffer>[],
): Promise<Runnable> {
  return runnableOf(await load(tensorflow, file, bytes!.buffer));
}

const shapeOf = (shape: number[] | undefined): (number | null)[] | undefined =>
  shape?.map((size) => (size < 0 ? null : size));

/** A tensor of a signature in `model.json`, in the words of TensorFlow's protobuf messages. */
interface Declared {
  dtype?: string;
  tensorShape?: { dim?: { size?: string | number }[]; unknownRank?: boolean };
}

type DeclaredSignature = Partial<Record<'inputs' | 'outputs', Record<string, Declared>>>;

const signatureOf = ({ signature, userDefinedMetadata }: io.ModelArtifacts): DeclaredSignature =>
  ((signature as DeclaredSignature | undefined) ?? userDefinedMetadata?.signature ?? {}) as DeclaredSignature;

const declaredTypes: Record<string, TensorType> = {
  DT_FLOAT: 'float32',
  DT_INT32: 'int32',
  DT_INT64: 'int32',
  DT_UINT8: 'int32',
  DT_BOOL: 'bool',
};

const declaredType = (declared: Declared | undefined): TensorType | undefined => declaredTypes[declared?.dtype ?? ''];

const declaredShape = (declared: Declared | undefined): (number | null)[] | undefined =>
  declared?.tensorShape && !declared.tensorShape.unknownRank
    ? shapeOf((declared.tensorShape.dim ?? []).map(({ size }) => Number(size)))
    : undefined;

/**
 * Loads a graph model and runs it once.
 * @throws ModelFileError `model_unsupported_layers` for operations that TensorFlow.js doesn't know, `model_damaged`
 */
export async function prepareGraphModel(
  tensorflow: TensorFlow,
  { artifacts, weights }: GraphModelContents,
): Promise<PreparedModel> {
  const file: GraphModelFile = {
    format: 'graph-model',
    artifacts: artifacts as io.ModelArtifacts,
    weightBytes: weights.byteLength,
  };
  try {
    const model = await load(tensorflow, file, weights.buffer);
    const signature = signatureOf(file.artifacts);
    const inputs = model.inputs.map((input, index): TensorInfo => {
      const name = model.inputNodes[index]!;
      const declared = signature.inputs?.[name];
      const shape = declaredShape(declared) ?? shapeOf(input.shape);
      if (!shape) throw new TypeError(`it does not say how many axes its input "${name}" has`);
      return { name, type: declaredType(declared) ?? typeOf(input.dtype), shape };
    });
    const runnable = runnableOf(model);
    // Zeros may keep a loop going forever.
    const given = hasLoops(model) ? undefined : await trialRun(tensorflow, runnable, inputs);
    const open = inputs.some(({ shape }) => shape.slice(1).includes(null));
    const rows = inputs.some(({ shape }) => shape[0] === null);
    const outputs = model.outputs.map((output, index): TensorInfo => {
      const name = model.outputNodes[index]!;
      const declared = signature.outputs?.[name];
      const seen = given?.[index];
      // Where the graph doesn't say, what it gave does, as far as it doesn't go by what it was given.
      const seenShape = seen?.shape.map((size, axis) => (open || (rows && axis === 0) ? null : size));
      const shape = declaredShape(declared) ?? shapeOf(output.shape) ?? seenShape ?? [null];
      const type = seen ? typeOf(seen.dtype) : (declaredType(declared) ?? typeOf(output.dtype));
      return { name, type, shape };
    });
    runnable.dispose();
    return { model: { ...file, signature: { inputs, outputs, batchDependent: true } }, weights: [weights] };
  } catch (error) {
    if (error instanceof ModelFileError) throw error;
    const reason = (error as Error).message.replace(/\s+/g, ' ').slice(0, 500);
    throw new ModelFileError('model_damaged', `TensorFlow.js can't run the graph model: ${reason}`, { cause: error });
  }
}
