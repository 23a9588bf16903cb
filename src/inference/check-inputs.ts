import { type Preparation, type Preparations, rawInfo } from '../support/preparation.js';
import { faultOf } from '../support/strings.js';
import { type Signature, type Tensor, type TensorInfo, type Tensors, tensorArrays } from '../support/tensor.js';
import { batchSizeOf, rowsOf, sharesBatch } from './batch.js';
import { InferenceError } from './errors.js';

const invalid = (message: string) => new InferenceError('inputs_invalid', message);
const showShape = (shape: readonly (number | null)[]) => `(${shape.map((size) => size ?? 'any').join(', ')})`;

function check({ name, type, shape }: TensorInfo, tensor: Tensor | undefined, anyRows: boolean): void {
  if (!tensor) throw invalid(`The input "${name}" is missing.`);
  if (tensor.type !== type) throw invalid(`The input "${name}" should be ${type}, but is ${tensor.type}.`);
  // An ONNX model may take what tensors here can't be.
  if (!Object.hasOwn(tensorArrays, type)) throw invalid(`The input "${name}" is ${type}, which is not supported.`);
  const array = tensorArrays[type];
  if (!(tensor.data instanceof array))
    throw invalid(`The input "${name}" is ${type}, so its data should be of ${array.name}.`);
  const fits =
    tensor.shape.length === shape.length &&
    tensor.shape.every((size, axis) => shape[axis] === null || (axis === 0 && anyRows) || shape[axis] === size);
  if (!fits)
    throw invalid(`The input "${name}" should have the shape ${showShape(shape)}, but has ${showShape(tensor.shape)}.`);
  const count = tensor.shape.reduce((product, size) => product * size, 1);
  // ONNX Runtime ends the process on some operators when an axis is empty.
  if (count === 0) throw invalid(`The input "${name}" has the shape ${showShape(tensor.shape)}: no axis may be empty.`);
  if (count !== tensor.data.length)
    throw invalid(
      `The input "${name}" of shape ${showShape(tensor.shape)} needs ${count} ${type === 'string' ? 'strings' : 'numbers'}, but has ${tensor.data.length}.`,
    );
  const fault = type === 'string' ? faultOf(tensor) : undefined;
  if (fault) throw invalid(`The input "${name}" ${fault}.`);
}

function preparationOf(name: string, prepare: Preparations): Preparation {
  const preparation = prepare[name];
  if (preparation) return preparation;
  throw invalid(`The input "${name}" can't be given raw: the model was loaded without a preparation for it.`);
}

/**
 * Checks tensors against what a model takes, before they get to an engine in native code. Where requests are put together and
 * filled up to the model's batch, there may be any number of rows.
 * @param raw the names of the inputs that are still to be prepared
 * @param prepare how
 * @throws InferenceError `inputs_invalid`
 */
export function checkInputs(
  tensors: Tensors,
  signature: Signature,
  raw: readonly string[] = [],
  prepare: Preparations = {},
): void {
  const { inputs } = signature;
  const unknown = Object.keys(tensors).find((name) => !inputs.some((input) => input.name === name));
  if (unknown !== undefined) {
    const names = inputs.map(({ name }) => `"${name}"`).join(', ');
    throw invalid(`The model has no input "${unknown.slice(0, 80)}". It takes ${names}.`);
  }
  const anyRows = batchSizeOf(signature) !== undefined;
  for (const input of inputs) {
    const { name } = input;
    const given = raw.includes(name) ? rawInfo(input, preparationOf(name, prepare)) : input;
    check(given, tensors[name], anyRows);
  }
  if (!sharesBatch(signature) || rowsOf(tensors) !== undefined) return;
  const rows = inputs.map(({ name }) => `"${name}" has ${tensors[name]!.shape[0]}`).join(', ');
  throw invalid(`The inputs should have as many rows as each other, but ${rows}.`);
}
