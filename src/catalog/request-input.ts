import { bytesOfBase64 } from '../json/base64.js';
import type { JsonValue } from '../json/number-array.js';
import { parseJson } from '../json/parse.js';
import { at } from '../json/place.js';
import type { Signature, Tensors } from '../tensor.js';
import { tensorsOf } from './instances.js';
import { describe, InstancesError, isList, isObject, show } from './json-tensor.js';

/** What a request asks the model about: image files, a row each, or a tensor for every input. */
export type RequestInput =
  | { images: Uint8Array[] /** Whether the request was for one image, not for a list. */; single: boolean }
  | { tensors: Tensors };

/** The body of a request to predict. */
export interface InputRequest {
  /** JSON in UTF-8, in one piece or several. */
  body: readonly Uint8Array[];
  signature: Signature;
  /** Whether the model takes image files. */
  takesImages: boolean;
}

/** JSON that is no input of the model as a whole. */
export class InputError extends Error {
  override readonly name = 'InputError';
  constructor(
    readonly code: 'body_invalid' | 'model_takes_no_images',
    message: string,
  ) {
    super(message);
  }
}

/** Images in one request: each of them becomes as large as the model's input, however small it is in JSON. */
export const maxImages = 128;

/**
 * What JSON asks a model about. It may be
 *
 * - `{"image": "<base64>"}`, one image;
 * - `{"instances": [{"b64": "<base64>"}, …]}`, several images;
 * - whatever `tensorsOf` takes.
 *
 * @throws JsonError, Base64Error, InputError, InstancesError
 */
export function readInput({ body, signature, takesImages }: InputRequest): RequestInput {
  const json = parseJson(body.length === 1 ? body[0]! : Buffer.concat(body));
  const names = signature.inputs.map(({ name }) => name);
  if (isObject(json)) {
    const known = Object.keys(json).some((key) => key === 'instances' || names.includes(key));
    // An input may be called image, too.
    if (takesImages && Object.hasOwn(json, 'image') && !(known && isList(json.image))) {
      if (typeof json.image !== 'string') throw new InputError('body_invalid', '"image" must be string.');
      return { images: [bytesOfBase64(json.image, '"image"')], single: true };
    }
    if (!known) {
      if (Object.hasOwn(json, 'image')) throw new InputError('model_takes_no_images', noImages(signature));
      const needed = takesImages ? '"image" or "instances"' : '"instances"';
      throw new InputError('body_invalid', `The body must have the property ${needed}. ${takes(signature)}`);
    }
  }
  const rows = isObject(json) ? json.instances : json;
  const [first] = Array.isArray(rows) ? (rows as JsonValue[]) : [];
  if (takesImages && isObject(first) && Object.hasOwn(first, 'b64') && !names.includes('b64'))
    return { images: imagesOf(rows as JsonValue[], isObject(json) ? 'instances' : ''), single: false };
  return { tensors: tensorsOf(json, signature) };
}

function imagesOf(rows: JsonValue[], place: string): Uint8Array[] {
  if (rows.length > maxImages)
    throw new InstancesError(place, `${place} should have at most ${maxImages} images, but has ${rows.length}.`);
  return rows.map((row, index) => {
    const here = at(place, index);
    if (isObject(row) && Object.keys(row).length === 1 && typeof row.b64 === 'string')
      return bytesOfBase64(row.b64, at(here, 'b64'));
    const found = isObject(row) && Object.hasOwn(row, 'b64') ? `{"b64": ${show(row.b64)}, …}` : show(row);
    throw new InstancesError(here, `${here} should be {"b64": "<base64>"} like the first, but is ${found}.`);
  });
}

/** The inputs of a model that a message names: no message is longer than a screen. */
export const mostNamed = 100;

/** What to send to a model: `Send JSON: {"instances": [...]}, where each instance is an array of 6 numbers.` */
export function takes({ inputs }: Signature): string {
  const [only] = inputs;
  const described = inputs
    .slice(0, mostNamed)
    .map(({ name, shape, type }) => `${show(name)}: ${describe(shape.slice(1), type)}`);
  const rows = inputs.every(({ shape }) => shape.length > 0);
  if (!rows) return `Send JSON with a value for every input: {${described.join('; ')}}.`;
  const instance =
    inputs.length === 1
      ? describe(only!.shape.slice(1), only!.type)
      : `an object with ${described.join('; ')}${inputs.length > mostNamed ? '; …' : ''}`;
  return `Send JSON: {"instances": [...]}, where each instance is ${instance}.`;
}

/** The message of a request with an image to a model that takes none. */
export const noImages = (signature: Signature): string => `This model takes no images. ${takes(signature)}`;
