import type { FastifyInstance } from 'fastify';
import { takeRawBodies } from './bodies.js';
import { answerErrors, type ErrorForm } from './send-error.js';

/**
 * Makes the routes of an instance those of a protocol: failures have its form, bodies are bytes, and what reads requests is all
 * that checks them, in the protocol's own words.
 * @param maxSize of a body, in bytes
 */
export function followProtocol(app: FastifyInstance, protocol: ErrorForm, maxSize: number): void {
  answerErrors(app, protocol);
  takeRawBodies(app, maxSize);
  leaveChecking(app);
}

/** Leaves the checking of requests to what reads them. An instance that adds schemas has to be told again. */
export function leaveChecking(app: FastifyInstance): void {
  app.setValidatorCompiler(() => () => true);
}
