import type { FastifyRequest } from 'fastify';
import { noImages, takes } from '../src/catalog/request-input.js';
import { beginsImage } from '../src/images/formats.js';
import { RequestError } from './errors.js';
import type { JsonBody } from './json.js';

const formType = 'application/x-www-form-urlencoded';

/** Types that clients give to bodies of which they were told nothing: curl, browsers, Python. */
export const untold = [formType, 'application/octet-stream'];

/** The bytes of a body in one piece. */
export const bytesOf = ({ pieces }: JsonBody): Buffer => {
  const [first] = pieces;
  return first && pieces.length === 1 ? Buffer.from(first.buffer, 0, first.length) : Buffer.concat(pieces);
};

/**
 * What a body is whose type doesn't tell: JSON or the bytes of an image, by how it begins.
 *
 * @throws RequestError that says what the model takes when it is neither
 */
export function readUntold(body: JsonBody, request: FastifyRequest): JsonBody | Buffer {
  const { servedModel: model } = request;
  const head = Buffer.from(body.pieces[0] ?? []).subarray(0, 256);
  if (/^(\xef\xbb\xbf)?\s*[{[]/.test(head.toString('latin1'))) return body;
  const isForm = request.mediaType === formType;
  if (!model.image) {
    if (beginsImage(head)) throw new RequestError('model_takes_no_images', noImages(model));
    const what = body.size === 0 ? 'request is empty' : isForm ? 'body is a form' : 'body is neither JSON nor an image';
    throw new RequestError('body_invalid', `The ${what}. ${takes(model)}`);
  }
  if (body.size === 0)
    throw new RequestError('image_missing', 'The request is empty. Send a form: curl -F image=@dog.jpg');
  if (isForm && !beginsImage(head))
    throw new RequestError('image_missing', 'The form has no file. Send one with -F image=@dog.jpg, not with -d.');
  const bytes = bytesOf(body);
  if (isForm && !['\0', '\r', '\n'].some((character) => bytes.includes(character)))
    throw new RequestError(
      'image_invalid',
      'The image lacks its line ends and zeros, which curl -d leaves out. Send it with --data-binary @dog.jpg.',
    );
  return bytes;
}
