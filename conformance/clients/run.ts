/** `npm run conformance:clients`: other people's clients against a running server. */
import { copyFileSync, cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { unpackFamily } from '../../test/helpers/fixtures.js';
import { folderOf, kindModels } from '../../test/helpers/kind-models.js';
import { protocolModels } from '../../test/helpers/protocol-app.js';
import { findPython, type Python } from '../python.js';
import { type ClientResult, type FuzzResult, writeClients } from './report.js';
import { fuzz } from './schemathesis.js';
import { startServer } from './serve.js';

const usage = `npm run conformance:clients -- [options]

  --python <path>   a Python with what conformance/clients/requirements.txt pins; by default one is made in
                    conformance/clients/.venv
  --cases <number>  requests that schemathesis makes up for each operation, beside its own: 50
  --keep            leave docs/conformance.md as it is
  --help            this`;

const root = join(import.meta.dirname, '..', '..');
const photo = join(root, 'examples', 'cat.jpg');

/** The clients, by the script that uses them. */
const clients = {
  'triton.py': 'tritonclient[http]',
  'kserve_client.py': 'KServe',
  'tensorflow_serving.py': 'TensorFlow Serving’s documented requests',
  'generated.py': 'openapi-python-client',
};

/**
 * What schemathesis is to make up. Not checked: that what fits the schema is accepted, where a tensor has to have the shape
 * that a model declares, and lists be of one length, too. Where its names are overridden, it thinks that it sends wrong ones.
 */
const fuzzes = [
  {
    about: 'addresses and bodies at random',
    options: ['--checks', 'all', '--exclude-checks', 'positive_data_acceptance'],
    namesModels: false,
  },
  {
    about: 'bodies at random to a model that there is',
    options: ['--checks', 'all', '--exclude-checks', 'positive_data_acceptance,negative_data_rejection'],
    namesModels: true,
  },
];

/** Puts a model that takes and gives strings beside the others. */
function addStrings(served: string): void {
  const { folder, cases } = unpackFamily('strings');
  copyFileSync(cases.find(({ name }) => name === 'string_lookup_there_and_back')!.model, join(served, 'words.keras'));
  rmSync(folder, { recursive: true });
}

async function runClient(script: string, client: string, url: string, python: Python): Promise<ClientResult> {
  const args = script === 'kserve_client.py' ? [url] : [url, photo];
  const checks: ClientResult['checks'] = JSON.parse(await python(script, ...args));
  for (const { name, failed } of checks)
    console.log(`${failed ? 'FAILS ' : 'passes'} ${client}: ${name} ${failed ?? ''}`);
  return { client, checks };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      python: { type: 'string' },
      cases: { type: 'string', default: '50' },
      keep: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const { folder } = protocolModels();
  addStrings(join(folder, 'served'));
  const python = await findPython(values.python, {
    folder: import.meta.dirname,
    what: 'the clients (about 700 MB)',
    workingFolder: folder,
  });
  const served = join(folder, 'served');
  cpSync(join(root, 'models', 'efficientnet-lite0'), join(served, 'efficientnet-lite0'), { recursive: true });
  cpSync(folderOf(kindModels), served, { recursive: true });
  const server = await startServer(served);
  const { url } = server;
  try {
    const checked: ClientResult[] = [];
    for (const [script, client] of Object.entries(clients)) checked.push(await runClient(script, client, url, python));
    const fuzzed: FuzzResult[] = [];
    for (const one of fuzzes) fuzzed.push(await fuzz({ ...one, cases: values.cases, url }, python));
    if (server.process.exitCode !== null) throw new Error('The server ended meanwhile.');
    if (!values.keep) writeClients({ clients: checked, fuzzed });
    const failed = checked.flatMap(({ checks }) => checks).filter(({ failed }) => failed).length;
    const found = fuzzed.flatMap(({ failures }) => failures).length;
    const cases = fuzzed.reduce((sum, { cases }) => sum + cases, 0);
    console.log(`${failed} checks failed, schemathesis found ${found} faults in ${cases} cases.`);
    return failed + found > 0 || cases < 2000 ? 1 : 0;
  } finally {
    if (server.process.exitCode === null) await server.end();
    rmSync(folder, { recursive: true });
  }
}

process.exitCode = await main();
