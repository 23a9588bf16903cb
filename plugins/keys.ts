import type { FastifyBaseLogger } from 'fastify';
import fp from 'fastify-plugin';
import { Access, openGroups } from '../src/http/access.js';
import { kerasServeOf } from '../src/http/keras-serve.js';
import { keyHolderOf } from '../src/http/key-holder.js';
import { ApiKeys } from '../src/keys/api-keys.js';
import { isReadableByAll, type KeyFile, readKeyFile } from '../src/keys/key-file.js';
import { ConfigError } from '../src/settings/config-error.js';
import type { RouteGroup } from '../src/settings/route-groups.js';
import { fileIdentity, followFile } from '../src/support/follow-file.js';

export interface KeysOptions {
  /** The path of the file of keys; without it everyone may ask everything. */
  path: string | undefined;
  /** Groups of routes that need no key, besides those that are open by themselves. */
  open: readonly RouteGroup[] | undefined;
  /** Groups that need one, though they would be open. */
  closed: readonly RouteGroup[] | undefined;
}

/**
 * Asks for API keys before anything else of a request is looked at, its body least of all, and adds `access` to `kerasServe`. The
 * file of keys is followed: one that can't be used is an error in the log, and the keys before it stay.
 *
 * Registered behind what ends requests, and before whatever answers them.
 */
export default fp<KeysOptions>(
  async (app, { path, open = [], closed = [] }) => {
    const parts = kerasServeOf(app);
    checkGroups(path, open, closed);
    const catalog = {
      get: (name: string) => parts.catalog.get(name),
      get models() {
        return parts.catalog.models;
      },
      get defaultName() {
        return parts.catalog.defaultName;
      },
    };
    if (path === undefined) {
      parts.access = new Access(catalog);
      return;
    }
    const identity = await fileIdentity(path);
    const first = await readKeyFile(path);
    const keys = new ApiKeys(first.keys);
    const access = new Access(catalog, keys, openGroups(open, closed));
    parts.access = access;
    app.addHook('onRequest', (request, reply, done) => {
      access.admit(request);
      // What depends on a key is for no cache between.
      if (keyHolderOf(request)) reply.header('cache-control', 'private');
      done();
    });

    const tell = async (file: KeyFile) => {
      const { length } = file.keys;
      app.log.info({ keys: length }, `${length} API key${length === 1 ? '' : 's'} from ${path}`);
      await warn(app.log, path, file, access);
    };
    const changed = async () => {
      try {
        const file = await readKeyFile(path);
        keys.replace(file.keys);
        await tell(file);
      } catch (error) {
        app.log.error(`the API keys stay as they were: ${(error as Error).message}`);
      }
    };
    const closing = new AbortController();
    app.addHook('onReady', async () => {
      await tell(first);
      void followFile(path, identity, changed, closing.signal);
    });
    app.addHook('onClose', async () => closing.abort());
  },
  { name: 'keys', dependencies: ['model'] },
);

/** @throws ConfigError */
function checkGroups(path: string | undefined, open: readonly RouteGroup[], closed: readonly RouteGroup[]): void {
  if (path === undefined && open.length + closed.length > 0)
    throw new ConfigError(
      '--open and --closed say what needs an API key, and there are none: name their file by --api-keys',
    );
  const both = open.find((group) => closed.includes(group));
  if (both) throw new ConfigError(`--open and --closed both name ${both}`);
}

/** Warns of keys that everyone on the machine may read, and of models that there are none of. */
async function warn(log: FastifyBaseLogger, path: string, { hasPlainKeys }: KeyFile, access: Access): Promise<void> {
  if (hasPlainKeys && (await isReadableByAll(path).catch(() => false)))
    log.warn(`everyone on this machine may read the API keys in ${path}: chmod 600, or write sha256: hashes of them`);
  for (const [holder, model] of access.missingModels().slice(0, 10))
    log.warn({ key: holder, model }, `the API key ${holder} is for ${model}, and there is no model of that name`);
}
