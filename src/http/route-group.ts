import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify';
import type { RouteGroup } from '../settings/route-groups.js';

/** What the config of a route may have for access by keys. */
export interface GroupConfig extends FastifyContextConfig {
  /** The group that the route belongs to; one that belongs to none is closed. */
  group?: RouteGroup;
}

/** The options of a route that belongs to a group. */
export const inGroup = (group: RouteGroup): { config: GroupConfig } => ({ config: { group } });

/** Puts all routes of an instance, added from now on, into a group. */
export function allInGroup(app: FastifyInstance, group: RouteGroup): void {
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, ...inGroup(group).config };
  });
}

/** The group of a route's config. */
export const groupIn = (config: unknown): RouteGroup | undefined => (config as GroupConfig | undefined)?.group;

/** The group of the route that a request came to; undefined where there is none. */
export const groupOf = ({ routeOptions }: FastifyRequest): RouteGroup | undefined => groupIn(routeOptions.config);
