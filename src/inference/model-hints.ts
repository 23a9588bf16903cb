import type { Graph, KerasModel } from '../keras/index.js';
import { type BackboneFamily, backboneFamily } from '../onnx/backbones.js';
import { compile } from '../onnx/compile.js';
import { type Front, frontModel, frontOf } from '../onnx/front.js';
import { InferenceSession, Tensor as OrtTensor } from './onnxruntime.js';

/** What a Keras model gives away about what it was trained on, beside its signature. Pure data; all of it may be absent. */
export interface ModelHints {
  /** The arithmetic at its front. */
  scaling?: {
    /** Its first layer or operation: `Rescaling`, `ops.TrueDivide`. */
    className: string;
    name: string;
    /** What it makes of pixels that are 0 and 255, where that could be found out. */
    range?: [from: number, to: number];
  };
  /** The model of keras.applications at its front. */
  backbone?: { family: BackboneFamily; name: string };
  /** Whether it is built as Teachable Machine builds its image models. */
  teachableMachine?: boolean;
  /** The activation of its last layer, such as `softmax`. */
  activation?: string;
}

/** What a model gives away. Never fails: what can't be found out is left out. */
export const hintsOf = (model: KerasModel): Promise<ModelHints> => findHints(model).catch(() => ({}));

async function findHints(model: KerasModel): Promise<ModelHints> {
  const hints: ModelHints = { activation: lastActivation(model.graph) };
  if (model.graph.inputs[0]?.shape.length !== 4) return hints;
  const front = frontOf(model);
  return {
    ...hints,
    scaling: await scalingOf(model, front),
    backbone: backboneOf(front),
    teachableMachine: isTeachableMachine(model, front) || undefined,
  };
}

/** The most calls that are run to see what they do: nobody scales pixels in more steps. */
const maxMeasured = 100;

async function scalingOf(model: KerasModel, front: Front): Promise<ModelHints['scaling']> {
  const [first] = front.scaling;
  if (!first) return undefined;
  const { className, name } = first.layer;
  const measurable = front.scaling.length <= maxMeasured;
  const range = measurable ? await rangeOf(frontModel(model, front)).catch(() => undefined) : undefined;
  return { className: printable(className), name: printable(name), ...(range?.every(Number.isFinite) && { range }) };
}

/** What the arithmetic at the front makes of a black and a white pixel, on average over the channels: it is run. */
async function rangeOf(model: KerasModel): Promise<[from: number, to: number]> {
  const { bytes, inputs, outputs } = compile(model);
  const session = await InferenceSession.create(bytes.toBuffer(), { logSeverityLevel: 4, intraOpNumThreads: 1 });
  const { name, shape } = inputs[0]!;
  const [, ...sizes] = shape.map((size) => size ?? 1);
  const channels = sizes.reduce((product, size) => product * size, 1);
  const pixels = Float32Array.from({ length: 2 * channels }, (_, index) => (index < channels ? 0 : 255));
  const results = await session.run({ [name]: new OrtTensor('float32', pixels, [2, ...sizes]) });
  await session.release();
  const scaled = Array.from(results[outputs[0]!.name]!.data as Float32Array);
  return [mean(scaled.slice(0, scaled.length / 2)), mean(scaled.slice(scaled.length / 2))];
}

/** A name out of the file, for messages. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, '?').slice(0, 100);

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The first model of keras.applications around the layers behind the front. */
function backboneOf({ models }: Front): ModelHints['backbone'] {
  for (const [{ calls }, name] of models) {
    const layers = calls.map(({ layer }) => layer.name);
    const family = backboneFamily(name, layers);
    if (family) return { family, name: printable(name) };
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
  return typeof layer.config.activation === 'string' ? printable(layer.config.activation) : undefined;
}
