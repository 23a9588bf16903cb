import { duration, host, list, namespace, oneOf, optional, text, webhookSecret, whole } from '../parsers.js';
import { redisUrl } from '../redis-url.js';
import { setting } from '../setting.js';

/** Requests that are answered later, and by other machines. */
export const jobsSettings = {
  redis: setting({
    value: 'url',
    fallback: 'none',
    parse: optional(redisUrl),
    secret: true,
    description:
      'Redis or Valkey that keeps jobs and takes them to workers: redis://user:password@host:6379/0, rediss:// for TLS, redis+sentinel://…/primary, unix:/path. Set it by the environment',
  }),
  redisCa: setting({
    value: 'file',
    fallback: 'none',
    parse: optional(text),
    description: 'Certificates, as PEM, by one of which that of a rediss:// server has to be signed',
  }),
  role: setting({
    value: 'role',
    fallback: 'all',
    parse: oneOf('all', 'gateway', 'worker'),
    description:
      'all takes requests and runs models; with --redis, a gateway takes requests alone and loads no model, and a worker runs models alone',
  }),
  namespace: setting({
    value: 'name',
    fallback: 'default',
    parse: namespace,
    description: 'What those who share a Redis go by: gateways and workers of one namespace know of each other alone',
  }),
  maxAttempts: setting({
    value: 'number',
    fallback: '3',
    parse: whole(1, 100),
    description: 'How often a job in Redis may be begun, where workers die over it, before it has failed',
  }),
  maxJobs: setting({
    value: 'number',
    fallback: '1000',
    parse: whole(1, 1_000_000),
    description: 'Most jobs (Prefer: respond-async) that wait or run; more get 503',
  }),
  jobTtl: setting({
    value: 'duration',
    fallback: '1d',
    parse: duration(1, 20 * 86_400),
    description: 'How long a job and its result are known after its end, as far as memory lasts',
  }),
  webhookSecret: setting({
    value: 'secret',
    fallback: 'none',
    parse: optional(webhookSecret),
    secret: true,
    description:
      'What ?webhook=… messages are signed with, by Standard Webhooks: whsec_ and base64. Set it by the environment',
  }),
  webhookHost: setting({
    value: 'host',
    fallback: 'none',
    parse: list(host),
    repeatable: true,
    description:
      'Host that ?webhook=… may name: hooks.example.com, or a literal address, which may be private. May be repeated',
  }),
};
