import { duration, host, list, optional, webhookSecret, whole } from '../parsers.js';
import { setting } from '../setting.js';

/** Requests that are answered later. */
export const jobsSettings = {
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
