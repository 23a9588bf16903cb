import { METHODS } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { RequestError } from './errors.js';

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
  const usages = new Map<string, string | undefined>();
  app.addHook('onRoute', ({ url, config }) => {
    usages.set(url, config?.usage ?? usages.get(url));
  });
  for (const method of METHODS) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method);

  return () => {
    for (const [url, usage] of [...usages]) {
      const allowed = app.supportedMethods.filter((method) => app.hasRoute({ url, method }));
      app.route({
        url: url.slice(app.prefix.length),
        prefixTrailingSlash: 'slash',
        method: app.supportedMethods.filter((method) => !allowed.includes(method)),
        schema: { hide: true },
        onRequest: async ({ method }) => {
          const message = `${method} is not allowed here. ${usage ?? `Use ${allowed.join(' or ')}`}.`;
          throw new RequestError('method_not_allowed', message, { allow: allowed.join(', ') });
        },
        handler: () => {},
      });
    }
  };
}
