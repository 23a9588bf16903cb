/** `npm run conformance:keys`: what schemathesis finds in a server that asks for API keys, with one and without. */
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { folderOf, kindModels } from '../../test/helpers/kind-models.js';
import { protocolModels } from '../../test/helpers/protocol-app.js';
import { findPython } from '../python.js';
import { fuzz } from './schemathesis.js';
import { startServer } from './serve.js';

const usage = `npm run conformance:keys -- [options]

  --python <path>   a Python with what conformance/clients/requirements.txt pins; by default one is made in
                    conformance/clients/.venv
  --cases <number>  requests that schemathesis makes up for each operation, beside its own: 20
  --help            this`;

const key = 'a-key-of-the-clients-0123456789';
/** A key in both headers: schemathesis makes up what the documents name and isn't given. */
const withKey = (key: string) => ['-H', `Authorization: Bearer ${key}`, '-H', `X-API-Key: ${key}`];

const without = ['--checks', 'not_a_server_error,no_way_in,content_type_conformance,response_schema_conformance'];
/** Not checked: that what fits the schema is accepted, for a tensor has to have the model's shape, too; what wrong ones would be. */
const unchecked = 'no_way_in,positive_data_acceptance,negative_data_rejection';

const fuzzes = [
  { about: 'with a key', options: [...withKey(key), '--checks', 'all', '--exclude-checks', unchecked] },
  { about: 'without a key', options: without },
  { about: 'with a key that nobody has', options: [...withKey('of-nobody-0123456789'), ...without] },
];

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { python: { type: 'string' }, cases: { type: 'string', default: '20' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const { folder } = protocolModels();
  const served = join(folder, 'served');
  cpSync(folderOf(kindModels), served, { recursive: true });
  const keys = join(folder, 'keys.txt');
  writeFileSync(keys, `clients ${key}\n`, { mode: 0o600 });
  process.env.SCHEMATHESIS_HOOKS = 'keys_hooks';
  process.env.PYTHONPATH = import.meta.dirname;
  const needs = { folder: import.meta.dirname, what: 'the clients (about 700 MB)', workingFolder: folder };
  const python = await findPython(values.python, needs);
  const server = await startServer(served, '--api-keys', keys);
  let found = 0;
  try {
    for (const one of fuzzes) {
      const { failures } = await fuzz({ ...one, cases: values.cases, url: server.url, namesModels: true }, python);
      found += failures.length;
    }
  } finally {
    await server.end();
    rmSync(folder, { recursive: true });
  }
  console.log(found === 0 ? 'Nothing found.' : `${found} faults.`);
  return found === 0 ? 0 : 1;
}

process.exitCode = await main();
