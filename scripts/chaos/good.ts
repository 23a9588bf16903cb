/** Clients that behave: whatever others do, each of their requests must be answered, and rightly. */
import { Agent, request as send } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../fuzz/random.js';
import { bytesOf, type Exchange, type Reply, type Request } from './requests.js';

/** How many times a client that is told to come back does so. */
const most = 30;

/** What became of the requests of well-behaved clients. */
export class Tally {
  answered = 0;
  /** Told to come back later, by a 503 with `Retry-After`. */
  deferred = 0;
  /** What went wrong with each that wasn't answered, or not rightly. */
  readonly lost: string[] = [];
  /** Milliseconds that answers took, since {@link lap}. */
  private durations: number[] = [];

  add(ms: number): void {
    this.answered++;
    this.durations.push(ms);
  }

  /** Milliseconds within which 99 of 100 answers since the last lap came, and the longest. */
  lap(): { usual: number; longest: number } {
    const sorted = this.durations.sort((a, b) => a - b).map(Math.round);
    this.durations = [];
    return { usual: sorted[Math.floor(sorted.length * 0.99)] ?? 0, longest: sorted.at(-1) ?? 0 };
  }
}

/** Asks over a connection of `agent`, the body in pieces with pauses between them where `slowly`. */
export async function ask(url: string, agent: Agent, request: Request, slowly = false): Promise<Reply> {
  const { method, path, headers, body } = request;
  const length = body && { 'content-length': body.length };
  const sent = send(new URL(path, url), { method, agent, headers: { ...headers, ...length } });
  const reply = new Promise<Reply>((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (response) =>
      text(response).then((body) => resolve({ status: response.statusCode!, body }), reject),
    );
  });
  const pieces = slowly && body ? 10 : 0;
  for (let piece = 0; piece < pieces && !sent.destroyed; piece++) {
    sent.write(body!.subarray((piece * body!.length) / pieces, ((piece + 1) * body!.length) / pieces));
    await sleep(20);
  }
  sent.end(pieces ? undefined : body);
  return reply;
}

/** Sends requests one upon the other without waiting; gives back all that comes. */
async function pipeline(url: string, count: number): Promise<string> {
  const { hostname, port } = new URL(url);
  const request = { method: 'GET', path: '/health/live', headers: {} };
  const last = { ...request, headers: { connection: 'close' } };
  const socket = connect(Number(port), hostname);
  socket.write(Buffer.concat([...Array.from({ length: count - 1 }, () => bytesOf(request)), bytesOf(last)]));
  return text(socket);
}

/** One client, which asks one thing after the other as long as `isOn`. */
export async function behave(
  url: string,
  random: Random,
  exchange: (random: Random) => Exchange,
  tally: Tally,
  isOn: () => boolean,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  while (isOn()) {
    const started = performance.now();
    try {
      if (random.below(20) === 0) await pipelined(url, 2 + random.below(14));
      else await asked(exchange(random), random.below(10) === 0);
      tally.add(performance.now() - started);
    } catch (error) {
      tally.lost.push(`after ${Math.round(performance.now() - started)} ms: ${(error as Error).message}`);
    }
  }
  agent.destroy();

  async function asked({ request, faultOf }: Exchange, slowly: boolean): Promise<void> {
    let reply = await ask(url, agent, request, slowly);
    for (let round = 1; reply.status === 503 && round < most; round++) {
      tally.deferred++;
      await sleep(250);
      reply = await ask(url, agent, request, slowly);
    }
    const fault = faultOf(reply);
    if (fault) throw new Error(`${request.method} ${request.path}: ${fault}`);
  }

  async function pipelined(url: string, count: number): Promise<void> {
    const replies = (await pipeline(url, count)).split('HTTP/1.1 200 OK').length - 1;
    if (replies !== count) throw new Error(`${replies} replies to ${count} pipelined requests`);
  }
}
