/**
 * Asks two gateways with three workers, while workers are killed every 2 seconds, gateways every 10 and Redis twice and more, for the same
 * number of jobs and direct requests; each must be answered once, and rightly. Needs a redis-server.
 *
 *     npm run storm -- --requests 20000 --seed 1
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { protocolModels } from '../../test/helpers/protocol-app.js';
import { storm } from './storm.js';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '20000' },
    clients: { type: 'string', default: '64' },
    seed: { type: 'string', default: '1' },
    redis: { type: 'string', default: '60' },
  },
});
const { folder } = protocolModels();
const report = await storm({
  model: join(folder, 'served', 'half_plus_two.keras'),
  requests: Number(values.requests),
  clients: Number(values.clients),
  seed: Number(values.seed),
  deaths: { worker: 2000, gateway: 10_000, redis: Number(values.redis) * 1000 },
  onProgress: (line) => console.log(line),
}).finally(() => rmSync(folder, { recursive: true }));
const { jobs, direct, killed, retries, seconds, faults } = report;
console.log(
  `\n${jobs} jobs and ${direct} direct requests in ${seconds.toFixed(0)} s; killed: ${killed.workers} workers, ${killed.gateways} gateways, Redis ${killed.redis} times; ${retries} sent again`,
);
for (const fault of faults.slice(0, 20)) console.log(`- ${fault}`);
if (faults.length > 20) console.log(`- and ${faults.length - 20} more`);
console.log(faults.length === 0 ? 'PASS' : `FAIL: ${faults.length} faults with seed ${values.seed}`);
process.exitCode = faults.length === 0 ? 0 : 1;
