import assert from 'node:assert/strict';
import { METHODS } from 'node:http';
import { describe, it } from 'node:test';
import type { HTTPMethods } from 'fastify';
import { useApp } from '../helpers/app.js';

const app = useApp();
const allowed = {
  '/': 'GET, HEAD',
  '/predict': 'POST',
  '/health/live': 'GET, HEAD',
  '/openapi.json': 'GET, HEAD',
  '/docs': 'GET, HEAD',
};

describe('a method that an address has no route for', () => {
  for (const [url, allow] of Object.entries(allowed)) {
    it(`is refused with 405 and Allow: ${url}`, async () => {
      const others = METHODS.filter((method) => !allow.split(', ').includes(method));
      for (const method of others) {
        const reply = await app().inject({ method: method as HTTPMethods, url, payload: 'ignored' });
        assert.equal(reply.statusCode, 405, method);
        assert.equal(reply.headers.allow, allow);
        if (method !== 'HEAD') assert.equal(reply.json().error.code, 'method_not_allowed');
      }
    });
  }
});

describe('an address where there is nothing', () => {
  for (const [url, meant] of Object.entries({
    '/predct': '/predict',
    '/Predict?top_k=1': '/predict',
    '/model': '/models',
    '/health/redy': '/health/ready',
    '/models/pets/predit': '/models/pets/predict',
    '/models/pets/version/1': '/models/pets/versions/1',
    '/v2/models/pets/infr': '/v2/models/pets/infer',
    '/openapi.yml': '/openapi.yaml',
  }))
    it(`names the one that was probably meant: ${url}`, async () => {
      const { statusCode, payload } = await app().inject({ method: 'POST', url });
      assert.equal(statusCode, 404);
      assert.ok(payload.includes(`Did you mean ${meant}? GET /docs`), payload);
    });

  it('is told of in the form of the protocol below whose prefix it is', async () => {
    const urls = ['/v1', '/v1?x', '/v1/nothing/here', '/v2/nothing/here', '/%761/nothing/here'];
    for (const url of [...urls, '/v2', '/v2/']) {
      const reply = await app().inject({ method: 'DELETE', url, payload: 'ignored' });
      assert.equal(reply.statusCode, urls.includes(url) ? 404 : 405, url);
      const { error, ...others } = reply.json();
      assert.match(error, /^(There is nothing at this address\.|DELETE is not allowed here\. Use GET)/, url);
      assert.deepEqual(others, {}, url);
    }
    for (const url of ['/v3', '/v1x/nothing', '/v10', '/', '/models/v1/nothing'])
      assert.equal((await app().inject({ method: 'DELETE', url })).json().success, false, url);
  });

  it('that can’t be read is refused in the form of the protocol, too', async () => {
    const message = 'The address can’t be read: check its percent-encoding.';
    for (const url of ['/v1/models/%zz', '/v2/%zz?a=b'])
      assert.deepEqual((await app().inject(url)).json(), { error: message }, url);
    for (const url of ['/%zz', '/models/v2/%zz', '/v2x/%zz', '/predict%zz/v1'])
      assert.deepEqual((await app().inject(url)).json().error, { code: 'url_invalid', message }, url);
  });

  it('names none where none is near', async () => {
    for (const url of ['/nothing/here', '/wp-admin', '/x', `/${'a'.repeat(5000)}`, '/%zz']) {
      const { payload } = await app().inject(url);
      assert.doesNotMatch(payload, /Did you mean/, url);
    }
  });
});
