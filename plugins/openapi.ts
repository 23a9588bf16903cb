import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { stringify } from 'yaml';
import { componentName } from '../schemas/reference.js';
import { kerasServeOf } from '../src/http/keras-serve.js';
import { MemoryFiles } from '../src/http/memory-files.js';
import { modelOperations } from '../src/http/model-operations.js';
import { packageVersion } from '../src/support/package.js';

/**
 * The OpenAPI document at `/openapi.json` and `/openapi.yaml`, and Swagger UI at `/docs`. It is made from the schemas of the
 * routes, and from the signatures of the models that can predict now.
 */
export default fp(
  async (app) => {
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
        tags: [
          { name: 'Predict', description: 'What a model says of images or numbers.' },
          { name: 'Models', description: 'Which models there are, what they take and what they give.' },
          { name: 'TensorFlow Serving', description: 'The REST API that TensorFlow Serving has, for its clients.' },
          {
            name: 'Open Inference Protocol',
            description: 'The REST API that KServe, Triton and others have in common, for their clients.',
          },
          { name: 'Health', description: 'For load balancers and orchestrators.' },
        ],
      },
      refResolver: {
        buildLocalReference: (schema, _base, _fragment, index) => componentName(String(schema.$id ?? `schema${index}`)),
      },
    });

    const documents = documentsOf(app);
    app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) =>
      reply.type('application/json; charset=utf-8').send(documents().json),
    );
    app.get('/openapi.yaml', { schema: { hide: true } }, async (_request, reply) =>
      reply.type('application/yaml; charset=utf-8').send(documents().yaml),
    );

    await serveFromMemory(app);
    await app.register(swaggerUi, {
      routePrefix: '/docs',
      logLevel: 'warn',
      indexPrefix: '.',
      // What Swagger UI reads lies a folder further down.
      transformSpecification: () => ({ ...documents().document, servers: serversAt('..') }),
      transformSpecificationClone: false,
      theme: { title: 'keras-serve' },
      uiConfig: { layout: 'BaseLayout', tryItOutEnabled: true, displayRequestDuration: true },
      // Swagger UI sets styles from its script; everything else comes from this server.
      staticCSP: {
        'default-src': "'none'",
        'script-src': "'self'",
        'style-src': ["'self'", "'unsafe-inline'"],
        'img-src': ["'self'", 'data:', 'blob:'],
        'connect-src': "'self'",
        'base-uri': "'none'",
        'frame-ancestors': "'none'",
      },
    });
  },
  { name: 'openapi', dependencies: ['model'] },
);

/** Makes Swagger UI's files come from memory: its own route would open one for each reply, and fail at odd names. */
async function serveFromMemory(app: FastifyInstance): Promise<void> {
  const manifest = createRequire(import.meta.url).resolve('@fastify/swagger-ui/package.json');
  const files = await MemoryFiles.of(join(dirname(manifest), 'static'));
  app.addHook('onRoute', (route) => {
    if (route.url !== `${app.prefix}/docs/static/*`) return;
    route.handler = (request, reply) =>
      files.send((request.params as { '*': string })['*'], request, reply.header('cache-control', 'public, max-age=0'));
  });
}

/** This server, from where a document of it lies: whatever path a proxy puts before both. */
const serversAt = (url: string) => [{ url, description: 'This server' }];

interface Document {
  servers: { url: string }[];
  tags: { name: string }[];
  paths: Record<string, object>;
  components: { schemas: Record<string, object>; examples?: Record<string, object> };
}

/** Gives the document, as data and as text, made anew when the models have changed. */
function documentsOf(
  app: FastifyInstance,
): () => { readonly document: Document; readonly json: string; readonly yaml: string } {
  let generation: number | undefined;
  let document: Document;
  let json: string | undefined;
  let yaml: string | undefined;
  return () => {
    const { generation: now } = kerasServeOf(app).catalog;
    if (generation !== now) {
      generation = now;
      document = documentOf(app);
      json = undefined;
      yaml = undefined;
    }
    return {
      document,
      get json() {
        json ??= JSON.stringify(document);
        return json;
      },
      get yaml() {
        yaml ??= stringify(document, { aliasDuplicateObjects: false });
        return yaml;
      },
    };
  };
}

/** The document of the routes, with the operations of the models. */
function documentOf(app: FastifyInstance): Document {
  const base = app.swagger() as unknown as Document;
  const { first, others, tags, schemas, examples } = modelOperations(kerasServeOf(app).catalog);
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
