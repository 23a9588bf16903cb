import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { formatBytes } from '../src/config.js';
import { RequestError, sendError } from './errors.js';

const decoders: Record<string, (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>> = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  identity: async (body) => body,
};

/**
 * Bodies of the routes of this instance are bytes, whatever type the client calls them: curl says that what it sends is a form,
 * and others say nothing. They may be compressed.
 *
 * @param limit the most bytes of a body, before and after it is decompressed
 */
export function takeRawBodies(app: FastifyInstance, limit: number): void {
  const tooLarge = () =>
    new RequestError(
      'content_too_large',
      `The body is larger than ${formatBytes(limit)}, the most that this server takes.`,
    );
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: limit },
    async (request: FastifyRequest, body: Buffer) => {
      const encoding = String(request.headers['content-encoding'] ?? 'identity').toLowerCase();
      if (!Object.hasOwn(decoders, encoding))
        throw new RequestError('content_type_unsupported', 'The content encoding should be gzip, deflate or none.');
      try {
        return await decoders[encoding]!(body, { maxOutputLength: limit });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
        throw new RequestError('body_invalid', `The body isn’t ${encoding}, as its content encoding says.`);
      }
    },
  );
  app.setErrorHandler<Error & { code: string }>((error, request, reply) =>
    sendError(error.code === 'FST_ERR_CTP_BODY_TOO_LARGE' ? tooLarge() : error, request, reply, { prefix: app.prefix }),
  );
}
