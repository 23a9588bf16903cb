import { writeFile } from 'node:fs/promises';
import { readKerasModel } from '../src/keras/index.js';
import type { OnnxModel } from '../src/onnx/compile.js';
import { compile } from '../src/onnx/compile.js';
import type { Tensor as PlainTensor, Tensors } from '../src/support/tensor.js';
import { sessionOf } from '../test/helpers/compiled-session.js';
import { as, decode, type RecordedTensor } from '../test/helpers/fixtures.js';

/** A model file with an input and what Keras answers to it: `*.case.json`. */
export interface Case {
  /** The model file, and that of its weights where they are apart. */
  model: string;
  weights?: string;
  /** What the file is: `keras`, `hdf5`, `architecture`, `tensorflowjs`, `weights` or `unknown`. */
  kind: string;
  /** The version of Keras that wrote the file. */
  version?: string;
  /** The Keras that answered; absent where none did. */
  keras?: string;
  inputs?: RecordedTensor[];
  outputs?: RecordedTensor[];
  /** Why there is no answer of Keras. */
  none?: string;
  /** The error that is let pass, where the model computes in half precision: a part of the output's scale. */
  tolerance?: number;
  /** How far Keras's own answer moves, as a part of its scale, when the last bit of the input changes. */
  rounding?: number;
}

/**
 * What keras-serve answers: the model file read, compiled and run on the recorded inputs.
 *
 * @param onnx where to write the compiled model, and run it from
 * @throws ModelFileError
 */
export async function answer({ model, weights, inputs }: Case, onnx?: string): Promise<PlainTensor[]> {
  const compiled = compile(await readKerasModel(model, weights ? { weights } : {}));
  if (onnx) await writeFile(onnx, compiled.bytes);
  const session = await sessionOf(compiled, onnx);
  try {
    const results = await session.run(inputs ? tensorsOf(compiled, inputs) : {}, []);
    return compiled.outputs.map(({ name }) => results[name]!);
  } finally {
    await session.close();
  }
}

function tensorsOf({ inputs }: OnnxModel, recorded: readonly RecordedTensor[]): Tensors {
  if (inputs.length !== recorded.length)
    throw new Error(`Keras names ${recorded.length} inputs, keras-serve ${inputs.length}`);
  return Object.fromEntries(
    inputs.map(({ name, type }, index) => {
      const one = recorded.find((other) => other.name === name) ?? recorded[index]!;
      return [name, as(decode(one), type)];
    }),
  );
}

/** The positions of the greatest value of each row (the last axis). */
export function argmax({ data, shape }: PlainTensor): number[] {
  const width = shape.at(-1) || 1;
  const values = Array.from(data as ArrayLike<number | bigint>, Number);
  return Array.from({ length: values.length / width }, (_, row) => {
    let best = 0;
    for (let i = 1; i < width; i++) if (values[row * width + i]! > values[row * width + best]!) best = i;
    return best;
  });
}

/** Whether each row of `actual` is greatest where `expected` is, or as good as greatest: within `tolerance` of the scale. */
export function sameArgmax(actual: PlainTensor, expected: PlainTensor, tolerance = 1e-5): boolean {
  const width = expected.shape.at(-1) || 1;
  const chosen = argmax(actual);
  return argmax(expected).every((best, row) => {
    const greatest = Number(expected.data[row * width + best]);
    const there = Number(expected.data[row * width + chosen[row]!]);
    return greatest - there <= tolerance * Math.max(1e-3, Math.abs(greatest)) || Object.is(greatest, there);
  });
}
