/** Addresses of Redis: what each form says, and that no message about one shows what is secret. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { redisSettings } from '../../src/jobs/redis/settings.js';
import { readConfig } from '../../src/settings/config.js';
import { ConfigError } from '../../src/settings/config-error.js';
import { type RedisTarget, readRedisUrl } from '../../src/settings/redis-url.js';

const nobody = { user: undefined, password: undefined };
const plain: RedisTarget = {
  ...{ addresses: [{ host: 'localhost', port: 6379 }], isEncrypted: false, database: 0, ...nobody },
  ...{ primary: undefined, socket: undefined, sentinel: nobody },
};

describe('an address of Redis', () => {
  const forms: Record<string, Partial<RedisTarget>> = {
    'redis://localhost': {},
    'redis://localhost/': {},
    'redis://localhost:7000/3': { addresses: [{ host: 'localhost', port: 7000 }], database: 3 },
    'redis://localhost?db=2': { database: 2 },
    'redis://:p%40ss%2F%25@localhost': { password: 'p@ss/%' },
    'redis://pets:a:b@c@localhost': { user: 'pets', password: 'a:b@c' },
    'rediss://[::1]:7000': { addresses: [{ host: '::1', port: 7000 }], isEncrypted: true },
    'redis+sentinel://pets:secret@a:26379,b,[::1]:3/my%20primary?db=4': {
      addresses: [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 26_379 },
        { host: '::1', port: 3 },
      ],
      ...{ user: 'pets', password: 'secret', database: 4, primary: 'my primary' },
    },
    'rediss+sentinel://a/main?sentinel_user=s&sentinel_password=t%26u': {
      addresses: [{ host: 'a', port: 26_379 }],
      ...{ isEncrypted: true, primary: 'main', sentinel: { user: 's', password: 't&u' } },
    },
    'unix:/run/redis.sock': { addresses: [], socket: '/run/redis.sock' },
    'unix://pets:secret@/run/a%20b.sock?db=1': {
      ...{ addresses: [], socket: '/run/a b.sock', database: 1, user: 'pets', password: 'secret' },
    },
  };
  for (const [url, said] of Object.entries(forms))
    it(`is ${url}`, () => assert.deepEqual(readRedisUrl(url), { ...plain, ...said }));

  const wrong: [url: string, why: RegExp][] = [
    ['localhost:6379', /none of them/],
    ['http://localhost', /none of them/],
    ['redis://', /a host or its port/],
    ['redis:localhost', /none of them/],
    ['redis://mackerel@localhost', /redis:\/\/:password@host/],
    ['redis://a:macke/rel@localhost', /In a password|in a password/],
    ['redis://:macke%rel@localhost', /the password has a %/],
    ['redis://:mackerel@localhost#0', /none of them/],
    ['redis://a,b:mackerel@b,c', /several hosts/],
    ['redis://localhost:0', /a port is/],
    ['redis://localhost:65536', /a port is/],
    ['redis://localhost/pets', /its database is a number/],
    ['redis://localhost/1?db=1', /its database stands twice/],
    ['redis://localhost?db=1&db=2', /its db stands twice/],
    ['redis://localhost?password=mackerel', /no parameter but db$/],
    ['redis+sentinel://a,b', /what they call the primary/],
    ['redis+sentinel://a,b/x/0', /what they call the primary/],
    ['redis+sentinel://a,/x', /a host or its port/],
    ['unix:run/redis.sock', /none of them/],
    ['unix:/', /a path/],
    ['unix://host/run/redis.sock', /a path/],
  ];
  for (const [url, why] of wrong)
    it(`is not ${url}, and what may be secret isn't told`, () => {
      const refused = (error: unknown) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, why);
        assert.match(error.message, /^--redis must be an address such as redis:/);
        return !/macke/.test(error.message);
      };
      assert.throws(() => readConfig({ redis: url }), refused);
    });
});

describe('the settings of Redis', () => {
  const read = (flags: Record<string, string>) => redisSettings(readConfig(flags));

  it('are none by default', () => assert.equal(read({}), undefined));

  it('have a namespace', () => {
    const redis = 'rediss://localhost';
    assert.deepEqual(read({ redis }), { url: redis, ca: undefined, namespace: 'default' });
    assert.deepEqual(read({ redis, 'redis-ca': 'ca.pem', namespace: 'a_B.9-' }), {
      ...{ url: redis, ca: 'ca.pem', namespace: 'a_B.9-' },
    });
  });

  const wrong: [flags: Record<string, string>, why: RegExp][] = [
    [{ role: 'gateway' }, /^--role gateway needs --redis/],
    [{ role: 'worker' }, /^--role worker needs --redis/],
    [{ role: 'boss' }, /^--role must be one of all, gateway, worker/],
    [{ 'redis-ca': 'ca.pem' }, /^--redis-ca needs --redis/],
    [{ redis: 'redis://localhost', 'redis-ca': 'ca.pem' }, /^--redis-ca needs an address of TLS/],
    [{ namespace: '' }, /^--namespace must be 1 to 64/],
    [{ namespace: 'a:b' }, /^--namespace must be 1 to 64/],
    [{ namespace: 'a'.repeat(65) }, /^--namespace must be 1 to 64/],
    [{ 'max-attempts': '0' }, /^--max-attempts must be a whole number from 1 to 100/],
    [{ 'max-attempts': '101' }, /^--max-attempts must be a whole number from 1 to 100/],
  ];
  for (const [flags, why] of wrong)
    it(`can't be ${JSON.stringify(flags)}`, () => {
      assert.throws(
        () => read(flags),
        (error) => error instanceof ConfigError && why.test(error.message),
      );
    });
});
