/**
 * Measures what the server does with more requests than it can answer: throughput of the bundled model at concurrency 8, then
 * at 64 with a queue that is too short for them. Clients that are refused wait as long as `Retry-After` says.
 * `docs/benchmarks.md` says how to read it.
 *
 *     npm run bench:overload
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { packageRoot } from '../src/support/package.js';
import { form } from '../test/helpers/form.js';
import { median, table, writeResults } from './results.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '8' },
    queue: { type: 'string', default: '32' },
    port: { type: 'string', default: '5050' },
  },
});
const queue = Number(values.queue);
const url = `http://127.0.0.1:${values.port}`;
const { headers: formHeaders, payload: body } = form(readFileSync(join(packageRoot, 'examples/cat.jpg')));
const headers = { ...formHeaders, 'content-length': body.length };

/** Posts the image. @returns the status, how long to wait before the next try in seconds, and milliseconds */
async function post(agent: Agent): Promise<{ status: number; wait: number; ms: number }> {
  const started = performance.now();
  const sent = request(`${url}/predict`, { method: 'POST', agent, headers });
  sent.end(body);
  const [reply] = await once(sent, 'response');
  reply.resume();
  await once(reply, 'end');
  const wait = Number(reply.headers['retry-after'] ?? 0);
  return { status: reply.statusCode, wait, ms: performance.now() - started };
}

interface Result {
  accepted: number;
  p50: number;
  p99: number;
  refused: number;
  refusedP50: number;
  others: number;
}

const percentile = (values: readonly number[], part: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? 0;

/** Keeps so many clients busy. */
async function drive(clients: number): Promise<Result> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const seconds = Number(values.seconds);
  const end = performance.now() + seconds * 1000;
  const replies: { status: number; ms: number }[] = [];
  const client = async () => {
    while (performance.now() < end) {
      const reply = await post(agent);
      replies.push(reply);
      if (reply.wait > 0) await sleep(reply.wait * 1000);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  agent.destroy();
  const times = (wanted: number) => replies.filter(({ status }) => status === wanted).map(({ ms }) => ms);
  return {
    accepted: times(200).length / seconds,
    p50: percentile(times(200), 0.5),
    p99: percentile(times(200), 0.99),
    refused: times(503).length / seconds,
    refusedP50: percentile(times(503), 0.5),
    others: replies.filter(({ status }) => status !== 200 && status !== 503).length,
  };
}

const server = spawn(
  process.execPath,
  ['dist/src/cli.js', 'models/efficientnet-lite0', '--port', values.port, '--max-queue', values.queue],
  { cwd: packageRoot, stdio: 'ignore' },
);
try {
  while (!(await fetch(`${url}/health/ready`).catch(() => undefined))?.ok) await sleep(50);
  await drive(8);
  const rounds: { at8: Result; at64: Result }[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    rounds.push({ at8: await drive(8), at64: await drive(64) });
    console.error(JSON.stringify(rounds.at(-1)));
  }
  const of = (key: 'at8' | 'at64', figure: keyof Result) => median(rounds.map((round) => round[key][figure]));
  const ms = (value: number) => `${value.toFixed(0)} ms`;
  const row = (title: string, key: 'at8' | 'at64') => [
    title,
    of(key, 'accepted').toFixed(1),
    ms(of(key, 'p50')),
    ms(of(key, 'p99')),
    of(key, 'refused').toFixed(1),
    ms(of(key, 'refusedP50')),
    of(key, 'others').toFixed(0),
  ];
  const work = median(rounds.map(({ at64 }) => at64.p99 / ((queue / at64.accepted) * 1000)));
  const throughput = median(rounds.map(({ at8, at64 }) => at64.accepted / at8.accepted));
  const text = [
    `The bundled model, a queue of ${queue}. Medians of ${rounds.length} rounds.`,
    table(
      ['clients', 'answered a second', 'p50', 'p99', 'refused with 503 a second', 'p50 of those', 'other replies'],
      [row('8', 'at8'), row('64', 'at64')],
    ),
    table(
      ['at 64', 'ratio', 'bound', ''],
      [
        ['p99 of what is answered, to the work that the queue holds', work, 2, work <= 2],
        ['answered a second, to that at 8', throughput, 1, throughput >= 1],
      ].map(([what, ratio, bound, met]) => [
        String(what),
        Number(ratio).toFixed(2),
        String(bound),
        met ? 'met' : '**missed**',
      ]),
    ),
  ].join('\n\n');
  writeResults(
    join(packageRoot, 'bench/results'),
    'overload',
    'More requests than can be answered',
    { rounds },
    `${text}\n`,
  );
  console.log(text);
} finally {
  server.kill('SIGTERM');
}
