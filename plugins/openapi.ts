import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fp from 'fastify-plugin';
import { packageVersion } from '../src/package.js';

/** The OpenAPI document, made from the schemas of the routes, at `/openapi.json` and `/openapi.yaml`; Swagger UI at `/docs`. */
export default fp(
  async (app) => {
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'keras-serve',
          summary: 'A Keras model as a REST API.',
          description: 'Send an image, get the labels that the model sees on it.',
          version: packageVersion,
          license: { name: 'MIT', identifier: 'MIT' },
        },
        servers: [{ url: '/', description: 'This server' }],
        security: [],
        tags: [
          { name: 'Predict', description: 'What the model says of an image.' },
          { name: 'Models', description: 'Which models there are, what they take and what they give.' },
          { name: 'Health', description: 'For load balancers and orchestrators.' },
        ],
      },
      refResolver: { buildLocalReference: (schema, _base, _fragment, index) => String(schema.$id ?? `schema${index}`) },
    });

    app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
    app.get('/openapi.yaml', { schema: { hide: true } }, async (_request, reply) =>
      reply.type('application/yaml; charset=utf-8').send(app.swagger({ yaml: true })),
    );

    await app.register(swaggerUi, {
      routePrefix: '/docs',
      logLevel: 'warn',
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
  { name: 'openapi' },
);
