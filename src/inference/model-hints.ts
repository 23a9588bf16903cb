import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { Graph, KerasModel } from '../keras/index.js';
import { type BackboneFamily, backboneFamily } from '../onnx/backbones.js';
import { compile } from '../onnx/compile.js';
import { type Front, frontModel, frontOf } from '../onnx/front.js';

/** What a Keras model gives away about what it was trained on, beside its signature. Pure data; all of it may be absent. */
export interface ModelHints {
  /** The arithmetic at its front. */
  scaling?: {
    /** Its first layer or operation: `Rescaling`, `ops.TrueDivide`. */
    className: string;
    name: string;
    /** What it makes of pixels that are 0 and 255. */
    range: [from: number, to: number];
  };
  /** The model of keras.applications at its front. */
  backbone?: { family: BackboneFamily; name: string };
  /** Whether it is built as Teachable Machine builds its image models. */
  teachableMachine?: boolean;
  /** The activation of its last layer, such as `softmax`. */
  activation?: string;
}

/** What a model gives away. Never fails: what can't be found out is left out. */
export async function hintsOf(model: KerasModel): Promise<ModelHints> {
  const hints: ModelHints = { activation: lastActivation(model.graph) };
  if (model.graph.inputs[0]?.shape.length !== 4) return hints;
  const front = frontOf(model);
  return {
    ...hints,
    scaling: await scalingOf(model, front).catch(() => undefined),
    backbone: backboneOf(front),
    teachableMachine: isTeachableMachine(model, front) || undefined,
  };
}

async function scalingOf(model: KerasModel, front: Front): Promise<ModelHints['scaling']> {
  const [first] = front.scaling;
  if (!first) return undefined;
  const { bytes, inputs, outputs } = compile(frontModel(model, front));
  const session = await InferenceSession.create(bytes.toBuffer(), { logSeverityLevel: 4, intraOpNumThreads: 1 });
  const [input, output] = [inputs[0]!, outputs[0]!];
  const shape = input.shape.map((size) => size ?? 2);
  const pixels = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, index) => index);
  const half = pixels.length / 2;
  const results = await session.run({
    [input.name]: new OrtTensor('float32', pixels.fill(0, 0, half).fill(255, half), shape),
  });
  await session.release();
  const scaled = Array.from(results[output.name]!.data as Float32Array);
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const range: [number, number] = [mean(scaled.slice(0, scaled.length / 2)), mean(scaled.slice(scaled.length / 2))];
  const { className, name } = first.layer;
  return range.every(Number.isFinite) ? { className, name, range } : undefined;
}

/** The innermost of the models around the first layer that is one of keras.applications. */
function backboneOf({ around, next }: Front): ModelHints['backbone'] {
  for (const { name, graph } of next ? around.toReversed() : []) {
    const layers = graph.calls.map(({ layer }) => layer.name);
    const family = backboneFamily(name, layers);
    if (family) return { family, name };
  }
  return undefined;
}

/** Teachable Machine: a Sequential of two, MobileNetV2 with a pooling layer, and the layers that were trained. */
function isTeachableMachine({ className, graph }: KerasModel, front: Front): boolean {
  const layers = graph.calls.map(({ layer }) => layer);
  return (
    className === 'Sequential' &&
    layers.length === 2 &&
    layers.every((layer) => layer.className === 'Sequential') &&
    backboneOf(front)?.family === 'MobileNetV2' &&
    lastActivation(graph) === 'softmax'
  );
}

function lastActivation({ calls }: Graph): string | undefined {
  const layer = calls.at(-1)?.layer;
  if (!layer) return undefined;
  if (layer.graph) return lastActivation(layer.graph);
  if (layer.className === 'Softmax') return 'softmax';
  return typeof layer.config.activation === 'string' ? layer.config.activation : undefined;
}
