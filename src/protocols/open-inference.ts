import { Compile } from 'typebox/compile';
import { InferenceRequest, RequestInput, RequestOutput } from '../../schemas/open-inference.js';
import { InstancesError, TensorWriter } from '../catalog/json-tensor.js';
import { checkInputs } from '../inference/check-inputs.js';
import { InferenceError } from '../inference/errors.js';
import type { Signature, Tensor, TensorInfo, Tensors } from '../tensor.js';
import { countOf, elementsOfBytes, tensorOfBytes } from './binary-tensors.js';
import { datatypeInfos, datatypeOf } from './datatypes.js';
import { ProtocolRequestError } from './errors.js';
import { parseJson } from './json-text.js';
import { imageOfBase64, type ModelInput } from './model-input.js';

/** How an output is to be in the reply. */
export interface RequestedOutput {
  name: string;
  /** Its elements shall follow the JSON. */
  binary: boolean;
  /** As many classes instead of the scores. */
  classes: number | undefined;
}

/** An inference request, checked against the signature of the model. */
export interface ParsedInference {
  id: string | undefined;
  input: ModelInput;
  outputs: RequestedOutput[];
}

const invalid = (message: string) => new ProtocolRequestError(message);
const validator = Compile({ RequestInput, RequestOutput }, InferenceRequest);

/**
 * Reads an inference request.
 *
 * @param body the JSON, and the elements of tensors that follow it
 * @param jsonLength the header `Inference-Header-Content-Length`: bytes of the JSON; all of them where it is left out
 * @param takesImages whether the model takes images, which may then come as BYTES
 * @throws ProtocolRequestError that says which part is wrong
 */
export function parseInference(
  body: Buffer,
  jsonLength: string | undefined,
  signature: Signature,
  takesImages: boolean,
): ParsedInference {
  const end = jsonLength === undefined ? body.length : Number(jsonLength);
  if (!/^\d{1,15}$/.test(jsonLength ?? '0') || end > body.length)
    throw invalid(
      `Inference-Header-Content-Length should be a number of bytes from 0 to ${body.length}, those of the body.`,
    );
  const request = parseJson(body.subarray(0, end));
  if (!validator.Check(request)) throw invalid(explain(request));
  const datas = splitBinary(request.inputs, body.subarray(end));
  const { id, parameters, outputs } = request;
  const input =
    takesImages && request.inputs[0]!.datatype === 'BYTES'
      ? { images: imagesOf(request.inputs, datas, signature) }
      : { tensors: tensorsOf(request.inputs, datas, signature) };
  const binary = parameters?.binary_data_output ?? false;
  const wanted = outputs?.length ? outputs : signature.outputs.map(({ name }): { name: string } => ({ name }));
  return { id, input, outputs: requested(wanted, binary, signature) };
}

/** The first thing that is wrong with a request: `inputs[0].shape must be array`. */
function explain(request: unknown): string {
  const { instancePath, message } = validator.Errors(request)[0]!;
  const place = instancePath
    .slice(1, 200)
    .replace(/(?:^|\/)(\d+)(?=\/|$)/g, '[$1]')
    .replaceAll('/', '.');
  return `${place || 'The request'} ${message}.`;
}

/** The bytes of each input that has `binary_data_size`, in the order of the inputs; they have to be all that there are. */
function splitBinary(inputs: RequestInput[], bytes: Buffer): (Buffer | undefined)[] {
  let position = 0;
  const datas = inputs.map(({ name, parameters, data }, index) => {
    const size = parameters?.binary_data_size;
    if (size === undefined && data !== undefined) return undefined;
    const place = `inputs[${index}]${show(name)}`;
    if (size === undefined) throw invalid(`${place} should have data, or parameters with binary_data_size.`);
    if (data !== undefined) throw invalid(`${place} has both data and binary_data_size.`);
    if (!Number.isSafeInteger(size) || (size as number) < 0)
      throw invalid(`${place}.parameters.binary_data_size should be a number of bytes.`);
    const start = position;
    position += size as number;
    if (position > bytes.length)
      throw invalid(
        `${place} should have ${size} bytes after the JSON, but there are ${bytes.length - start}. ` +
          'The header Inference-Header-Content-Length says where the JSON ends.',
      );
    return bytes.subarray(start, position);
  });
  if (position === bytes.length) return datas;
  throw invalid(`${bytes.length - position} bytes follow the JSON that belong to no input.`);
}

const show = (name: string) => ` (${JSON.stringify(name.slice(0, 80))})`;

function tensorsOf(inputs: RequestInput[], datas: (Buffer | undefined)[], signature: Signature): Tensors {
  const tensors = new Map<string, Tensor>();
  for (const [index, input] of inputs.entries()) {
    const place = `inputs[${index}]`;
    if (tensors.has(input.name)) throw invalid(`${place} is a second ${show(input.name).trim()}.`);
    const info = signature.inputs.find(({ name }) => name === input.name);
    if (!info)
      throw invalid(`${place}: the model has no input${show(input.name)}. It takes ${listOf(signature.inputs)}.`);
    tensors.set(input.name, tensorOf(input, datas[index], info, place));
  }
  const checked = Object.fromEntries(tensors);
  try {
    checkInputs(checked, signature);
  } catch (error) {
    throw error instanceof InferenceError ? invalid(error.message) : error;
  }
  return checked;
}

const listOf = (infos: readonly TensorInfo[]) =>
  infos
    .slice(0, 20)
    .map(({ name }) => JSON.stringify(name))
    .join(', ') + (infos.length > 20 ? ', …' : '');

function tensorOf(input: RequestInput, bytes: Buffer | undefined, info: TensorInfo, place: string): Tensor {
  const { name, datatype, shape, data } = input;
  const fits = datatype !== 'BYTES' && datatypeInfos[datatype].type === info.type;
  if (!fits)
    throw invalid(`${place}.datatype: the input${show(name)} takes ${datatypeOf(info.type)}, not ${datatype}.`);
  if (bytes) return tensorOfBytes(datatype, shape, bytes, place);
  const nested = Array.isArray(data![0]);
  // The writer takes rows: all of the data is one.
  const writer = new TensorWriter({ name, type: info.type, shape: [1, ...(nested ? shape : [countOf(shape)])] }, 1);
  try {
    writer.write(data, `${place}.data`);
  } catch (error) {
    throw error instanceof InstancesError ? invalid(withAdvice(error, info)) : error;
  }
  return { ...writer.finish(), shape };
}

/** JSON's numbers end being exact at 2⁵³; bytes don't. */
const withAdvice = ({ message }: InstancesError, { type }: TensorInfo) =>
  /^u?int64$/.test(type) ? `${message} Binary tensor data holds all that ${datatypeOf(type)} can be.` : message;

/** Image files as the one input of a model that takes images. */
function imagesOf(
  [input, ...others]: RequestInput[],
  [bytes]: (Buffer | undefined)[],
  { inputs }: Signature,
): Buffer[] {
  const { name, shape, data } = input!;
  if (others.length > 0 || name !== inputs[0]!.name)
    throw invalid(`The model has one input, ${listOf(inputs)}: inputs should be that alone.`);
  const [count = 0, ...rest] = shape;
  if (shape.length === 0 || count === 0 || rest.some((size) => size !== 1))
    throw invalid(`inputs[0].shape: images as BYTES should be of the shape [images] or [images, 1], not [${shape}].`);
  if (bytes) return elementsOfBytes(count, bytes, 'inputs[0]');
  const texts = data!.flat();
  if (texts.length !== count)
    throw invalid(`inputs[0].data of shape [${shape}] should have ${count} elements, but has ${texts.length}.`);
  return texts.map((text, index) => imageOfBase64(text, `inputs[0].data[${index}]`));
}

function requested(
  outputs: NonNullable<InferenceRequest['outputs']>,
  binary: boolean,
  signature: Signature,
): RequestedOutput[] {
  const names = new Set<string>();
  return outputs.map(({ name, parameters }, index) => {
    const place = `outputs[${index}]`;
    const info = signature.outputs.find((output) => output.name === name);
    if (!info) throw invalid(`${place}: the model has no output${show(name)}. It gives ${listOf(signature.outputs)}.`);
    if (names.has(name)) throw invalid(`${place} is a second ${show(name).trim()}.`);
    names.add(name);
    const classes = parameters?.classification;
    if (classes !== undefined && info.shape.length !== 2)
      throw invalid(`${place}: classification needs an output of two axes, rows and classes.`);
    return { name, binary: parameters?.binary_data ?? binary, classes };
  });
}
