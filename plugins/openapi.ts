import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, FastifyRequest, FastifySchema } from 'fastify';
import fp from 'fastify-plugin';
import { stringify } from 'yaml';
import { componentName } from '../schemas/reference.js';
import { type Document, documentOf, modelDocumentOf, mostDocumented, serversAt } from '../src/http/documents.js';
import { kerasServeOf } from '../src/http/keras-serve.js';
import { keyErrorReplies, keyErrorsOf, keySecurity, securitySchemes } from '../src/http/key-documents.js';
import { knownQuery } from '../src/http/known-names.js';
import { MemoryFiles } from '../src/http/memory-files.js';
import type { OperationOptions } from '../src/http/operation-parts.js';
import { pageHeaders } from '../src/http/page-headers.js';
import { groupIn, inGroup } from '../src/http/route-group.js';
import { packageVersion } from '../src/support/package.js';

/**
 * The OpenAPI document at `/openapi.json` and `/openapi.yaml`, that of each model at `/models/{name}/openapi.json`, and Swagger UI at
 * `/docs`. It is made from the schemas of the
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

    const documents = new Documents(app);
    const options = { ...inGroup('documents'), schema: { hide: true } };
    app.get('/openapi.json', options, async (request, reply) =>
      reply.type(jsonType).send(withServer(documents.for(request).json, pathTo(app, request))),
    );
    app.get('/openapi.yaml', options, async (request, reply) =>
      reply.type('application/yaml; charset=utf-8').send(withServer(documents.for(request).yaml, pathTo(app, request))),
    );
    const ownOptions = { ...options, onRequest: knownQuery() };
    app.get<{ Params: { name: string } }>('/models/:name/openapi.json', ownOptions, async (request, reply) => {
      const { json } = documents.of(request.params.name, request);
      return reply.type(jsonType).send(withServer(json, pathTo(app, request) ?? '../..'));
    });

    await serveFromMemory(app);
    await app.register(swaggerUi, {
      routePrefix: '/docs',
      logLevel: 'warn',
      indexPrefix: '.',
      // What Swagger UI reads lies a folder further down.
      transformSpecification: (_document, request) => ({
        ...documents.for(request).document,
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

const jsonType = 'application/json; charset=utf-8';

/** Documents of different models that are kept: holders of keys may see different ones. */
const mostKept = 8;

/** The documents that are asked for, made anew when the models have changed. */
class Documents {
  private generation: number | undefined;
  private readonly kept = new Map<string, Texts>();

  constructor(private readonly app: FastifyInstance) {}

  /** That of all models that who asks may see. */
  for(request: FastifyRequest): Texts {
    const models = kerasServeOf(this.app).access.documentedFor(request);
    const { defaultName } = this.options;
    const names = models.map(({ name }) => name);
    // Of many models all that is said is whether the default one is among them.
    const key = names.length > mostDocumented ? names.includes(defaultName) : names;
    return this.keep(JSON.stringify(key), () => documentOf(this.base, models, this.options));
  }

  /** That of one model. @throws CatalogError, RequestError where who asks may not see it */
  of(name: string, request: FastifyRequest): Texts {
    const { access, catalog } = kerasServeOf(this.app);
    access.admitToDocument(request, name);
    catalog.find(name);
    const model = catalog.get(name)!;
    return this.keep(`"${model.name}"`, () => modelDocumentOf(this.base, model, this.options));
  }

  private get base(): Document {
    return this.app.swagger() as unknown as Document;
  }

  private get options(): OperationOptions {
    const { catalog, access, hasRateLimit } = kerasServeOf(this.app);
    return {
      defaultName: catalog.defaultName,
      needsKey: access.needsKey('predict'),
      keyErrors: keyErrorsOf(access, 'predict'),
      hasRateLimit,
    };
  }

  private keep(key: string, make: () => Document): Texts {
    const { generation } = kerasServeOf(this.app).catalog;
    if (this.generation !== generation) this.kept.clear();
    this.generation = generation;
    const texts = this.kept.get(key) ?? new Texts(make());
    this.kept.delete(key);
    this.kept.set(key, texts);
    const [oldest] = this.kept.keys();
    if (this.kept.size > mostKept) this.kept.delete(oldest!);
    return texts;
  }
}
