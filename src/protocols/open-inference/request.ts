import { Compile } from 'typebox/compile';
import { InferenceRequest, RequestInput, RequestOutput } from '../../../schemas/open-inference.js';
import { byId } from '../../../schemas/reference.js';
import { InstancesError, isList, isObject, type List, TensorWriter } from '../../datapoints/json-tensor.js';
import { maxImages } from '../../datapoints/kinds/image.js';
import { checkInputs } from '../../inference/check-inputs.js';
import { InferenceError } from '../../inference/errors.js';
import { bytesOfBase64 } from '../../json/base64.js';
import { NumberArray } from '../../json/number-array.js';
import { parseJson } from '../../json/parse.js';
import { inputOf, type WholeInput } from '../../serving/model-input.js';
import type { Signature, Tensor, TensorInfo, Tensors, TensorType } from '../../support/tensor.js';
import type { BodyToParse } from '../body-to-parse.js';
import { datatypeInfos, datatypeOf } from '../datatypes.js';
import { ProtocolRequestError } from '../errors.js';
import { countOf, elementsOfBytes, stringsOfBytes, tensorOfBytes } from './binary-tensors.js';

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
  input: WholeInput;
  outputs: RequestedOutput[];
}

const invalid = (message: string) => new ProtocolRequestError(message);
const validator = Compile(byId(RequestInput, RequestOutput), InferenceRequest);

/** The body of an inference request. */
export interface InferenceToParse extends BodyToParse {
  /** The header `Inference-Header-Content-Length`: bytes of the JSON, which the elements of tensors follow; all, where it is left out. */
  jsonLength: string | undefined;
}

/**
 * Reads an inference request. A model that takes images also takes files of them, as BYTES.
 *
 * @throws ProtocolRequestError that says which part is wrong
 * @throws JsonError, Base64Error, InstancesError that name the place
 */
export function parseInference({ body, jsonLength, signature, takesImages }: InferenceToParse): ParsedInference {
  const bytes = Buffer.concat(body);
  const end = jsonLength === undefined ? bytes.length : Number(jsonLength);
  if (!/^\d{1,15}$/.test(jsonLength ?? '0') || end > bytes.length)
    throw invalid(
      `Inference-Header-Content-Length should be a number of bytes from 0 to ${bytes.length}, those of the body.`,
    );
  const { request, datas } = check(parseJson(bytes.subarray(0, end)));
  const { id, inputs, parameters, outputs } = request;
  const elements = splitBinary(inputs, datas, bytes.subarray(end));
  const input =
    takesImages && inputs[0]!.datatype === 'BYTES'
      ? { [inputs[0]!.name]: { files: imagesOf(inputs, elements, signature) } }
      : inputOf(tensorsOf(inputs, elements, signature));
  const binary = parameters?.binary_data_output ?? false;
  const wanted = outputs?.length ? outputs : signature.outputs.map(({ name }): { name: string } => ({ name }));
  return { id, input, outputs: requested(wanted, binary, signature) };
}

/** The elements of an input: in JSON, or as bytes. */
type Elements = List | Buffer;

/** Checks a request by its schema, but for what it has in `data`, which is taken out. */
function check(json: unknown): { request: InferenceRequest; datas: (List | undefined)[] } {
  const datas: (List | undefined)[] = [];
  const inputs = isObject(json) ? plain(json.inputs) : undefined;
  const withoutData = Array.isArray(inputs)
    ? inputs.map((input, index) => {
        if (!isObject(input)) return input;
        const { data, ...rest } = input;
        if (data !== undefined && !isList(data)) throw invalid(`inputs[${index}].data must be array.`);
        datas[index] = data;
        return { ...rest, shape: plain(rest.shape) };
      })
    : inputs;
  const request = isObject(json) ? { ...json, inputs: withoutData, outputs: plain(json.outputs) } : json;
  if (isObject(request) && request.outputs === undefined) delete request.outputs;
  if (!validator.Check(request)) throw invalid(explain(request));
  return { request, datas };
}

/** A list as schemas know it, where it is small enough to be of sizes or of nothing. */
const plain = (value: unknown): unknown =>
  value instanceof NumberArray && value.shape.length === 1 && value.length <= 64 ? [...value.data] : value;

/** The first thing that is wrong with a request: `inputs[0].shape must be array`. */
function explain(request: unknown): string {
  const { instancePath, message } = validator.Errors(request)[0]!;
  const place = instancePath
    .slice(1, 200)
    .replace(/(?:^|\/)(\d+)(?=\/|$)/g, '[$1]')
    .replaceAll('/', '.');
  return `${place || 'The request'} ${message}.`;
}

/** The elements of each input: those after the JSON where it has `binary_data_size`, in the order of the inputs. */
function splitBinary(inputs: RequestInput[], datas: (List | undefined)[], bytes: Buffer): Elements[] {
  let position = 0;
  const elements = inputs.map(({ name, parameters }, index) => {
    const size = parameters?.binary_data_size;
    const data = datas[index];
    const place = `inputs[${index}]${show(name)}`;
    if (size === undefined && data) return data;
    if (size === undefined) throw invalid(`${place} should have data, or parameters with binary_data_size.`);
    if (data) throw invalid(`${place} has both data and binary_data_size.`);
    if (!Number.isSafeInteger(size) || (size as number) < 0)
      throw invalid(`${place}.parameters.binary_data_size should be a number of bytes.`);
    const start = position;
    position += size as number;
    if (position <= bytes.length) return bytes.subarray(start, position);
    throw invalid(
      `${place} should have ${size} bytes after the JSON, but there are ${bytes.length - start}. ` +
        'The header Inference-Header-Content-Length says where the JSON ends.',
    );
  });
  if (position === bytes.length) return elements;
  throw invalid(`${bytes.length - position} bytes follow the JSON that belong to no input.`);
}

const show = (name: string) => ` (${JSON.stringify(name.slice(0, 80))})`;

function tensorsOf(inputs: RequestInput[], elements: Elements[], signature: Signature): Tensors {
  const tensors = new Map<string, Tensor>();
  for (const [index, input] of inputs.entries()) {
    const place = `inputs[${index}]`;
    if (tensors.has(input.name)) throw invalid(`${place} is a second ${show(input.name).trim()}.`);
    const info = signature.inputs.find(({ name }) => name === input.name);
    if (!info)
      throw invalid(`${place}: the model has no input${show(input.name)}. It takes ${listOf(signature.inputs)}.`);
    tensors.set(input.name, tensorOf(input, elements[index]!, info, place));
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

function tensorOf(
  { name, datatype, shape }: RequestInput,
  elements: Elements,
  { type }: TensorInfo,
  place: string,
): Tensor {
  const given = datatype === 'BYTES' ? 'string' : datatypeInfos[datatype].type;
  if (given !== type)
    throw invalid(`${place}.datatype: the input${show(name)} takes ${datatypeOf(type)}, not ${datatype}.`);
  if (elements instanceof Uint8Array)
    return datatype === 'BYTES'
      ? stringsOfBytes(shape, elements, place)
      : tensorOfBytes(datatype, shape, elements, place);
  const nested = isList(elements.at(0));
  // The writer takes rows: all of the data is one.
  const writer = new TensorWriter({ name, type, shape: [1, ...(nested ? shape : [countOf(shape)])] }, 1, true);
  try {
    writer.write(elements, `${place}.data`);
  } catch (error) {
    throw error instanceof InstancesError ? invalid(withAdvice(error, type)) : error;
  }
  return { ...writer.finish(), shape };
}

/** JSON's numbers end being exact at 2⁵³; bytes don't. */
const withAdvice = ({ message }: InstancesError, type: TensorType) =>
  /^u?int64$/.test(type) ? `${message} Binary tensor data holds all that ${datatypeOf(type)} can be.` : message;

/** Image files as the one input of a model that takes images. */
function imagesOf(inputs: RequestInput[], elements: Elements[], signature: Signature): Uint8Array[] {
  const { name, shape } = inputs[0]!;
  if (inputs.length > 1 || name !== signature.inputs[0]!.name)
    throw invalid(`The model has one input, ${listOf(signature.inputs)}: inputs should be that alone.`);
  const [count = 0, ...rest] = shape;
  if (count === 0 || rest.some((size) => size !== 1))
    throw invalid(`inputs[0].shape: images as BYTES should be of the shape [images] or [images, 1], not [${shape}].`);
  if (count > maxImages) throw invalid(`inputs[0].shape: one request can have ${maxImages} images, not ${count}.`);
  const [files] = elements as [Elements];
  if (files instanceof Uint8Array) return elementsOfBytes(count, files, 'inputs[0]');
  const texts = (files as readonly unknown[]).flat?.() ?? [];
  if (texts.length !== count)
    throw invalid(`inputs[0].data of shape [${shape}] should have ${count} texts, but has ${texts.length}.`);
  return texts.map((text, index) => {
    const place = `inputs[0].data[${index}]`;
    if (typeof text === 'string') return bytesOfBase64(text, place);
    throw invalid(`${place} should be the base64 text of an image file.`);
  });
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
    if (classes !== undefined && (info.shape.length !== 2 || info.type === 'string'))
      throw invalid(`${place}: classification needs an output of two axes, rows and classes.`);
    return { name, binary: parameters?.binary_data ?? binary, classes };
  });
}
