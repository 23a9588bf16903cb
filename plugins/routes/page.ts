import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { FastifyPluginAsync } from 'fastify';
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
  const files = await MemoryFiles.of(root);
  for (const name of files.names)
    app.get(`/${name}`, (request, reply) => files.send(name, request, reply.headers(headers)));
};

export default page;
