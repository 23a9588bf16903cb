import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { FastifyPluginAsync } from 'fastify';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import { MemoryFiles } from '../../src/http/memory-files.js';
import { pageHeaders } from '../../src/http/page-headers.js';
import { allInGroup } from '../../src/http/route-group.js';
import { packageRoot } from '../../src/support/package.js';

const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ...pageHeaders,
};

/** The page at `/`, on which the model can be tried. */
const page: FastifyPluginAsync = async (app) => {
  allInGroup(app, 'page');
  app.addHook('onRoute', (route) => {
    route.schema = { ...route.schema, hide: true };
  });
  const root = join(packageRoot, 'plugins', 'routes', 'page');
  const html = await readFile(join(root, 'index.html'), 'utf8');
  const { outerPath } = kerasServeOf(app);
  app.get('/', async (request, reply) => {
    const outer = outerPath(request) + app.prefix;
    const isAbove = outer !== '' && !request.originalUrl.split(/[?#]/, 1)[0]!.endsWith('/');
    return (
      reply
        .headers(headers)
        .type('text/html; charset=utf-8')
        // What stands at `/vision` has its files in `vision/`.
        .send(isAbove ? html.replaceAll(/ (href|src)="/g, `$&${basename(outer)}/`) : html)
    );
  });
  const files = await MemoryFiles.of(root);
  for (const name of files.names)
    app.get(`/${name}`, (request, reply) => files.send(name, request, reply.headers(headers)));
};

export default page;
