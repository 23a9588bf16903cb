import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What became of the checks of one client. */
export interface ClientResult {
  client: string;
  checks: { name: string; failed?: string }[];
}

/** What became of requests that schemathesis made up. */
export interface FuzzResult {
  /** What they were about. */
  about: string;
  operations: number;
  cases: number;
  /** What schemathesis found, by its own titles, with the operations. */
  failures: string[];
}

/** A run. */
export interface ClientsResults {
  clients: ClientResult[];
  fuzzed: FuzzResult[];
}

const results = join(import.meta.dirname, 'results.json');
const report = join(import.meta.dirname, '..', '..', 'docs', 'conformance.md');

/** The section of docs/conformance.md about clients; empty before the first run. */
export function clientsSection(): string {
  if (!existsSync(results)) return '';
  const { clients, fuzzed }: ClientsResults = JSON.parse(readFileSync(results, 'utf8'));
  const rows = clients.flatMap(({ client, checks }) =>
    checks.map(
      ({ name, failed }, index) =>
        `| ${index === 0 ? client : ''} | ${name} | ${failed ? `**${failed}**` : 'passes'} |`,
    ),
  );
  const cases = fuzzed.reduce((sum, { cases }) => sum + cases, 0);
  const found = fuzzed.flatMap(({ about, operations, cases, failures }) => [
    `| ${about} | ${operations} | ${cases} | ${failures.length ? `**${failures.join('; ')}**` : 'none'} |`,
  ]);
  return [
    '## Clients',
    'The clients that people have for TensorFlow Serving and for the Open Inference Protocol, as they come from PyPI, against a',
    'running server. Written by `npm run conformance:clients`.',
    '',
    '| Client | What it does | |',
    '| --- | --- | --- |',
    ...rows,
    '',
    `\`schemathesis\` made up ${cases} requests out of the OpenAPI document. It looks for statuses that aren't documented, replies`,
    "that are not as their schema says, content types and headers that aren't documented, errors of the server (5xx), and methods",
    "that should be refused and aren't; in the first row also for requests that break the schema and are accepted. That those that",
    'fit it are answered is a test of its own, `test/routes/request-schemas.test.ts`.',
    '',
    '| Requests | Operations | Cases | Found |',
    '| --- | --- | --- | --- |',
    ...found,
  ].join('\n');
}

/** Keeps the results of a run, and puts them into docs/conformance.md: in the place of the last ones, or before the layers. */
export function writeClients(run: ClientsResults): void {
  writeFileSync(results, `${JSON.stringify(run, null, 1)}\n`);
  const sections = readFileSync(report, 'utf8').split(/^(?=## )/m);
  const others = sections.filter((section) => !section.startsWith('## Clients\n'));
  const place = others.findIndex((section) => section.startsWith('## Layers'));
  others.splice(place < 0 ? others.length : place, 0, `${clientsSection()}\n\n`);
  writeFileSync(report, others.join(''));
}
