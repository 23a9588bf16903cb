import type { FastifyInstance } from 'fastify';

/**
 * Makes every route answer with a slash at its end as well, in an app whose router doesn't ignore them. Called before the
 * first route is added.
 */
export function ignoreTrailingSlashes(app: FastifyInstance): void {
  const { ignoreTrailingSlash, routerOptions } = app.initialConfig;
  if (ignoreTrailingSlash || routerOptions?.ignoreTrailingSlash) return;
  app.addHook('onRoute', function (this: FastifyInstance, route) {
    const { routePath, method, prefixTrailingSlash } = route;
    // Fastify itself adds HEAD to every GET, and a slash to what a prefix is alone, unless it is told not to; OPTIONS is added to
    // every address.
    if (method === 'HEAD' || method === 'OPTIONS' || /[/*]$/.test(routePath)) return;
    if (routePath === '' && prefixTrailingSlash !== 'no-slash') return;
    const hidden = { ...route.schema, hide: true };
    this.route({ ...route, url: `${routePath}/`, prefixTrailingSlash: 'slash', schema: hidden });
  });
}

/** The address of a route as it was written. */
export const withoutTrailingSlash = (url: string): string => url.replace(/(?<=[^/])\/$/, '');
