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
