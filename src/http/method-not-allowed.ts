import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify';
import findMyWay from 'find-my-way';
import { isBelow } from '../settings/paths.js';
import { nearestName } from '../support/nearest-name.js';
import { kerasServeOf } from './keras-serve.js';
import { RequestError } from './request-error.js';
import { withoutTrailingSlash } from './trailing-slash.js';

/** What the config of a route may have for {@link refuseOtherMethods}. */
export interface UsageConfig extends FastifyContextConfig {
  /** How the route is to be called, by the parts of the address, in sentences: the message of a 405. */
  usage?: (params: Record<string, string | undefined>, request: FastifyRequest) => string;
}

const pathOf = (url: string): string => url.split(/[?#]/, 1)[0]!;

/**
 * Makes every address refuse with 405 and `Allow` the methods that it has no route for, and where there is nothing names the
 * address that was probably meant. Called before the first route is added.
 * @param basePath below which all is
 */
export function refuseOtherMethods(app: FastifyInstance, basePath = ''): void {
  const addresses = findMyWay({ ignoreTrailingSlash: true, maxParamLength: 1200 });
  const usages = new Map<string, UsageConfig['usage']>();
  app.addHook('onRoute', ({ url: address, config }) => {
    const url = withoutTrailingSlash(address);
    if (!usages.has(url)) addresses.on('GET', url, () => undefined, { url });
    usages.set(url, (config as UsageConfig | undefined)?.usage ?? usages.get(url));
  });

  const parts = kerasServeOf(app);
  const nothing = (request: FastifyRequest): RequestError => {
    const outer = parts.outerPath(request);
    const path = pathOf(request.originalUrl);
    const isOutside = basePath !== '' && !isBelow(basePath, path);
    const nearest = nearestAddress(isOutside ? path : pathOf(request.url), [...usages.keys()]);
    const sentences = [
      `There is nothing at this address${isOutside ? `: all is below ${outer}/` : ''}.`,
      ...(nearest ? [`Did you mean ${outer}${nearest}?`] : []),
      `GET ${outer}${app.prefix}/docs lists what there is.`,
    ];
    return new RequestError('not_found', sentences.join(' '));
  };
  const failureOf = (request: FastifyRequest): RequestError => {
    const { method, url } = request;
    const address = addresses.find('GET', pathOf(url));
    if (!address) return nothing(request);
    const route = address.store as { url: string };
    const allowed = app.supportedMethods.filter(
      (method) => method !== 'OPTIONS' && app.hasRoute({ url: route.url, method }),
    );
    const usage = usages.get(route.url)?.(address.params, request) ?? `Use ${allowed.join(' or ')}.`;
    const message = `${method} is not allowed here. ${usage}`;
    return new RequestError('method_not_allowed', message, { allow: allowed.join(', ') });
  };
  // Before any body is read. A route for OPTIONS is there for preflights alone, and these are answered before.
  app.addHook('onRequest', (request, _reply, done) =>
    done(request.is404 || request.method === 'OPTIONS' ? failureOf(request) : undefined),
  );
}

/** The route that a path was probably meant for, with the path's own names of models. */
function nearestAddress(path: string, urls: readonly string[]): string | undefined {
  // TensorFlow Serving's addresses end with a verb, of which there is one.
  const [, named] = /^(.*\/v1\/models\/[^/:]+(?:\/(?:versions|labels)\/[^/:]+)?):/.exec(path.slice(0, 200)) ?? [];
  if (named) return `${named}:predict`;
  const given = path.slice(0, 200).split('/');
  const known = urls
    // TensorFlow Serving's have patterns in them.
    .filter((url) => url !== '/' && !url.includes('('))
    .map((url) => url.split('/'))
    .filter((parts) => parts.length === given.length)
    .map((parts) => parts.map((part, index) => (part.startsWith(':') ? given[index]! : part)).join('/'));
  return nearestName(given.join('/'), known);
}
