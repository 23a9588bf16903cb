import type { Session } from '../../src/inference/engine.js';
import { InferenceSession, Tensor } from '../../src/inference/onnxruntime.js';
import { withStrings } from '../../src/inference/string-session.js';
import type { OnnxModel } from '../../src/onnx/compile.js';
import type { Tensor as PlainTensor, Signature, Tensors, TensorType } from '../../src/support/tensor.js';

const infos = (names: readonly string[]) => names.map((name) => ({ name, type: 'float32' as const, shape: [] }));

/**
 * A session of a model as it is compiled, in this process, with what it does with strings.
 * @param path of the model where it has been written; its bytes by default
 */
export async function sessionOf({ bytes, strings }: OnnxModel, path?: string): Promise<Session> {
  const options = { logSeverityLevel: 4, intraOpNumThreads: 1 } as const;
  const session = await (path === undefined
    ? InferenceSession.create(bytes.toBuffer(), options)
    : InferenceSession.create(path, options));
  const engine: Session = {
    inputs: infos(session.inputNames),
    outputs: infos(session.outputNames),
    async run(tensors: Tensors): Promise<Tensors> {
      const feeds = Object.entries(tensors).map(
        ([name, { type, data, shape }]) => [name, new Tensor(type, data as never, shape)] as const,
      );
      const results = Object.entries(await session.run(Object.fromEntries(feeds)));
      return Object.fromEntries(
        results.map(([name, { type, data, dims }]) => [
          name,
          { type: type as TensorType, data: data as PlainTensor['data'], shape: [...dims] },
        ]),
      );
    },
    close: () => session.release(),
  };
  return strings ? withStrings(engine, strings) : engine;
}

/** What the ONNX model of a compiled one takes and gives by itself. */
export async function engineSignature({ bytes }: OnnxModel): Promise<Signature> {
  const session = await InferenceSession.create(bytes.toBuffer(), { logSeverityLevel: 4, intraOpNumThreads: 1 });
  const infosOf = (metadata: readonly InferenceSession.ValueMetadata[]) =>
    metadata.map(({ name, ...value }) => ({ name, type: (value as { type: TensorType }).type, shape: [] }));
  const signature = { inputs: infosOf(session.inputMetadata), outputs: infosOf(session.outputMetadata) };
  await session.release();
  return signature;
}
