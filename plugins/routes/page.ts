import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import staticFiles from '@fastify/static';
import type { FastifyPluginAsync } from 'fastify';
import { packageRoot } from '../../src/package.js';

const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};

/** The page at `/`, on which the model can be tried. */
const page: FastifyPluginAsync = async (app) => {
  app.addHook('onRoute', (route) => {
    route.schema = { ...route.schema, hide: true };
  });
  const root = join(packageRoot, 'plugins', 'routes', 'page');
  const html = await readFile(join(root, 'index.html'), 'utf8');
  const folder = basename(app.prefix);
  // What stands at `/vision` has its files in `vision/`.
  const htmlAbove = html.replaceAll(/ (href|src)="/g, `$&${folder}/`);
  app.get('/', async ({ url }, reply) => {
    const isAbove = url.split(/[?#]/, 1)[0] === app.prefix;
    return reply
      .headers(headers)
      .type('text/html; charset=utf-8')
      .send(isAbove ? htmlAbove : html);
  });
  await app.register(staticFiles, {
    root,
    index: false,
    wildcard: false,
    decorateReply: false,
    cacheControl: false,
    setHeaders: (reply) => {
      for (const [name, value] of Object.entries(headers)) reply.header(name, value);
    },
  });
};

export default page;
