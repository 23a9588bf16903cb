/** A server among clients that do it all wrong, and clients that must not notice. */

import { setMaxListeners } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundledModel } from '../../test/helpers/app.js';
import { doublingModel } from '../../test/helpers/onnx-models.js';
import { Random } from '../fuzz/random.js';
import { Attacker, attacks } from './attacks.js';
import { ask, behave, Tally } from './good.js';
import { type Exchange, everyRoute, goodExchanges, models, type Request } from './requests.js';
import { type Holdings, ServerProcess } from './server.js';

export interface ChaosOptions {
  /** How long the clients go on. */
  seconds: number;
  seed: number;
  /** Told what each round left behind, in one line. */
  onRound?: (line: string) => void;
}

export interface ChaosReport {
  answered: number;
  deferred: number;
  /** How often each attack was made. */
  attacks: Record<string, number>;
  /** What is wrong; nothing if it is empty. */
  faults: string[];
}

const attackers = 12;
const wellBehaved = 6;
/** Fewer than attackers may have, so that idle connections must make way. */
const maxConnections = 400;
/** How long a round takes, in seconds, and how long the server has to be as it was after it. */
const round = { longest: 30, recovery: 20 };
/** What may be more in the end than in the first third of the rounds, in which memory grows to what is needed, in bytes. */
const growth = { heap: 12 * 2 ** 20, memory: 96 * 2 ** 20 };
/** Descriptors of threads and the like that a server opens when it first needs them, and keeps. */
const laterDescriptors = 16;
/** How long the server may take to end while clients sit there that neither send nor read, in milliseconds. */
const longestEnd = 20_000;

const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`;

/** @throws Error when the server doesn't start, or answers wrongly even while it is alone */
export async function chaos({ seconds, seed, onRound = () => undefined }: ChaosOptions): Promise<ChaosReport> {
  const folder = mkdtempSync(join(tmpdir(), 'keras-serve-chaos-'));
  const numbers = doublingModel();
  copyFileSync(numbers, join(folder, `${models.numbers}.onnx`));
  rmSync(dirname(numbers), { recursive: true });
  const args = [
    ...[bundledModel, folder, '--default-model', models.image],
    ...['--max-connections', String(maxConnections), '--max-rows', '1000000'],
  ];
  const server = await ServerProcess.start(args);
  try {
    return await disturb(server, seconds, seed, onRound);
  } finally {
    server.child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
}

async function disturb(
  server: ServerProcess,
  seconds: number,
  seed: number,
  onRound: (line: string) => void,
): Promise<ChaosReport> {
  const requests = await everyRoute(server.url);
  const agent = new Agent();
  const good = await goodExchanges(requests, (request) => ask(server.url, agent, request));
  const random = new Random(seed);
  const tally = new Tally();
  const made: Record<string, number> = Object.fromEntries(Object.keys(attacks).map((name) => [name, 0]));
  const faults: string[] = [];
  const atStart = await server.holdings();
  /** What the server held after each round. */
  const after: Holdings[] = [];
  const rounds = Math.max(3, Math.ceil(seconds / round.longest));
  for (let number = 1; number <= rounds; number++) {
    const answered = tally.answered;
    await together(server.url, seconds / rounds, random, requests, good, tally, made);
    const { holdings, ms, differences } = await recover(server, atStart);
    after.push(holdings);
    faults.push(...differences.map((difference) => `after round ${number} ${difference}`));
    const { usual, longest } = tally.lap();
    onRound(
      `round ${number} of ${rounds}: ${tally.answered - answered} answered, 99 % within ${usual} ms, longest ${longest} ms, ` +
        `${tally.lost.length} lost; as before after ${ms} ms; heap ${megabytes(holdings.heap)}, ` +
        `memory ${megabytes(holdings.memory)}, ${holdings.descriptors} descriptors`,
    );
  }
  for (const kind of ['heap', 'memory'] as const) {
    const bytes = after.map((holdings) => holdings[kind]);
    const settled = Math.max(...bytes.slice(0, Math.ceil(rounds / 3)));
    // The lesser of the last two: one may have been measured at a bad moment.
    const last = Math.min(...bytes.slice(-2));
    if (last > settled + growth[kind])
      faults.push(`${kind} has grown from ${megabytes(settled)} to ${megabytes(last)}`);
  }
  faults.push(...(await endAmongStrangers(server, new Attacker(new URL(server.url), random, requests, never))));
  faults.push(...tally.lost.map((loss) => `a well-behaved client lost a request: ${loss}`));
  faults.push(...server.failures.map((line) => `in the log: ${line.slice(0, 500)}`));
  if (server.stderr) faults.push(`on standard error: ${server.stderr.slice(0, 500)}`);
  return { answered: tally.answered, deferred: tally.deferred, attacks: made, faults };
}

const never = new AbortController().signal;

/** Everybody at once, for a while. */
async function together(
  url: string,
  seconds: number,
  random: Random,
  requests: readonly Request[],
  good: (random: Random) => Exchange,
  tally: Tally,
  made: Record<string, number>,
): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  setMaxListeners(0, signal);
  const newRandom = () => new Random(random.below(2 ** 31));
  const names = Object.keys(attacks);
  let turn = random.below(names.length);
  const attack = async (random: Random) => {
    while (!signal.aborted) {
      const name = names[turn++ % names.length]!;
      const attacker = new Attacker(new URL(url), random, requests, signal);
      await attacks[name]!(attacker);
      attacker.release();
      made[name]!++;
    }
  };
  const clients = [
    ...Array.from({ length: attackers }, () => attack(newRandom())),
    ...Array.from({ length: wellBehaved }, () => behave(url, newRandom(), good, tally, () => !signal.aborted)),
  ];
  await sleep(seconds * 1000);
  over.abort();
  await Promise.all(clients);
}

/** Waits until the server holds what it held at the start, and says what is more where that doesn't come. */
async function recover(
  server: ServerProcess,
  start: Holdings,
): Promise<{ holdings: Holdings; ms: number; differences: string[] }> {
  const began = performance.now();
  for (;;) {
    const holdings = await server.holdings();
    const counts = (of: Holdings): Record<string, number> => ({ descriptors: of.descriptors, ...of.gauges });
    const before = counts({ ...start, descriptors: start.descriptors + laterDescriptors });
    const differences = Object.entries(counts(holdings))
      .filter(([name, count]) => count > before[name]!)
      .map(([name, count]) => `${name} is ${count}, at the start it was ${before[name]}`);
    const ms = Math.round(performance.now() - began);
    if (differences.length === 0 || ms > round.recovery * 1000) return { holdings, ms, differences };
    await sleep(100);
  }
}

/** Ends the server while clients sit there that neither send nor read on: it waits for none of them. */
async function endAmongStrangers(server: ServerProcess, attacker: Attacker): Promise<string[]> {
  const sitting = ['connects often and does nothing', 'sends half a head', 'sends half a body', 'asks and never reads'];
  const attacking = sitting.map((name) => attacks[name]!(attacker));
  await sleep(500);
  const { code, ms } = await server.stop();
  await Promise.all(attacking);
  attacker.release();
  return code === 0 && ms < longestEnd ? [] : [`SIGTERM ended the server with ${code} after ${ms} ms`];
}
