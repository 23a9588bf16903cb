import type { FastifyInstance } from 'fastify';
import findMyWay from 'find-my-way';
import { RequestError } from './errors.js';
import { withoutTrailingSlash } from './trailing-slash.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How the route is to be called: the message of a 405. */
    usage?: string;
  }
}

/**
 * Makes every address refuse with 405 and `Allow` the methods that it has no route for. Called before the first route is
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
      const address = is404 && addresses.find('GET', url.split(/[?#]/, 1)[0]!);
      if (!address) return;
      const route = address.store as { url: string };
      const allowed = app.supportedMethods.filter((method) => app.hasRoute({ url: route.url, method }));
      const usage = usages.get(route.url) ?? `Use ${allowed.join(' or ')}`;
      const message = `${method} is not allowed here. ${usage}.`;
      throw new RequestError('method_not_allowed', message, { allow: allowed.join(', ') });
    });
  };
}
