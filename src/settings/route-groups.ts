/** Groups of routes, and whether they answer without a key where keys are asked for. */
export const routeGroups = {
  /** Whether the server lives and can predict. */
  health: 'open',
  /** The page and its files: what it shows comes from other routes. */
  page: 'open',
  /** The OpenAPI document, and Swagger UI. */
  documents: 'open',
  /** Which models there are, and what they take and give. */
  models: 'closed',
  /** Running a model. */
  predict: 'closed',
  /** Requests that are answered later. */
  jobs: 'closed',
  metrics: 'closed',
} as const satisfies Record<string, 'open' | 'closed'>;

export type RouteGroup = keyof typeof routeGroups;

/** The names of all groups. */
export const routeGroupNames = Object.keys(routeGroups) as RouteGroup[];
