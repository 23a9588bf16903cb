import { tensorsOf } from '../../datapoints/instances.js';
import { isList, isObject, type List } from '../../datapoints/json-tensor.js';
import { maxImages } from '../../datapoints/kinds/image.js';
import { encodeTexts, type NamedTensors, namedTexts, rowOfEach } from '../../datapoints/tensor-text.js';
import { bytesOfBase64 } from '../../json/base64.js';
import { parseJson } from '../../json/parse.js';
import { inputOf, type WholeInput } from '../../serving/model-input.js';
import type { Signature, TensorInfo, Tensors } from '../../support/tensor.js';
import type { BodyToParse } from '../body-to-parse.js';
import { ProtocolRequestError } from '../errors.js';

/** The one signature of a Keras model, by TensorFlow's name. */
export const SERVING_DEFAULT = 'serving_default';

/** A row for each example, or whole tensors: the reply is as the request. */
export type PredictFormat = 'row' | 'column';

/** A predict request, checked against the signature of the model. */
export interface ParsedPredict {
  format: PredictFormat;
  input: WholeInput;
}

const invalid = (message: string) => new ProtocolRequestError(message);

/**
 * Reads a predict request: `instances` in row format or `inputs` in column format. A model that takes images takes
 * `{"b64": "…"}` for each, and so does one that takes strings. NaN and infinities are numbers, as they are to TensorFlow Serving.
 *
 * @throws ProtocolRequestError, with TensorFlow Serving's words, where the whole is wrong
 * @throws JsonError, Base64Error, InstancesError that name the first place that is wrong
 */
export function parsePredict({ body, signature, takesImages }: BodyToParse): ParsedPredict {
  const bytes = body.length === 1 ? body[0]! : Buffer.concat(body);
  if (bytes.length === 0) throw invalid('JSON Parse error: The document is empty');
  const request = parseJson(bytes);
  if (!isObject(request)) throw invalid('JSON Value: Is not object');
  checkSignatureName(request.signature_name);
  const [isRow, isColumn] = ['instances', 'inputs'].map((key) => Object.hasOwn(request, key));
  if (isRow && isColumn)
    throw invalid("Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist");
  if (!isRow && !isColumn) throw invalid("Missing 'inputs' or 'instances' key");
  const format = isRow ? 'row' : 'column';
  const values = isRow ? rowsOf(request.instances) : request.inputs;
  const images = encodedImages(values, isRow ? 'instances' : 'inputs', signature, takesImages);
  if (images) return { format, input: { [signature.inputs[0]!.name]: { files: images } } };
  return { format, input: inputOf(isRow ? rows(values, signature) : columns(values, signature)) };
}

function checkSignatureName(name: unknown): void {
  if (name === undefined || name === '' || name === SERVING_DEFAULT) return;
  if (typeof name !== 'string') throw invalid("'signature_name' key must be a string value.");
  throw invalid(`Serving signature name: ${JSON.stringify(name.slice(0, 80))} not found in signature def`);
}

function rowsOf(instances: unknown): List {
  if (!isList(instances)) throw invalid("Expecting 'instances' to be a list/array");
  if (instances.length === 0) throw invalid("No values in 'instances' array");
  return instances;
}

const nonFinite = { nonFinite: true };

/** Rows stand in `instances`, for messages too, unless that is what an input is called. */
const rows = (instances: unknown, signature: Signature): Tensors =>
  tensorsOf(
    signature.inputs.some(({ name }) => name === 'instances') ? instances : { instances },
    signature,
    nonFinite,
  );

function columns(values: unknown, signature: Signature): Tensors {
  if (isObject(values)) return tensorsOf(values, signature, nonFinite);
  const [input, ...others] = signature.inputs;
  if (others.length === 0) return tensorsOf({ [input!.name]: values }, signature, nonFinite);
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
): Uint8Array[] | undefined {
  const { name, type } = inputs[0]!;
  if (type === 'string') return undefined;
  const named = isObject(values) && isList(values[name]) ? values[name] : values;
  const list = isList(named) ? named : [named];
  if (base64Of(list.at(0), name) === undefined) return undefined;
  if (!takesImages) throw invalid(`${place} holds binary data, but the model doesn't take images.`);
  if (list.length > maxImages) throw invalid(`One request can have ${maxImages} images: ${place} has ${list.length}.`);
  return (list as readonly unknown[]).map((value, index) => {
    const text = base64Of(value, name);
    if (typeof text === 'string') return bytesOfBase64(text, `${place}[${index}].b64`);
    throw invalid(`${place}[${index}] should be {"b64": "<base64>"} like the first.`);
  });
}

/** What a model gave, to be written in the format of the request. */
export interface PredictToWrite {
  /** By output name. */
  outputs: Tensors;
  /** In the order of the reply. */
  infos: readonly TensorInfo[];
  format: PredictFormat;
  /** Bytes that the reply may have. */
  maxSize: number;
}

/**
 * The reply to a predict request: JSON in UTF-8, but that NaN and infinities are the words that Python and JavaScript know.
 *
 * @throws ProtocolRequestError when there are no rows in common that row format could give
 */
export function writePredict({ outputs, infos, format, maxSize }: PredictToWrite): Uint8Array<ArrayBuffer>[] {
  const tensors = infos.map(({ name }) => [JSON.stringify(name), outputs[name]!] as const);
  const rows = new Set(tensors.map(([, { shape }]) => shape[0]));
  if (format === 'row' && (rows.size !== 1 || rows.has(undefined)))
    throw invalid("The outputs have no rows in common: ask in column format, with 'inputs' for 'instances'.");
  return encodeTexts(format === 'row' ? rowTexts(tensors, [...rows][0]!) : columnTexts(tensors), maxSize);
}

function* rowTexts(tensors: NamedTensors, rows: number): Generator<string> {
  yield '{"predictions":[';
  for (let row = 0; row < rows; row++) {
    if (row > 0) yield ',';
    yield* namedTexts(rowOfEach(tensors, row), 'words');
  }
  yield ']}';
}

function* columnTexts(tensors: NamedTensors): Generator<string> {
  yield '{"outputs":';
  yield* namedTexts(tensors, 'words');
  yield '}';
}
