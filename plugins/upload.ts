import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyError, FastifyRequest } from 'fastify';
import { decodeBody } from './content-encoding.js';
import { RequestError } from './errors.js';
import { refuseUnknown } from './known-names.js';

/** What a form may hold besides the size of its file: bounds that no honest client meets. */
export const formLimits = { files: 1, fields: 8, parts: 9, fieldNameSize: 100, fieldSize: 1024, headerPairs: 32 };

/** What a form holds beside its files, at most, in bytes. */
const formSize = 64 * 1024;

/**
 * The image in the form of a request.
 *
 * @param maxImageSize in bytes
 * @throws RequestError when there is none, or the form can't be read
 */
export async function imageOfForm(request: FastifyRequest, maxImageSize: number): Promise<Buffer> {
  let image: Buffer | undefined;
  const others: string[] = [];
  try {
    for await (const part of inTime(partsOf(request, maxImageSize + formSize), request.raw)) {
      if (part.type === 'file' && part.fieldname === 'image') image = await part.toBuffer();
      else others.push(part.fieldname ?? '');
      if (part.type === 'file') part.file.resume();
    }
  } catch (error) {
    // Errors of the form's parser are the client's and have no code.
    if ((error as FastifyError).code) throw error;
    throw new RequestError('form_invalid', `The form can’t be read: ${lowerFirst((error as Error).message)}.`);
  }
  if (image) {
    refuseUnknown(others, ['image'], 'field of the form', 'form_invalid');
    return image;
  }
  if (others.includes('image'))
    throw new RequestError(
      'image_missing',
      'The field "image" holds text. Send a file in it: -F image=@dog.jpg, with the @.',
    );
  const found = others.length > 0 ? `, but ${others.map((name) => `"${name.slice(0, 40)}"`).join(', ')}` : '';
  throw new RequestError('image_missing', `The form has no field "image"${found}. Send the file as -F image=@dog.jpg.`);
}

/** Milliseconds after which a form that has come as a whole has no next part any more. */
const longestPause = 5000;

/** Parts of a form. Some of those without a name have what reads forms stand still, though there is nothing to wait for. */
async function* inTime<T>(parts: AsyncIterable<T>, raw: IncomingMessage): AsyncGenerator<T> {
  const iterator = parts[Symbol.asyncIterator]();
  let timer: NodeJS.Timeout | undefined;
  let waits = true;
  const stalled = new Promise<never>((_resolve, reject) => {
    timer = setInterval(() => {
      if (!waits || raw.complete === false) return;
      reject(new RequestError('form_invalid', 'The form can’t be read: a part of it has no name.'));
    }, longestPause);
  });
  stalled.catch(() => undefined);
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), stalled]);
      if (next.done) return;
      waits = false;
      yield next.value;
      waits = true;
      timer?.refresh();
    }
  } finally {
    clearInterval(timer);
  }
}

/** The parts of a form, whether it is compressed or not: what reads forms knows `request.raw` alone. */
function partsOf(request: FastifyRequest, limit: number): ReturnType<FastifyRequest['parts']> {
  const decoded = decodeBody(request, request.raw);
  if (decoded === request.raw) return request.parts();
  const raw = Readable.from(upTo(limit, decoded), { objectMode: false });
  return Object.create(request, { raw: { value: Object.assign(raw, { headers: request.headers }) } }).parts();
}

async function* upTo(limit: number, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > limit) throw new RequestError('content_too_large');
    yield chunk;
  }
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
