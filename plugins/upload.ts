import type { FastifyError, FastifyRequest } from 'fastify';
import { RequestError } from './errors.js';

/** What a form may hold besides the size of its file: bounds that no honest client meets. */
export const formLimits = { files: 1, fields: 8, parts: 9, fieldNameSize: 100, fieldSize: 1024, headerPairs: 32 };

/**
 * The image in the form of a request.
 *
 * @throws RequestError when there is none, or the form can't be read
 */
export async function imageOfForm(request: FastifyRequest): Promise<Buffer> {
  let image: Buffer | undefined;
  const others: string[] = [];
  try {
    for await (const part of request.parts()) {
      if (part.type === 'file' && part.fieldname === 'image') image = await part.toBuffer();
      else others.push(part.fieldname);
      if (part.type === 'file') part.file.resume();
    }
  } catch (error) {
    // Errors of the form's parser are the client's and have no code.
    if ((error as FastifyError).code) throw error;
    throw new RequestError('form_invalid', `The form can’t be read: ${lowerFirst((error as Error).message)}.`);
  }
  if (image) return image;
  if (others.includes('image'))
    throw new RequestError(
      'image_missing',
      'The field "image" holds text. Send a file in it: -F image=@dog.jpg, with the @.',
    );
  const found = others.length > 0 ? `, but ${others.map((name) => `"${name.slice(0, 40)}"`).join(', ')}` : '';
  throw new RequestError('image_missing', `The form has no field "image"${found}. Send the file as -F image=@dog.jpg.`);
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
