/** Workers that announce models in a real Redis: in this process, in others, and such as there would be if somebody wrote to Redis. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalog } from '../../src/catalog/catalog.js';
import { openCatalog } from '../../src/catalog/open-catalog.js';
import type { ServedModel } from '../../src/catalog/served-model.js';
import { announcedModels } from '../../src/jobs/redis/announced-models.js';
import { writeAnnouncement } from '../../src/jobs/redis/announcement.js';
import { Announcements } from '../../src/jobs/redis/announcements.js';
import { RedisConnections } from '../../src/jobs/redis/connection.js';
import { withWorkerScripts } from '../../src/jobs/redis/worker-scripts.js';
import { packageRoot } from '../../src/support/package.js';
import type { RedisServer } from './redis.js';

/** What was logged as a warning, while nothing else of it is of interest. */
export const warnings: string[] = [];
const log = {
  info: () => undefined,
  error: () => undefined,
  warn: (...args: unknown[]) => void warnings.push(args.map(String).join(' ')),
};

/** Waits until something holds, for longer than any machine takes. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 120_000; !(await holds()); await sleep(20)) assert.ok(Date.now() < end, what);
}

/** A connection until the test ends. */
export async function connect(t: Pick<TestContext, 'after'>, { url }: RedisServer): Promise<RedisConnections> {
  const connections = await RedisConnections.open({ url, namespace: 'tests' }, log as never);
  t.after(() => connections.close());
  return connections;
}

/** The catalog of a gateway, once it has read what there is. */
export async function openGateway(
  t: Pick<TestContext, 'after'>,
  server: RedisServer,
  defaultModel?: string,
): Promise<Catalog> {
  const catalog = announcedModels(await connect(t, server), { defaultModel, log });
  t.after(() => catalog.close());
  await catalog.started;
  return catalog;
}

/** A worker in this process that has the models of a folder, and has announced them. */
export async function openWorker(
  t: Pick<TestContext, 'after'>,
  server: RedisServer,
  id: string,
  folder: string,
): Promise<{ catalog: Catalog; announcements: Announcements }> {
  const catalog = openCatalog([folder], { processes: 1, cacheFolder: null, watch: true });
  t.after(() => catalog.close());
  await catalog.started;
  const announcements = new Announcements(await connect(t, server), id, catalog, log);
  t.after(() => announcements.stop());
  await announcements.start();
  return { catalog, announcements };
}

/** The same in a process of its own, which can be killed. */
export async function spawnWorker(
  t: Pick<TestContext, 'after'>,
  { url }: RedisServer,
  id: string,
  folder: string,
): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', join(packageRoot, 'test/helpers/worker-main.ts'), url, id, folder],
    {
      cwd: packageRoot,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  t.after(() => child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  assert.equal(String(line), 'announced\n');
  return child;
}

/** Writes what a worker with some models would have announced, which then lives for ever. */
export async function writeWorker(
  { commands, prefix }: RedisConnections,
  id: string,
  models: readonly ServedModel[],
): Promise<void> {
  const redis = withWorkerScripts(commands);
  const all = await Promise.all(
    models.map(async (model) => ({
      name: model.name,
      ...(await writeAnnouncement(model, { name: model.name, version: 1, alias: undefined })),
    })),
  );
  for (const { generation, bytes } of all) await redis.set(`${prefix}model:${generation}`, bytes);
  await redis.announceWorker(
    prefix,
    id,
    `host-of-${id}`,
    1,
    new Date().toISOString(),
    JSON.stringify(all.map(({ name, generation }) => [name, 1, generation])),
    ...all.flatMap(({ name, generation }) => [`${name}/1/${generation}`, 0]),
  );
  await redis.zadd(`${prefix}workers`, Date.now() + 1e9, id);
  await redis.persist(`${prefix}worker:${id}`);
}
