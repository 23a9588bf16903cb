import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '../../src/app.js';
import { groupIn } from '../../src/http/route-group.js';
import { routeGroups } from '../../src/settings/route-groups.js';
import { bundledModel } from '../helpers/app.js';
import { bearer, keyFile } from '../helpers/key-file.js';

/** What answers without a key; a new route doesn't, unless it is added here. */
const open = [
  /^\/health\/(live|ready)$/,
  /^\/v2\/health\/(live|ready)$/,
  /^\/$/,
  /^\/[a-z-]+\.(js|css|html|svg)$/,
  /^(\/models\/[^/]+)?\/openapi\.json$/,
  /^\/openapi\.yaml$/,
  /^\/docs(\/|\/json|\/yaml|\/static\/.*)?$/,
];

interface Route {
  method: string;
  url: string;
  group: ReturnType<typeof groupIn>;
}

/** How addresses may be written. */
const forms: Record<string, (path: string) => string> = {
  'as it is': (path) => path,
  'a slash at its end': (path) => `${path}/`,
  'a double slash before it': (path) => `/${path}`,
  'double slashes in it': (path) => path.replaceAll('/', '//'),
  'a letter in percent signs': (path) => path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  'all in percent signs': (path) => path.replace(/[a-z]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  'slashes in percent signs': (path) => `/${path.slice(1).replaceAll('/', '%2F')}`,
  capitals: (path) => path.toUpperCase(),
  'a query': (path) => `${path}?a=b`,
  'a key in its query': (path) => `${path}?api_key=secret-of-alice-0123456789`,
  'a semicolon': (path) => `${path};a=b`,
  'a dot': (path) => `/.${path}`,
  'a way through what is open': (path) => `/health/live/../..${path}`,
  'a zero byte': (path) => `${path}%00`,
  'percent signs that mean nothing': (path) => `${path}%zz`,
  'with its host': (path) => `http://localhost${path}`,
  'a backslash': (path) => `/${path.slice(1).replaceAll('/', '\\')}\\`,
  'a very long name': (path) => path.replace('efficientnet-lite0', 'x'.repeat(3000)),
};
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY'];

describe('routes where API keys are asked for', () => {
  let app: FastifyInstance;
  let port: number;
  const routes: Route[] = [];
  const apiKeys = keyFile({ after: (end) => after(end) }, { alice: '' });
  before(async () => {
    const collect = (message: unknown) => {
      (message as { fastify: FastifyInstance }).fastify.addHook('onRoute', (route) => {
        // Their groups are known once all hooks of a route have run.
        for (const method of [route.method].flat())
          routes.push({
            method,
            url: route.url,
            get group() {
              return groupIn(route.config);
            },
          });
      });
    };
    subscribe('fastify.initialization', collect);
    app = await buildApp({ model: bundledModel, processes: 1, apiKeys });
    unsubscribe('fastify.initialization', collect);
    await app.listen({ port: 0, host: '127.0.0.1' });
    port = (app.server.address() as { port: number }).port;
  });
  after(() => app?.close());

  /** The status of the first answer to a request written by hand. */
  const statusOf = (method: string, target: string, headers = ''): Promise<number> =>
    new Promise((resolve, reject) => {
      const body = ['POST', 'PUT', 'PATCH'].includes(method) ? '{}' : '';
      const type = body && `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
      const socket = connect(port, '127.0.0.1', () =>
        socket.write(
          `${method} ${target} HTTP/1.1\r\nHost: localhost\r\n${headers}${type}Connection: close\r\n\r\n${body}`,
        ),
      );
      let text = '';
      socket.setEncoding('latin1').on('data', (part) => {
        text += part;
      });
      socket.on('error', reject).on('close', () => resolve(Number(text.split(' ')[1])));
    });

  const isOpen = (url: string) => open.some((pattern) => pattern.test(url));
  const pathOf = (url: string) => {
    const path = url
      .replaceAll('([^/:]+)', '')
      .replaceAll('::', ':')
      .replace(/:(name|model)/, 'efficientnet-lite0')
      .replace(':version', '1')
      .replace(':label', 'stable')
      .replace('*', 'index.html');
    return path || '/';
  };

  it('are the open ones that are known, and closed ones', () => {
    assert.ok(routes.length > 60, `${routes.length} routes`);
    for (const { url, group } of routes)
      assert.equal(group !== undefined && routeGroups[group] === 'open', isOpen(url), `${url} is of ${group}`);
  });

  it('answer without a key where they are open', async () => {
    for (const { method, url } of routes.filter(({ method, url }) => method === 'GET' && isOpen(url))) {
      const status = await statusOf(method, pathOf(url));
      assert.ok([200, 302].includes(status), `${url}: ${status}`);
    }
  });

  it('answer nothing but 401 without a key where they are closed, however they are asked', async () => {
    const closed = [...new Set(routes.filter(({ url }) => !isOpen(url)).map(({ url }) => pathOf(url)))];
    closed.push(
      '/nowhere',
      '/v1',
      '/v1/nowhere',
      '/v2/nowhere',
      '/models/none',
      '/models/none/predict',
      '/docs/nowhere',
      '/jobs',
    );
    const headers = [
      '',
      'Authorization: Basic YTpi\r\n',
      'X-Forwarded-For: 127.0.0.1\r\n',
      'Authorization: Bearer\r\n',
      'X-API-Key: alice\r\n',
      'Cookie: key=secret-of-alice-0123456789\r\n',
      'Origin: null\r\nAccess-Control-Request-Method: POST\r\n',
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...closed),
        fc.constantFrom(...methods),
        fc.constantFrom(...Object.keys(forms)),
        fc.constantFrom(...headers),
        async (path, method, form, header) => {
          const target = forms[form]!(path);
          assert.equal(await statusOf(method, target, header), 401, `${method} ${target}, ${form}, ${header}`);
        },
      ),
      { numRuns: 1500 },
    );
    for (const path of closed)
      for (const method of methods) assert.equal(await statusOf(method, path), 401, `${method} ${path}`);
  });

  it('answer with a key, and say where there is nothing', async () => {
    const { authorization } = bearer('alice');
    const header = `Authorization: ${authorization}\r\n`;
    assert.equal(await statusOf('GET', '/models', header), 200);
    assert.equal(await statusOf('GET', '/metrics', header), 200);
    assert.equal(await statusOf('GET', '/nowhere', header), 404);
    assert.equal(await statusOf('DELETE', '/models', header), 405);
    assert.equal(await statusOf('GET', '/models%zz', header), 400);
  });

  it('look at no body before the key', async () => {
    const ask = (headers: Record<string, string>) =>
      app.inject({ method: 'POST', url: '/predict', headers, payload: '{}' });
    const wrong: Record<string, string>[] = [
      { 'content-encoding': 'zstd' },
      { 'content-type': 'no/such' },
      { 'content-length': '999999999' },
    ];
    for (const headers of wrong) {
      assert.equal((await ask({ 'content-type': 'application/json', ...headers })).statusCode, 401);
      const known = await ask({ 'content-type': 'application/json', ...headers, ...bearer('alice') });
      assert.ok([400, 413, 415].includes(known.statusCode), `${known.statusCode}`);
    }
  });
});
