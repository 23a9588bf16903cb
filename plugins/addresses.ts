import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { kerasServeOf } from '../src/http/keras-serve.js';
import { RequestError } from '../src/http/request-error.js';
import type { IsTrusted } from '../src/http/trusted-proxies.js';
import { ConfigError } from '../src/settings/config-error.js';
import { path } from '../src/settings/paths.js';

export interface AddressesOptions {
  /** What was taken off the addresses of requests by this server; empty where nothing was. */
  basePath?: string;
  /** Which proxies are believed; none where it is left out. */
  isTrusted?: IsTrusted;
}

/**
 * Adds `outerPath` to `kerasServe`: what stands before the addresses of routes as clients have to write them. A proxy that is
 * believed says what it has taken off them with `X-Forwarded-Prefix`.
 */
export default fp<AddressesOptions>(
  async (app, { basePath = '', isTrusted = () => false }) => {
    const forwarded = ({ headers, raw }: FastifyRequest): string => {
      const prefix = headers['x-forwarded-prefix'];
      return prefix === undefined || !isTrusted(raw.socket.remoteAddress) ? '' : readPrefix([prefix].flat().join());
    };
    kerasServeOf(app).outerPath = (request) => forwarded(request) + basePath;
    app.addHook('onRequest', (request, _reply, done) => {
      forwarded(request);
      done();
    });
  },
  { name: 'addresses' },
);

/** The path of a header to which each proxy adds what it took off, the outermost first. @throws RequestError */
function readPrefix(header: string): string {
  try {
    return path(
      header
        .split(',')
        .map((prefix) => path(prefix.trim()))
        .join('') || '/',
    );
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new RequestError('request_invalid', `The header "X-Forwarded-Prefix" ${error.message}.`);
  }
}
