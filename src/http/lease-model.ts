import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ModelLease } from '../catalog/catalog.js';
import { replyTo } from './open-replies.js';

const leases = new WeakMap<FastifyRequest, ModelLease>();

/**
 * Finds the model of every request of an instance before its body is read, and keeps it loaded until the request is answered or
 * its client gone.
 * @returns the lease of a request
 */
export function leaseModel(
  app: FastifyInstance,
  find: (request: FastifyRequest) => ModelLease,
): (request: FastifyRequest) => ModelLease {
  app.addHook('onRequest', (request, _reply, done) => {
    const lease = find(request);
    leases.set(request, lease);
    replyTo(request).onEnd(lease.release);
    done();
  });
  return (request) => leases.get(request)!;
}
