import { origin as parseOrigin } from '../settings/parsers.js';

/** What scripts may read of a reply besides what browsers show them of any. */
const exposed = [
  ...['Location', 'Retry-After', 'Preference-Applied', 'X-Request-Id', 'X-Model-Version', 'Server-Timing'],
  ...['Inference-Header-Content-Length', 'RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'],
].join(', ');

/** What requests may have besides what browsers let any page send. */
const allowed = [
  ...['Content-Type', 'Content-Encoding', 'Authorization', 'X-API-Key', 'Prefer', 'Idempotency-Key'],
  ...['Inference-Header-Content-Length', 'X-Request-Id'],
].join(', ');

/** Seconds that a browser may keep the answer to a preflight; none keeps it for longer than Chromium does. */
const preflightAge = 7200;

/** The origins whose pages may call the API (the Fetch standard, "HTTP extensions", "CORS protocol"). */
export class Origins {
  /** Whether any origin may; it is then answered without looking at it. */
  readonly any: boolean;
  private readonly exact: ReadonlySet<string>;
  /** What an origin begins and ends with, with names between. */
  private readonly patterns: readonly (readonly string[])[];

  /** @throws ConfigError, without the name of the setting, for what is no origin */
  constructor(origins: readonly string[]) {
    const known = origins.map(parseOrigin);
    this.any = known.includes('*');
    this.exact = new Set(known);
    this.patterns = known.map((origin) => origin.split('*')).filter(([scheme, suffix]) => scheme && suffix);
  }

  /** What a reply to a request from an origin has: nothing where its pages may not read it. */
  headersFor(origin: string | undefined): Record<string, string> {
    if (this.any) return { 'access-control-allow-origin': '*', 'access-control-expose-headers': exposed };
    if (origin === undefined || !this.allows(origin)) return {};
    return {
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': exposed,
    };
  }

  /** What the reply to a preflight has besides; nothing where the request may not come. */
  preflightHeadersFor(origin: string, methods: Iterable<string>): Record<string, string> {
    if (!this.any && !this.allows(origin)) return {};
    return {
      'access-control-allow-methods': [...methods].join(', '),
      'access-control-allow-headers': allowed,
      'access-control-max-age': String(preflightAge),
    };
  }

  private allows(origin: string): boolean {
    const isBelow = ([scheme, suffix]: readonly string[]) =>
      origin.startsWith(scheme!) &&
      origin.endsWith(suffix!) &&
      /^[\w-]+(\.[\w-]+)*$/.test(origin.slice(scheme!.length, -suffix!.length));
    return this.exact.has(origin) || this.patterns.some(isBelow);
  }
}
