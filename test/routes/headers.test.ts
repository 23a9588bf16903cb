import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { photo, useApp } from '../helpers/app.js';
import { form } from '../helpers/form.js';

const app = useApp();

/** What helmet would have of a page. */
const pageHeaders = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
};

describe('headers of replies', () => {
  for (const url of ['/', '/page.js', '/icon.svg', '/docs', '/docs/', '/docs/static/swagger-ui.css'])
    it(`are careful where a browser shows or uses them: ${url}`, async () => {
      const { headers, statusCode } = await app().inject(url);
      assert.equal(statusCode, 200);
      for (const [name, value] of Object.entries(pageHeaders)) assert.equal(headers[name], value, name);
      const policy = String(headers['content-security-policy']);
      for (const part of [
        "default-src 'none'",
        "script-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
      ])
        assert.ok(policy.split(/; ?/).includes(part), `${part} in ${policy}`);
    });

  it('of the API are no more than it needs', async () => {
    const common = ['connection', 'content-length', 'content-type', 'date', 'x-content-type-options', 'x-request-id'];
    const namesOf = (headers: object) => Object.keys(headers).sort();
    const predicted = await app().inject({ method: 'POST', url: '/predict', ...form(photo('cat.jpg')) });
    assert.deepEqual(namesOf(predicted.headers), [...common, 'server-timing', 'vary', 'x-model-version'].sort());
    for (const url of ['/health/live', '/models', '/v2', '/v1/models/efficientnet-lite0', '/nowhere'])
      assert.deepEqual(namesOf((await app().inject(url)).headers), common, url);
  });

  it('and messages of failures tell of no version', async () => {
    for (const url of ['/nowhere', '/v1/none', '/%zz', '/models/none', '/docs/static/none']) {
      const { headers, body } = await app().inject(url);
      assert.ok(!('server' in headers || 'x-powered-by' in headers), url);
      assert.doesNotMatch(JSON.stringify(headers) + body, /\d+\.\d+\.\d+|fastify|node/i, url);
    }
  });
});
