/** A worker that announces the models of a folder until it is killed: `worker-main.ts URL ID FOLDER`. */
import { openCatalog } from '../../src/catalog/open-catalog.js';
import { Announcements } from '../../src/jobs/redis/announcements.js';
import { RedisConnections } from '../../src/jobs/redis/connection.js';

const [url, id, folder] = process.argv.slice(2) as [string, string, string];
const log = { info: () => undefined, warn: console.warn, error: console.error } as never;
const catalog = openCatalog([folder], { processes: 1, cacheFolder: null });
await catalog.started;
const connections = await RedisConnections.open({ url, namespace: 'tests' }, log);
await new Announcements(connections, id, catalog, log).start();
console.log('announced');
