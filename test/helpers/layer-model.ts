import { InferenceSession, Tensor as OrtTensor } from '../../src/inference/onnxruntime.js';
import {
  type Argument,
  type Config,
  type GraphInput,
  type KerasModel,
  type Layer,
  TensorReference,
  type Weight,
} from '../../src/keras/index.js';
import { compile } from '../../src/onnx/compile.js';
import type { Tensor, TensorType } from '../../src/support/tensor.js';

/** Numbers between -1 and 1 that are the same in every run. */
export function numbers(count: number, seed = 1): Float32Array {
  let state = seed * 2654435761;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** A tensor of {@link numbers}. */
export const floats = (shape: readonly number[], seed?: number): Tensor => ({
  type: 'float32',
  shape: [...shape],
  data: numbers(count(shape), seed),
});

/** A layer with weights of the given shapes. Equal names and shapes have equal weights. */
export function layer(
  className: string,
  config: Config,
  weights: Record<string, number[]> = {},
  layers: Record<string, Layer> = {},
): Layer {
  const made = Object.entries(weights).map(([name, shape], index): [string, Weight] => [
    name,
    { dtype: 'float32', shape, data: numbers(count(shape), index + 2) },
  ]);
  return { name: 'tested', className, module: 'keras.layers', config, weights: new Map(made), layers };
}

/** An input of a {@link layerModel}: its shape, or with its dtype. */
export type Input = (number | null)[] | { shape: (number | null)[]; dtype: GraphInput['dtype'] };

/**
 * A Keras model that calls one layer.
 * @param inputs by name
 * @param args names of inputs, as the layer's arguments
 * @param kwargs where a string that names an input stands for it
 */
export function layerModel(
  tested: Layer,
  inputs: Record<string, Input>,
  {
    args = ['x'],
    kwargs = {},
    outputs = 1,
  }: { args?: Argument[]; kwargs?: Record<string, Argument>; outputs?: number } = {},
): KerasModel {
  const resolve = (argument: Argument): Argument => {
    if (typeof argument === 'string' && Object.hasOwn(inputs, argument)) return new TensorReference(`${argument}:0`);
    return Array.isArray(argument) ? argument.map(resolve) : argument;
  };
  const named = Object.entries(kwargs).map(([key, argument]) => [key, resolve(argument)]);
  return {
    name: 'model',
    container: 'keras',
    kerasVersion: '3',
    className: 'Functional',
    graph: {
      inputs: Object.entries(inputs).map(([name, input]) => ({
        name,
        id: `${name}:0`,
        ...(Array.isArray(input) ? { shape: input, dtype: 'float32' as const } : input),
      })),
      calls: [{ layer: tested, args: args.map(resolve), kwargs: Object.fromEntries(named), output: 'tested' }],
      outputs: Array.from({ length: outputs }, (_, index) => new TensorReference(`tested:${index}`)),
    },
  };
}

/** Compiles a model and opens it: gives its outputs for tensors by input name, in order. */
export async function open(model: KerasModel): Promise<(feeds: Record<string, Tensor>) => Promise<Tensor[]>> {
  const compiled = compile(model);
  const session = await InferenceSession.create(compiled.bytes.toBuffer(), {
    logSeverityLevel: 4,
    intraOpNumThreads: 1,
  });
  return async (feeds) => {
    const tensors = Object.entries(feeds).map(([name, { type, data, shape }]) => [
      name,
      new OrtTensor(type, data as never, shape),
    ]);
    const results = await session.run(Object.fromEntries(tensors));
    return compiled.outputs.map(({ name }) => {
      const { type, data, dims } = results[name]!;
      return { type: type as TensorType, data: data as Tensor['data'], shape: [...dims] };
    });
  };
}
