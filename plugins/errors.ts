import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { ErrorReply, ErrorReplyWithKeys, errorReply } from '../schemas/error.js';
import { ProtocolError } from '../schemas/protocol-error.js';
import { answerErrors } from '../src/http/send-error.js';

export interface ErrorsOptions {
  /** Whether API keys are asked for. */
  hasKeys?: boolean;
}

/** The most that is read of a body nobody wants any more, in bytes and in milliseconds. */
const discarded = { bytes: 64 * 2 ** 20, time: 5_000 };

/**
 * Reads what is left of a request's body and throws it away. Clients read a reply only once they have sent everything:
 * on a connection that is closed earlier, they would find a broken pipe instead of the reason.
 *
 * @returns whether the body has come to its end
 */
async function discardBody(request: FastifyRequest): Promise<boolean> {
  const { raw } = request;
  const isComplete = () => raw.complete || raw.readableEnded;
  if (isComplete() || raw.destroyed) return isComplete();
  return new Promise((resolve) => {
    let read = 0;
    const count = (chunk: Buffer) => {
      read += chunk.length;
      if (read > discarded.bytes) finish();
    };
    const timer = setTimeout(finish, discarded.time);
    function finish() {
      clearTimeout(timer);
      raw.off('data', count).off('end', finish).off('close', finish);
      resolve(isComplete());
    }
    // Who reads it no longer would hold it up.
    raw.unpipe().on('data', count).on('end', finish).on('close', finish).resume();
  });
}

/** Keeps the connection of a failure, or has it end, by whether all of its request was read. */
async function settleConnection(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (!(await discardBody(request))) reply.header('connection', 'close');
  // To take away what isn't there, or from a client that has closed its side, has Node keep a connection that it would end.
  else if (reply.hasHeader('connection') && !request.socket.readableEnded) reply.removeHeader('connection');
}

/**
 * Every failure as `{"success": false, "error": {"code", "message"}}`, with the status of its code and nothing that leaks. Routes
 * of protocols whose clients know errors of another form have handlers of their own.
 */
export default fp<ErrorsOptions>(
  async (app, { hasKeys }) => {
    app.addSchema(hasKeys ? ErrorReplyWithKeys : ErrorReply);
    app.addSchema(ProtocolError);
    answerErrors(app, { errorBody: errorReply });
    app.addHook('onSend', (request, reply, _payload, done) => {
      if (reply.statusCode < 400) done();
      else settleConnection(request, reply).then(() => done(), done);
    });
  },
  { name: 'errors' },
);
