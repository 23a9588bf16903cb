import type { FastifyInstance } from 'fastify';
import findMyWay from 'find-my-way';
import { nearestName } from '../src/support/nearest-name.js';
import { RequestError } from './errors.js';
import { withoutTrailingSlash } from './trailing-slash.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How the route is to be called: the message of a 405. */
    usage?: string;
  }
}

/**
 * Makes every address refuse with 405 and `Allow` the methods that it has no route for, and where there is nothing names the
 * address that was probably meant. Called before the first route is
 * added; the function that it returns, after the last.
 */
export function watchMethods(app: FastifyInstance): () => void {
  const addresses = findMyWay({ ignoreTrailingSlash: true, maxParamLength: 1200 });
  const usages = new Map<string, string | undefined>();
  app.addHook('onRoute', ({ url: address, config }) => {
    const url = withoutTrailingSlash(address);
    if (!usages.has(url)) addresses.on('GET', url, () => undefined, { url });
    usages.set(url, config?.usage ?? usages.get(url));
  });

  return () => {
    app.addHook('onRequest', async ({ is404, method, url }) => {
      if (!is404) return;
      const path = url.split(/[?#]/, 1)[0]!;
      const address = addresses.find('GET', path);
      if (!address) {
        const nearest = nearestAddress(path, [...usages.keys()]);
        if (!nearest) return;
        const message = `There is nothing at this address. Did you mean ${nearest}? GET /docs lists what there is.`;
        throw new RequestError('not_found', message);
      }
      const route = address.store as { url: string };
      const allowed = app.supportedMethods.filter((method) => app.hasRoute({ url: route.url, method }));
      const usage = usages.get(route.url) ?? `Use ${allowed.join(' or ')}`;
      const message = `${method} is not allowed here. ${usage}.`;
      throw new RequestError('method_not_allowed', message, { allow: allowed.join(', ') });
    });
  };
}

/** The route that a path was probably meant for, with the path's own names of models. */
function nearestAddress(path: string, urls: readonly string[]): string | undefined {
  const given = path.slice(0, 200).split('/');
  const known = urls
    // TensorFlow Serving's have patterns in them.
    .filter((url) => url !== '/' && !url.includes('('))
    .map((url) => url.split('/'))
    .filter((parts) => parts.length === given.length)
    .map((parts) => parts.map((part, index) => (part.startsWith(':') ? given[index]! : part)).join('/'));
  return nearestName(given.join('/'), known);
}
