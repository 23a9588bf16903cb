import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, FastifyRequest, FastifySchema } from 'fastify';
import fp from 'fastify-plugin';
import { stringify } from 'yaml';
import { componentName } from '../schemas/reference.js';
import type { CatalogModel } from '../src/catalog/model-versions.js';
import { kerasServeOf } from '../src/http/keras-serve.js';
import { keyErrorReplies, keyErrorsOf, keySecurity, securitySchemes } from '../src/http/key-documents.js';
import { MemoryFiles } from '../src/http/memory-files.js';
import { modelOperations } from '../src/http/model-operations.js';
import { pageHeaders } from '../src/http/page-headers.js';
import { groupIn, inGroup } from '../src/http/route-group.js';
import { packageVersion } from '../src/support/package.js';

/**
 * The OpenAPI document at `/openapi.json` and `/openapi.yaml`, and Swagger UI at `/docs`. It is made from the schemas of the
 * routes, and from the signatures of the models that can predict now, of which it has those that who asks may know of.
 */
export default fp(
  async (app) => {
    const { access } = kerasServeOf(app);
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'keras-serve',
          summary: 'A Keras model as a REST API.',
          description: 'Send images or numbers, get what a Keras model predicts.',
          version: packageVersion,
          license: { name: 'MIT', identifier: 'MIT' },
        },
        // Taken off the addresses of the routes.
        servers: [{ url: app.prefix || '/' }],
        security: [],
        ...(access.keys && { components: { securitySchemes } }),
        tags: [
          { name: 'Predict', description: 'What a model says of images or numbers.' },
          { name: 'Models', description: 'Which models there are, what they take and what they give.' },
          { name: 'Jobs', description: 'Requests that are answered later.' },
          { name: 'TensorFlow Serving', description: 'The REST API that TensorFlow Serving has, for its clients.' },
          {
            name: 'Open Inference Protocol',
            description: 'The REST API that KServe, Triton and others have in common, for their clients.',
          },
          { name: 'Health', description: 'For load balancers and orchestrators.' },
        ],
      },
      ...(access.keys && {
        transform: ({ schema, url, route }) => ({ schema: secured(schema, url, route.config), url }),
      }),
      refResolver: {
        buildLocalReference: (schema, _base, _fragment, index) => componentName(String(schema.$id ?? `schema${index}`)),
      },
    });

    /** Adds to a schema that its route needs a key. */
    function secured(schema: FastifySchema | undefined, url: string, config: unknown): FastifySchema {
      const group = groupIn(config);
      if (schema?.hide) return schema;
      const replies = keyErrorReplies(url.slice(app.prefix.length), keyErrorsOf(access, group));
      const security = access.needsKey(group) ? { security: keySecurity } : {};
      return { ...schema, ...security, response: { ...replies, ...(schema?.response as object) } };
    }

    const documents = documentsOf(app);
    app.get('/openapi.json', { ...inGroup('documents'), schema: { hide: true } }, async (request, reply) =>
      reply.type('application/json; charset=utf-8').send(withServer(documents(request).json, pathTo(app, request))),
    );
    app.get('/openapi.yaml', { ...inGroup('documents'), schema: { hide: true } }, async (request, reply) =>
      reply.type('application/yaml; charset=utf-8').send(withServer(documents(request).yaml, pathTo(app, request))),
    );

    await serveFromMemory(app);
    await app.register(swaggerUi, {
      routePrefix: '/docs',
      logLevel: 'warn',
      indexPrefix: '.',
      // What Swagger UI reads lies a folder further down.
      transformSpecification: (_document, request) => ({
        ...documents(request).document,
        servers: serversAt(pathTo(app, request) ?? '..'),
      }),
      transformSpecificationClone: false,
      theme: { title: 'keras-serve' },
      uiHooks: {
        onRequest: (_request, reply, next) => {
          reply.headers(pageHeaders);
          next();
        },
      },
      uiConfig: { layout: 'BaseLayout', tryItOutEnabled: true, displayRequestDuration: true },
      // Swagger UI sets styles from its script; everything else comes from this server.
      staticCSP: {
        'default-src': "'none'",
        'script-src': "'self'",
        'style-src': ["'self'", "'unsafe-inline'"],
        'img-src': ["'self'", 'data:', 'blob:'],
        'connect-src': "'self'",
        'base-uri': "'none'",
        'form-action': "'none'",
        'frame-ancestors': "'none'",
      },
    });
  },
  { name: 'openapi', dependencies: ['model'] },
);

/** Makes Swagger UI's files, which belong to the documents, come from memory: its own route would open one for each reply, and fail at odd names. */
async function serveFromMemory(app: FastifyInstance): Promise<void> {
  const manifest = createRequire(import.meta.url).resolve('@fastify/swagger-ui/package.json');
  const files = await MemoryFiles.of(join(dirname(manifest), 'static'));
  app.addHook('onRoute', (route) => {
    if (!`${route.url}/`.startsWith(`${app.prefix}/docs/`)) return;
    route.config = { ...route.config, ...inGroup('documents').config };
    if (route.url === `${app.prefix}/docs/static/index.html`)
      route.handler = (request, reply) => reply.redirect(`${pathTo(app, request) ?? app.prefix}/docs/`);
    if (route.url !== `${app.prefix}/docs/static/*`) return;
    route.handler = (request, reply) =>
      files.send(
        (request.params as { '*': string })['*'],
        request,
        reply.headers({ ...pageHeaders, 'cache-control': 'public, max-age=0' }),
      );
  });
}

/** Where the routes lie for the client of a request; undefined where nobody says what a proxy may have put before them. */
function pathTo(app: FastifyInstance, request: FastifyRequest): string | undefined {
  const outer = kerasServeOf(app).outerPath(request);
  return outer === '' ? undefined : outer + app.prefix;
}

/** The text of a document with the address of its server in the place of that from where the document lies. */
const withServer = (text: string, url: string | undefined): string =>
  url === undefined ? text : text.replace(/(?<="servers":\[\{"url":")\.(?=")|(?<=^servers:\n {2}- url: )\.$/m, url);

/** This server, from where a document of it lies: whatever path a proxy puts before both. */
const serversAt = (url: string) => [{ url, description: 'This server' }];

interface Document {
  servers: { url: string }[];
  tags: { name: string }[];
  paths: Record<string, object>;
  components: { schemas: Record<string, object>; examples?: Record<string, object> };
}

/** A document, as data and as text, which is made when it is asked for. */
class Texts {
  private madeJson: string | undefined;
  private madeYaml: string | undefined;

  constructor(readonly document: Document) {}

  get json(): string {
    this.madeJson ??= JSON.stringify(this.document);
    return this.madeJson;
  }

  get yaml(): string {
    this.madeYaml ??= stringify(this.document, { aliasDuplicateObjects: false });
    return this.madeYaml;
  }
}

/** Documents of different models that are kept: holders of keys may see different ones. */
const mostKept = 8;

/** Gives the document that who asks may see, made anew when the models have changed. */
function documentsOf(app: FastifyInstance): (request: FastifyRequest) => Texts {
  let generation: number | undefined;
  const kept = new Map<string, Texts>();
  return (request) => {
    const { catalog, access } = kerasServeOf(app);
    if (generation !== catalog.generation) kept.clear();
    generation = catalog.generation;
    const models = access.documentedFor(request);
    const key = JSON.stringify(models.map(({ name }) => name));
    const texts = kept.get(key) ?? new Texts(documentOf(app, models));
    kept.delete(key);
    kept.set(key, texts);
    const [oldest] = kept.keys();
    if (kept.size > mostKept) kept.delete(oldest!);
    return texts;
  };
}

/** The document of the routes, with the operations of some models. */
function documentOf(app: FastifyInstance, models: readonly CatalogModel[]): Document {
  const base = app.swagger() as unknown as Document;
  const { catalog, access, hasRateLimit } = kerasServeOf(app);
  const { first, others, tags, schemas, examples } = modelOperations(models, {
    defaultName: catalog.defaultName,
    needsKey: access.needsKey('predict'),
    keyErrors: keyErrorsOf(access, 'predict'),
    hasRateLimit,
  });
  const news = tags.filter(({ name }) => !base.tags.some((tag) => tag.name === name));
  return {
    ...base,
    servers: serversAt('.'),
    tags: [...base.tags, ...news],
    components: {
      ...base.components,
      schemas: { ...base.components.schemas, ...schemas },
      examples,
    },
    paths: { ...first, ...base.paths, ...others },
  };
}
