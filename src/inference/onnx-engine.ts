import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { alignPrepacked } from '../onnx/align-prepacked.js';
import { planPath } from '../strings/plan.js';
import { preparedRow, prepareTensor } from '../support/preparation.js';
import { tensorOfTexts, textsOf } from '../support/strings.js';
import type { Signature, Tensor, TensorInfo, TensorType } from '../support/tensor.js';
import type { Engine, EngineModel, Session } from './engine.js';
import { InferenceSession, Tensor as OrtTensor } from './onnxruntime.js';

/** Threads wait without spinning, for the processors are shared with decoding and HTTP. */
const sessionExtra = { intra_op: { allow_spinning: '0' } };

function options({ threads, optimized }: Pick<EngineModel, 'threads' | 'optimized'>): InferenceSession.SessionOptions {
  return {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Memory laid out for one size of batch is kept beside that of every other.
    enableMemPattern: false,
    graphOptimizationLevel: optimized ? 'disabled' : 'all',
    logSeverityLevel: 3,
    extra: { session: sessionExtra },
  };
}

function infos(metadata: readonly InferenceSession.ValueMetadata[]): TensorInfo[] {
  return metadata.map((value) => {
    if (!value.isTensor) throw new TypeError(`"${value.name}" is not a tensor`);
    return {
      name: value.name,
      type: value.type as TensorType,
      shape: value.shape.map((size) => (typeof size === 'number' ? size : null)),
    };
  });
}

function toOrt(tensor: Tensor): OrtTensor {
  const { type, data, shape } = tensor;
  return new OrtTensor(type, type === 'string' ? textsOf(tensor) : (data as never), shape);
}

function fromOrt({ type, data, dims }: OrtTensor): Tensor {
  const shape = [...dims];
  if (type === 'string') return tensorOfTexts(data as string[], shape);
  return { type: type as TensorType, data: data as Tensor['data'], shape };
}

const mapValues = <A, B>(values: Readonly<Record<string, A>>, each: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, each(value)]));

async function loadSession(model: EngineModel): Promise<Session> {
  const session = await InferenceSession.create(model.path, options(model));
  const inputs = infos(session.inputMetadata);
  const outputs = infos(session.outputMetadata);
  const inputOf = (name: string) => inputs.find((input) => input.name === name)!;
  const preparations = model.prepare ?? {};
  for (const [name, preparation] of Object.entries(preparations))
    if (preparation.rawShape) preparedRow(inputOf(name), preparation, preparation.rawShape);
  return {
    inputs,
    outputs,
    async run(tensors, raw) {
      const given = { ...tensors };
      for (const name of raw) given[name] = prepareTensor(given[name]!, preparations[name]!, inputOf(name));
      const results = await session.run(mapValues(given, toOrt));
      return mapValues(results, fromOrt);
    },
    close: () => session.release(),
  };
}

async function load(model: EngineModel): Promise<Session> {
  const session = await loadSession(model);
  if (!model.strings) return session;
  // For those alone that have strings: the others start as fast as without.
  const [{ withStrings }, { readPlan }] = await Promise.all([
    import('./string-session.js'),
    import('../strings/plan-file.js'),
  ]);
  return withStrings(session, await readPlan(planPath(model.path)));
}

/** ONNX Runtime on the processor. */
export const onnxEngine: Engine = { load };

/** Loads a model once. @returns what it takes and gives */
async function loadOnce(path: string, more: InferenceSession.SessionOptions = {}): Promise<Signature> {
  const session = await InferenceSession.create(path, { ...options({ threads: 1, optimized: false }), ...more });
  const signature = { inputs: infos(session.inputMetadata), outputs: infos(session.outputMetadata) };
  await session.release();
  return signature;
}

/** What an ONNX model takes and gives: it is loaded, so it runs here. */
export const signatureOf = (path: string): Promise<Signature> => loadOnce(path);

/**
 * Lets ONNX Runtime optimise a model for this processor and writes the result. Weights go into a file of their own, which every
 * process that loads the model maps into its memory: they share it. They are there as they came and as the kernels want them, else each
 * process would make the latter for itself.
 * @param from path of an ONNX model
 * @param to path of the file to write; the weights are written beside it, with `.data` behind the name
 * @returns what the model takes and gives
 */
export async function optimize(from: string, to: string): Promise<Signature> {
  const weights = `${to}.data`;
  const session = {
    ...sessionExtra,
    optimized_model_external_initializers_file_name: basename(weights),
    save_external_prepacked_constant_initializers: '1',
  };
  const signature = await loadOnce(from, { optimizedModelFilePath: to, extra: { session } });
  if (existsSync(weights)) await alignPrepacked(to, weights);
  // Beside weights in a file, ONNX Runtime (1.30) writes the constants of Loop, Scan and If twice, and then refuses them. To see that, no
  // weights need be packed once more.
  const isWhole = await loadOnce(to, {
    graphOptimizationLevel: 'disabled',
    extra: { session: { ...sessionExtra, disable_prepacking: '1' } },
  }).catch(() => undefined);
  if (isWhole) return signature;
  await rm(weights, { force: true });
  return loadOnce(from, { optimizedModelFilePath: to });
}
