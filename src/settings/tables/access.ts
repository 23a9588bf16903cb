import { list, oneOf, optional, origin, rate, text } from '../parsers.js';
import { basePath } from '../paths.js';
import { proxy } from '../proxies.js';
import { routeGroupNames } from '../route-groups.js';
import { setting } from '../setting.js';

/** Who may ask, from where, and how it is reached. */
export const accessSettings = {
  apiKeys: setting({
    value: 'file',
    fallback: 'none',
    parse: optional(text),
    description: 'File of API keys, a line `name key` each, which is followed; none lets everyone in',
  }),
  open: setting({
    value: 'group',
    fallback: 'none',
    parse: list(oneOf(...routeGroupNames)),
    repeatable: true,
    description: `What needs no API key besides health, page and documents: ${routeGroupNames.join(', ')}`,
  }),
  closed: setting({
    value: 'group',
    fallback: 'none',
    parse: list(oneOf(...routeGroupNames)),
    repeatable: true,
    description: 'What of these needs an API key though it would be open: documents, say',
  }),
  rateLimit: setting({
    value: 'rate',
    fallback: 'none',
    parse: optional(rate),
    description: 'Most requests of one client, such as 100/minute or 5/10s; more get 429',
  }),
  corsOrigin: setting({
    value: 'origin',
    fallback: 'none',
    parse: list(origin),
    repeatable: true,
    description:
      'Origin whose pages may call the API from browsers, such as https://app.example.com; https://*.example.com is all names below it, * any origin. May be repeated',
  }),
  tlsCert: setting({
    value: 'file',
    fallback: 'none',
    parse: optional(text),
    description:
      'Certificate to serve HTTPS with, and those that lead to its issuer, as PEM; followed when it is renewed',
  }),
  tlsKey: setting({
    value: 'file',
    fallback: 'none',
    parse: optional(text),
    description: 'Private key of the certificate, as PEM without a passphrase',
  }),
  basePath: setting({
    value: 'path',
    fallback: '/',
    parse: basePath,
    description: 'Path below which everything answers, such as /models-api; health and metrics answer above it, too',
  }),
  trustProxy: setting({
    value: 'address',
    fallback: 'none',
    parse: list(proxy),
    repeatable: true,
    description:
      'Proxies whose X-Forwarded-… headers are believed: addresses, networks (10.0.0.0/8), loopback, linklocal, uniquelocal, or unix for whoever comes by a Unix socket',
  }),
};
