import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { packageRoot } from '../../src/support/package.js';
import { useApp } from '../helpers/app.js';

const app = useApp();
const names = readdirSync(join(packageRoot, 'plugins', 'routes', 'page'));
const files = ['/', ...names.filter((name) => name !== 'index.html').map((name) => `/${name}`)];

describe('the page', () => {
  for (const url of files) {
    it(`needs no address but this server's: ${url}`, async () => {
      const { statusCode, payload, headers } = await app().inject(url);
      assert.equal(statusCode, 200);
      assert.doesNotMatch(payload.replace('http://www.w3.org/2000/svg', ''), /(https?:)?\/\/\w/);
      assert.match(
        String(headers['content-security-policy']),
        /^default-src 'none'; script-src 'self'; style-src 'self';/,
      );
      assert.equal(headers['x-content-type-options'], 'nosniff');
    });
  }

  it('is small', async () => {
    const sizes = await Promise.all(files.map(async (url) => (await app().inject(url)).rawPayload.length));
    assert.ok(sizes.reduce((sum, size) => sum + size) < 100_000);
  });

  it('gives away no other file', async () => {
    for (const url of ['/page.ts', '/../page.ts', '/..%2fpredict.ts', '/.hidden', '/package.json']) {
      assert.equal((await app().inject(url)).statusCode, 404);
    }
  });
});

describe('Swagger UI', () => {
  it('is served with a policy that keeps it on this server', async () => {
    const { statusCode, headers } = await app().inject('/docs');
    assert.equal(statusCode, 200);
    assert.doesNotMatch(String(headers['content-security-policy']), /https?:|upgrade-insecure-requests/);
  });
});
