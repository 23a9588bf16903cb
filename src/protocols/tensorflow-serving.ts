import { InstancesError, tensorsOf } from '../catalog/instances.js';
import { isObject } from '../catalog/json-tensor.js';
import type { Signature, Tensors } from '../tensor.js';
import { ProtocolRequestError } from './errors.js';
import { nestedText, parseJson, rowTexts } from './json-text.js';
import { imageOfBase64, type ModelInput } from './model-input.js';

/** The one signature of a Keras model, by TensorFlow's name. */
export const SERVING_DEFAULT = 'serving_default';

/** A row for each example, or whole tensors: the reply is as the request. */
export type PredictFormat = 'row' | 'column';

/** A predict request, checked against the signature of the model. */
export interface ParsedPredict {
  format: PredictFormat;
  input: ModelInput;
}

const invalid = (message: string) => new ProtocolRequestError(message);

/**
 * Reads a predict request: `instances` in row format or `inputs` in column format.
 *
 * @param takesImages whether the model takes images, which may then come as `{"b64": "…"}`
 * @throws ProtocolRequestError, with TensorFlow Serving's words where the whole is wrong, or the place of the first element
 *   that is
 */
export function parsePredict(body: Buffer, signature: Signature, takesImages: boolean): ParsedPredict {
  const request = parseJson(body);
  if (!isObject(request)) throw invalid('JSON Value: Is not object');
  checkSignatureName(request.signature_name);
  const [isRow, isColumn] = ['instances', 'inputs'].map((key) => Object.hasOwn(request, key));
  if (isRow && isColumn)
    throw invalid("Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist");
  if (!isRow && !isColumn) throw invalid("Missing 'inputs' or 'instances' key");
  const format = isRow ? 'row' : 'column';
  const values = isRow ? rowsOf(request.instances) : request.inputs;
  const images = encodedImages(values, isRow ? 'instances' : 'inputs', signature, takesImages);
  if (images) return { format, input: { images } };
  try {
    return { format, input: { tensors: isRow ? rows(values, signature) : columns(values, signature) } };
  } catch (error) {
    throw error instanceof InstancesError ? invalid(error.message) : error;
  }
}

function checkSignatureName(name: unknown): void {
  if (name === undefined || name === '' || name === SERVING_DEFAULT) return;
  if (typeof name !== 'string') throw invalid("'signature_name' key must be a string value.");
  throw invalid(`Serving signature name: ${JSON.stringify(name.slice(0, 80))} not found in signature def`);
}

function rowsOf(instances: unknown): unknown[] {
  if (!Array.isArray(instances)) throw invalid("Expecting 'instances' to be an list/array");
  if (instances.length === 0) throw invalid("No values in 'instances' array");
  return instances;
}

const takesNamed = ({ inputs }: Signature, name: string) => inputs.some((input) => input.name === name);

const rows = (values: unknown, signature: Signature): Tensors =>
  tensorsOf(takesNamed(signature, 'instances') ? values : { instances: values }, signature);

function columns(values: unknown, signature: Signature): Tensors {
  if (isObject(values)) return tensorsOf(values, signature);
  const [input, ...others] = signature.inputs;
  if (others.length === 0) return tensorsOf({ [input!.name]: values }, signature);
  throw invalid('inputs is a plain value/list, but expecting an object as multiple input tensors required');
}

/** The text of `{"b64": "…"}`, bare or as the value of the input by name. */
function base64Of(value: unknown, name: string): unknown {
  if (!isObject(value) || Object.keys(value).length !== 1) return undefined;
  return Object.hasOwn(value, name) ? base64Of(value[name], '') : value.b64;
}

/** The image files, where the first value is one. */
function encodedImages(
  values: unknown,
  place: string,
  { inputs }: Signature,
  takesImages: boolean,
): Buffer[] | undefined {
  const { name } = inputs[0]!;
  const named = isObject(values) && Array.isArray(values[name]) ? values[name] : values;
  const list = Array.isArray(named) ? named : [named];
  if (base64Of(list[0], name) === undefined) return undefined;
  if (!takesImages) throw invalid(`${place} holds binary data, but the model doesn't take images.`);
  return list.map((value, index) => imageOfBase64(base64Of(value, name), `${place}[${index}].b64`));
}

/**
 * Writes the reply to a predict request.
 *
 * @param outputs a tensor for every output of the signature, by name
 * @throws ProtocolRequestError when there are no rows in common that row format could give
 */
export function writePredict(outputs: Tensors, format: PredictFormat, signature: Signature): string {
  const tensors = signature.outputs.map(({ name }) => outputs[name]!);
  const keys = signature.outputs.map(({ name }) => JSON.stringify(name));
  const object = (values: string[]) => `{${values.map((value, index) => `${keys[index]}:${value}`)}}`;
  if (format === 'column') {
    const texts = tensors.map((tensor) => nestedText(tensor, 'tokens'));
    return `{"outputs":${texts.length === 1 ? texts[0] : object(texts)}}`;
  }
  const counts = new Set(tensors.map(({ shape }) => shape[0]));
  if (counts.size !== 1 || counts.has(undefined))
    throw invalid("The outputs have no rows in common: ask in column format, with 'inputs' for 'instances'.");
  const texts = tensors.map((tensor) => rowTexts(tensor, 'tokens'));
  const list = texts.length === 1 ? texts[0]! : texts[0]!.map((_, row) => object(texts.map((one) => one[row]!)));
  return `{"predictions":[${list}]}`;
}
