import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { Catalog } from '../catalog/catalog.js';
import type { CatalogModel } from '../catalog/model-versions.js';
import type { ApiKeys } from '../keys/api-keys.js';
import { type RouteGroup, routeGroups } from '../settings/route-groups.js';
import { normalName } from '../support/model-name.js';
import { type KeyHolder, keyHolderOf, setKeyHolder } from './key-holder.js';
import { RequestError } from './request-error.js';
import { groupOf } from './route-group.js';

/** `WWW-Authenticate` of RFC 6750, section 3. */
const challenge = (error?: string) => ({
  'www-authenticate': `Bearer realm="keras-serve"${error ? `, error="${error}"` : ''}`,
});

/** A request that its key isn't for. */
export const forbidden = (message: string): RequestError =>
  new RequestError('forbidden', message, challenge('insufficient_scope'));

/** The groups of routes that answer without a key. */
export const openGroups = (open: readonly RouteGroup[], closed: readonly RouteGroup[]): ReadonlySet<RouteGroup> =>
  new Set(
    (Object.keys(routeGroups) as RouteGroup[]).filter(
      (group) => !closed.includes(group) && (routeGroups[group] === 'open' || open.includes(group)),
    ),
  );

/** Who may ask what: every decision on keys, for all routes. */
export class Access {
  /**
   * @param keys undefined where everyone may ask everything
   * @param open groups of routes that answer without a key
   */
  constructor(
    private readonly catalog: Pick<Catalog, 'get' | 'models' | 'defaultName'>,
    readonly keys?: ApiKeys,
    private readonly open: ReadonlySet<RouteGroup> = new Set(),
  ) {}

  /** Whether requests to a group of routes need a key. */
  needsKey(group: RouteGroup | undefined): boolean {
    return this.keys !== undefined && !(group && this.open.has(group));
  }

  /**
   * Lets a request in, and knows whose it is from then on; on an open route what is no key counts as none.
   * @throws RequestError `key_missing`, `key_invalid`, `request_invalid`, `forbidden`
   */
  admit(request: FastifyRequest): void {
    if (!this.keys) return;
    const [key, other] = givenKeys(request.raw);
    const holder = key !== undefined && other === undefined ? this.keys.find(key) : undefined;
    if (holder) setKeyHolder(request, holder);
    const group = groupOf(request);
    if (!holder && this.needsKey(group)) throw refusalOf(request, key, other);
    const named = namedIn(request);
    const name = named ?? (group === 'predict' ? this.catalog.defaultName : undefined);
    if (name !== undefined && !this.mayUse(request, name))
      throw forbidden(`Your key is not for ${ofModel(named)}. GET /models lists those that it is for.`);
    if (holder?.models && group === 'metrics' && this.needsKey(group))
      throw forbidden('Metrics tell of all models, and your key is for some of them.');
  }

  /**
   * Whether the sender of a request may use a model. One that there isn't is like one that the key isn't for: what there is
   * can't be found out by asking.
   */
  mayUse(request: FastifyRequest, name: string): boolean {
    const { models } = keyHolderOf(request) ?? {};
    return models === undefined || this.includes(models, name);
  }

  /** The models that the sender of a request may know of. */
  modelsFor(request: FastifyRequest): readonly CatalogModel[] {
    return this.catalog.models.filter(({ name }) => this.mayUse(request, name));
  }

  /**
   * The models that a document may show to the sender of a request. Without a key, those that every key is for: who leaves theirs
   * away learns no more.
   */
  documentedFor(request: FastifyRequest): readonly CatalogModel[] {
    if (keyHolderOf(request) || !this.needsKey('models')) return this.modelsFor(request);
    return this.catalog.models.filter(({ name }) => this.isForAll(name));
  }

  /**
   * Lets a request read the document of one model, as far as its key doesn't decide on that already.
   * @throws RequestError `key_missing` where no document shows the model to whoever has none
   */
  admitToDocument(request: FastifyRequest, name: string): void {
    if (keyHolderOf(request) || !this.needsKey('models') || this.isForAll(name)) return;
    throw refusalOf(request, undefined, undefined);
  }

  /** Names that holders' keys are for and no model has now, with the names of the holders. */
  missingModels(): [holder: string, model: string][] {
    const all: readonly KeyHolder[] = this.keys?.all ?? [];
    return all.flatMap(({ name, models = [] }) =>
      models.filter((model) => !this.catalog.get(model)).map((model): [string, string] => [name, model]),
    );
  }

  /** Whether every key is for a model. */
  private isForAll(name: string): boolean {
    const holders: readonly KeyHolder[] = this.keys?.all ?? [];
    return holders.every(({ models }) => models === undefined || this.includes(models, name));
  }

  /** Whether a model is among some that are named, each by its name or an alias. */
  private includes(models: readonly string[], name: string): boolean {
    const known = this.catalog.get(name);
    if (!known) return models.includes(normalName(name));
    return models.includes(known.name) || models.some((one) => this.catalog.get(one) === known);
  }
}

/** The name of a model that the address of a request has. */
function namedIn({ params }: FastifyRequest): string | undefined {
  const { name, model = name } = (params ?? {}) as { name?: string; model?: string };
  return model;
}

/** The default model's name isn't told to those whose key isn't for it. */
const ofModel = (named: string | undefined): string =>
  named === undefined ? 'the default model' : `the model "${named.slice(0, 80)}"`;

/** What of the value of a header is a key. Other schemes of `Authorization` are for others, such as a proxy before this server. */
const carriers = new Map<string, (value: string) => string | undefined>([
  ['authorization', (value) => (/^bearer(?=\s|$)/i.test(value) ? value.slice('bearer'.length).trim() : undefined)],
  ['x-api-key', (value) => value],
]);

/** The keys of a request, each once. Of a header that comes twice, Node's own table has the first alone. */
function givenKeys({ rawHeaders }: IncomingMessage): string[] {
  const found: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const key = carriers.get(rawHeaders[index]!.toLowerCase())?.(rawHeaders[index + 1]!.trim());
    if (key !== undefined && !found.includes(key)) found.push(key);
  }
  return found;
}

function refusalOf(request: FastifyRequest, key: string | undefined, other: string | undefined): RequestError {
  if (key === undefined) return new RequestError('key_missing', undefined, challenge());
  if (other !== undefined)
    return new RequestError(
      'request_invalid',
      'The request has several keys that differ. Send one, as Authorization: Bearer or as X-API-Key.',
      challenge('invalid_request'),
    );
  request.log.warn({ client: request.ip }, 'a request with a key that nobody has was refused');
  return new RequestError('key_invalid', undefined, challenge('invalid_token'));
}
