import type { FastifyRequest } from 'fastify';
import { CatalogError } from '../catalog/catalog.js';
import { nearestName } from '../support/nearest-name.js';
import { type KerasServeParts, kerasServeOf } from './keras-serve.js';

/**
 * Which model was probably meant by a name that none has, behind what says so: one that the sender of the request may know of.
 * @returns '' where none is near
 */
export function nearestModel(error: unknown, request: FastifyRequest): string {
  if (!(error instanceof CatalogError) || error.unknown === undefined) return '';
  const { access }: Partial<KerasServeParts> = kerasServeOf(request.server);
  const known = access?.documentedFor(request).map(({ name }) => name) ?? [];
  const nearest = nearestName(error.unknown, known);
  return nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
}
