import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import Fastify from 'fastify';
import { Type } from 'typebox';
import { validatorCompiler } from '../../src/http/validation.js';

const querystring = Type.Object({
  count: Type.Optional(Type.Integer()),
  share: Type.Optional(Type.Number()),
  all: Type.Optional(Type.Boolean()),
  name: Type.Optional(Type.String()),
  sizes: Type.Optional(Type.Array(Type.Integer())),
});

describe('a query', () => {
  const app = Fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.get('/', { schema: { querystring } }, async ({ query }) => query as object);
  after(() => app.close());

  const taken: Record<string, object> = {
    'count=-3&share=2.5': { count: -3, share: 2.5 },
    'all=true': { all: true },
    'all=false': { all: false },
    'name=1': { name: '1' },
    'sizes=3': { sizes: [3] },
    'sizes=3&sizes=4': { sizes: [3, 4] },
  };
  for (const [query, values] of Object.entries(taken))
    it(`has values of its schema's types: ${query}`, async () => {
      const reply = await app.inject(`/?${query}`);
      assert.equal(reply.statusCode, 200, reply.body);
      assert.deepEqual(reply.json(), values);
    });

  for (const query of [
    'count=2.5',
    'count=',
    'count=1&count=2',
    'share=0x10',
    'share=Infinity',
    'all=1',
    'sizes=3&sizes=a',
  ])
    it(`is refused: ${query}`, async () => {
      assert.equal((await app.inject(`/?${query}`)).statusCode, 400);
    });
});
