import type { IncomingMessage } from 'node:http';
import { finished, Readable, Transform } from 'node:stream';
import type { MultipartFile } from '@fastify/multipart';
import type { FastifyError, FastifyRequest } from 'fastify';
import { type FormPart, tooManyParts } from '../protocols/predict/form-parts.js';
import { smallSize } from '../protocols/task-runner.js';
import { messageCost } from '../serving/memory-budget.js';
import { formatBytes } from '../support/bytes.js';
import { decodeBody } from './content-encoding.js';
import { replyTo } from './open-replies.js';
import { RequestError } from './request-error.js';

/** How what reads forms is set up: all parts are streams, so that none of them is held before there is room for it. */
export const formOptions = {
  limits: { fieldNameSize: 1000, headerPairs: 32 },
  isPartAFile: () => true,
};

/**
 * The parts of a form.
 *
 * @param most how many there may be
 * @param limit bytes of all of it
 * @throws RequestError, ProtocolRequestError, ServingError when it can't be read, is too large, or there is no room for it now
 */
export async function readForm(request: FastifyRequest, most: number, limit: number): Promise<FormPart[]> {
  const parts: FormPart[] = [];
  try {
    for await (const part of inTime(partsOf(request, most, limit), request.raw))
      if (part.type === 'file') parts.push(await readPart(part));
  } catch (error) {
    const { code } = error as FastifyError;
    if (code === 'FST_PARTS_LIMIT' || code === 'FST_FILES_LIMIT') throw tooManyParts(most);
    // Errors of the form's parser are the client's and have no code.
    if (code) throw error;
    throw new RequestError('form_invalid', `The form can’t be read: ${lowerFirst((error as Error).message)}.`);
  }
  return parts;
}

/** curl and browsers give no type to a field that is no file; other clients give no name to a file. */
const fileType = /^(image\/|application\/octet-stream)/;

async function readPart({ fieldname = '', filename, mimetype, file }: MultipartFile): Promise<FormPart> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of file as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    size += chunk.length;
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  const isFile = filename !== undefined || fileType.test(mimetype);
  return { name: fieldname, bytes, isFile, mediaType: mimetype, fileName: filename };
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

/** What reads forms would log all of a request's headers, keys among them. */
const silence = { trace: () => undefined, debug: () => undefined, error: () => undefined };

/** The parts of a form, counted before they are read: what reads forms knows `request.raw` alone. */
function partsOf(request: FastifyRequest, most: number, limit: number): ReturnType<FastifyRequest['parts']> {
  const decoded = decodeBody(request, request.raw);
  const source = decoded instanceof Readable ? decoded : Readable.from(decoded, { objectMode: false });
  const counted = counter(request, limit);
  finished(source, (error) => error && counted.destroy(error));
  const raw = Object.assign(source.pipe(counted), { headers: request.headers });
  const reading: FastifyRequest = Object.create(request, { raw: { value: raw }, log: { value: silence } });
  return reading.parts({ limits: { files: most, parts: most, fileSize: limit } });
}

/** Lets a body through, up to its limit and that of memory. */
function counter(request: FastifyRequest, limit: number): Transform {
  const reply = replyTo(request);
  let size = 0;
  let reserved = 0;
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      try {
        size += chunk.length;
        if (size > limit)
          throw new RequestError(
            'content_too_large',
            `The form is larger than ${formatBytes(limit)}, the most that this server takes.`,
          );
        if (size > smallSize) {
          reply.memory.grow((size - reserved) * messageCost);
          reserved = size;
        }
        done(null, chunk);
      } catch (error) {
        done(error as Error);
      }
    },
  });
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
