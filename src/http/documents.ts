import type { CatalogModel } from '../catalog/model-versions.js';
import { genericOperations } from './generic-operations.js';
import { modelOperations } from './model-operations.js';
import type { ModelOperations, OperationOptions } from './operation-parts.js';

/** An OpenAPI document, as far as models add to it. */
export interface Document {
  info: { description: string };
  servers: { url: string; description: string }[];
  tags: { name: string }[];
  paths: Record<string, object>;
  components: { schemas: Record<string, object>; examples?: Record<string, object> };
}

/** Models that a document has operations of, at most: nobody reads of more. */
export const mostDocumented = 100;

/** The server of a document, from where the document lies: whatever path a proxy puts before both. */
export const serversAt = (url: string): Document['servers'] => [{ url, description: 'This server' }];

/**
 * The document of the routes, with the operations of some models; of many, with one for all of them.
 * @param base that of the routes alone
 */
export function documentOf(base: Document, models: readonly CatalogModel[], options: OperationOptions): Document {
  if (models.length <= mostDocumented) return withOperations(base, modelOperations(models, options));
  const hasDefault = models.some(({ name }) => name === options.defaultName);
  const { description } = base.info;
  return {
    ...withOperations(base, genericOperations(hasDefault, options)),
    info: {
      ...base.info,
      description: `${description} There are more than ${mostDocumented} models: each has a document of its own at \`/models/{name}/openapi.json\`.`,
    },
  };
}

/** What a client of one model needs beside its predictions: what it is, and its jobs. */
const generic = ['/models/{name}', '/models/{name}/versions/{version}', '/jobs/'];

/** The document of one model, with the routes that go with it. */
export function modelDocumentOf(base: Document, model: CatalogModel, options: OperationOptions): Document {
  const isNeeded = (path: string) => generic.some((one) => (one.endsWith('/') ? path.startsWith(one) : path === one));
  const paths = Object.fromEntries(Object.entries(base.paths).filter(([path]) => isNeeded(path)));
  return withUsed(withOperations({ ...base, paths }, modelOperations([model], options)));
}

function withOperations(base: Document, { first, others, tags, schemas, examples }: ModelOperations): Document {
  const news = tags.filter(({ name }) => !base.tags.some((tag) => tag.name === name));
  return {
    ...base,
    servers: serversAt('.'),
    tags: [...base.tags, ...news],
    components: { ...base.components, schemas: { ...base.components.schemas, ...schemas }, examples },
    paths: { ...first, ...base.paths, ...others },
  };
}

/** Without the schemas and tags that nothing refers to. */
function withUsed(document: Document): Document {
  const { paths, components, tags } = document;
  const used: Record<string, object> = {};
  const refer = (part: unknown): void => {
    for (const [, name = ''] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (Object.hasOwn(used, name) || !Object.hasOwn(components.schemas, name)) continue;
      used[name] = components.schemas[name]!;
      refer(used[name]);
    }
  };
  refer(paths);
  const schemas = Object.fromEntries(Object.entries(components.schemas).filter(([name]) => Object.hasOwn(used, name)));
  const operations = Object.values(paths).flatMap((path) => Object.values(path) as { tags?: string[] }[]);
  const named = new Set(operations.flatMap((operation) => operation.tags ?? []));
  return { ...document, tags: tags.filter(({ name }) => named.has(name)), components: { ...components, schemas } };
}
