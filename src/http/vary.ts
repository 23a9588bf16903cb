import type { FastifyReply } from 'fastify';

/** Says that a reply depends on a header of the request, whatever else it depends on. */
export function addVary(reply: FastifyReply, name: string): void {
  reply.header('vary', [reply.getHeader('vary'), name].flat().filter(Boolean).join(', '));
}
