import { knownNames, type Names, namesOf } from '../../datapoints/datapoint-names.js';
import { describeInputs, noImages } from '../../datapoints/describe-inputs.js';
import { isImage, type ModelKinds } from '../../datapoints/kinds.js';
import { readDatapoints } from '../../datapoints/read-datapoints.js';
import { textReaderOf } from '../../datapoints/text-reader.js';
import { beginsImage } from '../../images/formats.js';
import { JsonError } from '../../json/error.js';
import { unknownName } from '../../support/nearest-name.js';
import type { Signature } from '../../support/tensor.js';
import { ProtocolRequestError } from '../errors.js';
import { type FormPart, field, quotedName } from './form-parts.js';
import type { RequestInput } from './request.js';

/** A form, and what it is for. */
export interface FormToRead {
  parts: readonly FormPart[];
  signature: Signature;
  /** What the inputs are. */
  kinds: ModelKinds['inputs'];
}

/**
 * What a form asks a model about: its fields are what an object in JSON would have by the same names, files being images, and
 * texts what their kinds read them as.
 * @throws ProtocolRequestError, InstancesError, Base64Error
 */
export function readForm({ parts, signature, kinds }: FormToRead): RequestInput {
  const { inputs } = signature;
  const names = namesOf(inputs, kinds);
  if (isImage({ inputs: kinds })) return imagesOf(parts, signature, kinds, names);
  const model = { inputs, kinds: { inputs: kinds, outputs: {} } };
  if (parts.length === 0) throw new ProtocolRequestError(`The form is empty. ${describeInputs(model)}`);
  const hasImage = Object.values(kinds).some(({ kind }) => kind === 'image');
  const isPhoto = ({ name, isFile, bytes }: FormPart) =>
    isFile && !names.has(name) && (name === 'image' || beginsImage(bytes));
  if (!hasImage && parts.some(isPhoto)) throw new ProtocolRequestError(noImages(model), 'model_takes_no_images');
  refuseUnknown(parts, names, knownNames(names));
  const values = new Map<string, unknown>();
  for (const part of parts) {
    if (names.get(part.name)!.ignored) continue;
    if (values.has(part.name)) throw new ProtocolRequestError(`${field(part)} is there twice.`, 'form_invalid');
    values.set(part.name, valueIn(part, kinds, names));
  }
  const { columns, single } = readDatapoints(Object.fromEntries(values), signature, kinds);
  return { input: columns, single };
}

/** One image, or several, for a model that takes nothing else. */
function imagesOf(
  parts: readonly FormPart[],
  signature: Signature,
  kinds: ModelKinds['inputs'],
  names: Names,
): RequestInput {
  // What the documents call it comes first.
  const known = [...names.keys()].sort((one) => (one === 'image' ? -1 : 0));
  const found = parts.filter(({ name }) => names.has(name));
  if (found.length === 0) {
    const others = parts.length > 0 ? `, but ${parts.slice(0, 20).map(quotedName).join(', ')}` : '';
    throw new ProtocolRequestError(
      `The form has no field "image"${others}. Send the file as -F image=@dog.jpg.`,
      'image_missing',
    );
  }
  refuseUnknown(parts, names, known);
  const files = found.map(fileOf);
  const { columns } = readDatapoints(files, signature, kinds);
  return { input: columns, single: files.length === 1 };
}

/** The value that a part is in JSON, with files for images. */
function valueIn(part: FormPart, kinds: ModelKinds['inputs'], names: Names): unknown {
  const { input: name, column } = names.get(part.name)!;
  if (kinds[name]!.kind === 'image') return fileOf(part);
  const text = textOf(part);
  try {
    return textReaderOf(kinds[name]!, column)(text) ?? null;
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new ProtocolRequestError(error.message.replace('The body', field(part)), 'form_invalid');
  }
}

function fileOf(part: FormPart): Uint8Array {
  if (part.isFile) return part.bytes;
  throw new ProtocolRequestError(
    `${field(part)} holds text. Send a file in it: -F ${part.name}=@dog.jpg, with the @.`,
    'image_missing',
  );
}

const textDecoder = new TextDecoder('utf-8', { fatal: true });

function textOf(part: FormPart): string {
  try {
    return textDecoder.decode(part.bytes);
  } catch {
    throw new ProtocolRequestError(`${field(part)} isn’t UTF-8.`, 'form_invalid');
  }
}

function refuseUnknown(parts: readonly FormPart[], names: Names, known: readonly string[]): void {
  const unknown = parts.map(({ name }) => name).filter((name) => !names.has(name));
  const message = unknownName(unknown, known, 'field of the form');
  if (message !== undefined) throw new ProtocolRequestError(message, 'form_invalid');
}
