import { namesOf } from '../../datapoints/datapoint-names.js';
import { maxImages } from '../../datapoints/kinds/image.js';
import { isImage, type ModelKinds } from '../../datapoints/kinds.js';
import type { Signature } from '../../support/tensor.js';
import { ProtocolRequestError } from '../errors.js';

/** What a field of a form holds. */
export interface FormPart {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** Whether it came as a file. */
  isFile: boolean;
  /** What the client calls it. */
  mediaType?: string;
  fileName?: string;
}

/** A form that isn't read yet. */
export interface Form {
  /** @param most how many parts it may have @throws an error for the client when it can't be read */
  parts(most: number): Promise<FormPart[]>;
}

/** What of a model says how forms for it are read. */
type FormModel = Pick<Signature, 'inputs'> & { kinds: Pick<ModelKinds, 'inputs'> };

/** Parts beyond those that a model has names for: they are refused by theirs. */
const spareParts = 8;
/** The most parts of a form, however many columns a model has. */
const mostParts = 10_000;

/** How many parts a form for a model may have. */
export const partsFor = ({ inputs, kinds }: FormModel): number =>
  Math.min(mostParts, (isImage(kinds) ? maxImages : namesOf(inputs, kinds.inputs).size) + spareParts);

/** The error of a form with more parts than it may have. */
export const tooManyParts = (most: number): ProtocolRequestError =>
  new ProtocolRequestError(`The form has more than ${most} parts, the most that this model takes.`, 'form_too_large');

export const quotedName = ({ name }: Pick<FormPart, 'name'>): string => JSON.stringify(name.slice(0, 40));

/** A field as messages begin with it. */
export const field = (part: Pick<FormPart, 'name'>): string => `The field ${quotedName(part)}`;

/**
 * The file of CSV that is all of a form: one that is called so by its type or name, or that is in the field of a table or in a field
 * `file` that is nothing else.
 * @returns undefined where there is none
 * @throws ProtocolRequestError where something else is beside it
 */
export function csvFileOf(parts: readonly FormPart[], { inputs, kinds }: FormModel): FormPart | undefined {
  if (isImage(kinds)) return undefined;
  const names = namesOf(inputs, kinds.inputs);
  const isRows = ({ name, bytes }: FormPart) => {
    const named = names.get(name);
    if (!named) return name === 'file';
    const isTable = named.column === undefined && kinds.inputs[named.input]!.kind === 'table';
    return isTable && !/^\s*[{[]/.test(Buffer.from(bytes.subarray(0, 256)).toString('latin1'));
  };
  const file = parts.find(
    (part) => part.mediaType === 'text/csv' || (part.isFile && (/\.csv$/i.test(part.fileName ?? '') || isRows(part))),
  );
  const other = parts.find((part) => part !== file);
  if (!file || !other) return file;
  throw new ProtocolRequestError(
    `${field(other)} is beside a file of CSV, which has all columns. Send the file alone.`,
    'form_invalid',
  );
}

/** The fields of `age=30&income=2`, as `curl -d` sends them. @throws ProtocolRequestError where they can't be read */
export function partsOfEncoded(bytes: Uint8Array, most: number): FormPart[] {
  const encoder = new TextEncoder();
  let pairs: string[][];
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const fields = text.split('&', most + 1).filter((pair) => pair !== '');
    if (fields.length > most) throw tooManyParts(most);
    pairs = fields.map((pair) => {
      const [name = '', ...rest] = pair.replaceAll('+', ' ').split('=');
      return [name, rest.join('=')].map(decodeURIComponent);
    });
  } catch (error) {
    if (error instanceof ProtocolRequestError) throw error;
    throw new ProtocolRequestError('The form can’t be read: it isn’t percent-encoded UTF-8.', 'form_invalid');
  }
  return pairs.map(([name, value]) => ({ name: name!, bytes: encoder.encode(value), isFile: false }));
}
