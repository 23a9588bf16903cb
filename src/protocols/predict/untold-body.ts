import { errors } from '../../../schemas/error.js';
import { describeInputs, noImages } from '../../datapoints/describe-inputs.js';
import { isImage, isText, type ModelKinds } from '../../datapoints/kinds.js';
import { beginsImage } from '../../images/formats.js';
import type { Signature } from '../../support/tensor.js';
import type { RawBody } from '../body.js';
import { ProtocolRequestError } from '../errors.js';
import { type FormPart, partsFor, partsOfEncoded } from './form-parts.js';

const textType = 'text/plain';
const formType = 'application/x-www-form-urlencoded';

/** Types that clients give to bodies of which they were told nothing: curl, browsers, Python. */
export const untold = [formType, 'application/octet-stream'];

/** What a body is. */
export type FoundBody = { json: RawBody } | { csv: RawBody } | { image: Uint8Array } | { form: readonly FormPart[] };

/** Whether a body begins as JSON of several values, or is a single one. */
const isJson = (head: string, size: number): boolean =>
  /^(\xef\xbb\xbf)?\s*[{[]/.test(head) ||
  (size === head.length && /^(\xef\xbb\xbf)?\s*(null|true|false|-?\d[\d.eE+-]*|".*")\s*$/.test(head));

/** Whether a body begins with a field of a form: `age=`. */
const isForm = (head: string): boolean => /^[^=&\s,;{}[\]"]{1,250}=/.test(head);

/**
 * What a body is: JSON, CSV, a text or an image by its type, and of a type that doesn't tell, JSON, the bytes of an image or a form by how it
 * begins.
 *
 * @throws ProtocolRequestError that says what the model takes when it is none of these
 */
export function bodyOf(
  body: RawBody,
  mediaType: string,
  model: Pick<Signature, 'inputs'> & { kinds: ModelKinds },
): FoundBody {
  if (mediaType === 'application/json') return { json: body };
  if (mediaType === 'text/csv') return { csv: body };
  if (mediaType === textType) return { form: [textPart(body, model)] };
  if (!untold.includes(mediaType)) {
    if (!isImage(model.kinds)) throw new ProtocolRequestError(noImages(model), 'model_takes_no_images');
    return { image: body.bytes };
  }
  const head = Buffer.from(body.chunks[0] ?? []).subarray(0, 256);
  const start = head.toString('latin1');
  if (isJson(start, body.size)) return { json: body };
  return isImage(model.kinds) ? imageOf(body, mediaType, head) : formOf(body, mediaType, head, model);
}

/** A text by itself, as the only field of a form. */
function textPart(body: RawBody, { inputs, kinds }: Pick<Signature, 'inputs'> & { kinds: ModelKinds }): FormPart {
  if (!isText(kinds))
    throw new ProtocolRequestError(
      isImage(kinds)
        ? errors.content_type_unsupported[1]
        : `A text alone is for models of which a datapoint is one. ${describeInputs({ inputs, kinds })}`,
      'content_type_unsupported',
    );
  return { name: inputs[0]!.name, bytes: new Uint8Array(body.bytes), isFile: false };
}

function imageOf(body: RawBody, mediaType: string, head: Buffer): FoundBody {
  const isCalledForm = mediaType === formType;
  if (body.size === 0)
    throw new ProtocolRequestError('The request is empty. Send a form: curl -F image=@dog.jpg', 'image_missing');
  if (isCalledForm && !beginsImage(head))
    throw new ProtocolRequestError(
      'The form has no file. Send one with -F image=@dog.jpg, not with -d.',
      'image_missing',
    );
  const { bytes } = body;
  if (isCalledForm && !['\0', '\r', '\n'].some((character) => bytes.includes(character)))
    throw new ProtocolRequestError(
      'The image lacks its line ends and zeros, which curl -d leaves out. Send it with --data-binary @dog.jpg.',
      'image_invalid',
    );
  return { image: bytes };
}

function formOf(
  body: RawBody,
  mediaType: string,
  head: Buffer,
  model: Pick<Signature, 'inputs'> & { kinds: ModelKinds },
): FoundBody {
  if (beginsImage(head)) throw new ProtocolRequestError(noImages(model), 'model_takes_no_images');
  if (isForm(head.toString('latin1'))) return { form: partsOfEncoded(body.bytes, partsFor(model)) };
  const text = isText(model.kinds) ? ' A text alone needs -H "content-type: text/plain".' : '';
  const csv =
    head.includes(',') && !text ? ' CSV needs -H "content-type: text/csv", and --data-binary to keep its lines.' : '';
  const what =
    body.size === 0
      ? 'request is empty'
      : mediaType === formType
        ? 'body is neither JSON nor fields such as age=30'
        : 'body is neither JSON nor an image';
  throw new ProtocolRequestError(`The ${what}.${csv}${text} ${describeInputs(model)}`);
}
