/** Clients that ask a cluster whose processes die, and what became of each of their requests. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, type Undying } from './cluster.js';

export interface StormOptions {
  /** The model y = x / 2 + 2. */
  model: string;
  /** Requests, half of them jobs. */
  requests: number;
  /** Seconds after which no more are sent; any number by default. */
  seconds?: number;
  /** Requests at once. */
  clients: number;
  seed: number;
  /** Milliseconds between two deaths of workers, of gateways and of Redis. */
  deaths: { worker: number; gateway: number; redis: number };
  onProgress(line: string): void;
}

export interface StormReport {
  jobs: number;
  direct: number;
  /** How often what died. */
  killed: { workers: number; gateways: number; redis: number };
  /** Requests that were sent again: the connection broke, or the reply was 503. */
  retries: number;
  seconds: number;
  faults: string[];
}

/** Milliseconds after which a request that nobody has answered is lost. */
const patience = 120_000;

/** Numbers from 0 to 1 that are the same for a seed. */
function randomOf(seed: number): () => number {
  let state = seed * 2654435761;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Lets clients ask a cluster while its processes are killed. */
export async function storm({
  model,
  requests,
  seconds: most = Number.POSITIVE_INFINITY,
  clients,
  seed,
  deaths,
  onProgress,
}: StormOptions): Promise<StormReport> {
  const cluster = await Cluster.start(model, { gateways: 2, workers: 3, flags: ['--max-attempts', '50'] });
  const random = randomOf(seed);
  const faults: string[] = [];
  const onFault = (fault: string) => {
    faults.push(fault);
    onProgress(`- ${fault}`);
  };
  const ids = new Map<string, string>();
  let next = 0;
  let retries = 0;
  const answered = { jobs: 0, direct: 0 };
  const started = performance.now();

  /** Asks one gateway after the other until one answers for good. */
  async function ask(path: string, init: RequestInit): Promise<Response> {
    const end = performance.now() + patience;
    for (let turn = Math.floor(random() * cluster.urls.length); ; turn++) {
      const url = path.startsWith('http') ? path : cluster.urls[turn % cluster.urls.length] + path;
      try {
        const reply = await fetch(url, { ...init, signal: AbortSignal.timeout(patience) });
        const body = await reply.arrayBuffer();
        if (reply.status !== 503 && reply.status !== 504) return new Response(body.byteLength ? body : null, reply);
      } catch {
        // The gateway has died.
      }
      if (performance.now() > end) throw new Error(`no answer within ${patience / 1000} s`);
      retries++;
      await sleep(100);
    }
  }

  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    ask(path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });

  async function askDirectly(index: number): Promise<string> {
    const reply = await post('/predict', JSON.stringify({ instances: [index] }));
    return `${reply.status} ${await reply.text()}`;
  }

  async function askByJob(index: number): Promise<string> {
    const key = `request-${seed}-${index}`;
    const body = JSON.stringify({ instances: [index] });
    const made = await post('/predict', body, { prefer: 'respond-async', 'idempotency-key': key });
    if (made.status !== 202) return `${made.status} ${await made.text()}`;
    const location = made.headers.get('location')!;
    if (ids.has(location)) return `the job ${location} is that of ${ids.get(location)}, too`;
    ids.set(location, key);
    if (index % 50 === 0) {
      const again = await post('/predict', body, { prefer: 'respond-async', 'idempotency-key': key });
      const other = again.headers.get('location');
      if (again.status !== 202 || other !== location) return `the same key made ${other} beside ${location}`;
    }
    const end = performance.now() + patience;
    for (;;) {
      const reply = await ask(`${location}?wait=10`, {});
      const job = (await reply.json()) as { status?: string; error?: { message: string } };
      if (job.status === 'succeeded') break;
      if (job.status === 'failed' || reply.status !== 200) return `${reply.status} ${JSON.stringify(job)}`;
      if (performance.now() > end) return `the job is still ${job.status} after ${patience / 1000} s`;
    }
    const result = await ask(`${location}/result`, {});
    return `${result.status} ${await result.text()}`;
  }

  async function client(): Promise<void> {
    const isTime = () => performance.now() - started < most * 1000;
    for (let index = next++; index < requests && isTime(); index = next++) {
      const isJob = index % 2 === 0;
      const wanted = `200 {"predictions":[${index / 2 + 2}],"success":true}`;
      const given = await (isJob ? askByJob(index) : askDirectly(index)).catch((error: Error) => error.message);
      if (given !== wanted) onFault(`${isJob ? 'job' : 'direct'} ${index}: ${given.slice(0, 300)}`);
      answered[isJob ? 'jobs' : 'direct']++;
    }
  }

  const over = new AbortController();
  async function every(milliseconds: number, kill: () => void): Promise<void> {
    while (await sleep(milliseconds, true, { signal: over.signal }).catch(() => false)) kill();
  }
  /** One of those that work, where another is left: what has only begun to start has nothing to lose. */
  const kill = (all: readonly Undying[]) => {
    const ready = all.filter(({ isReady }) => isReady);
    if (ready.length > 1) ready[Math.floor(random() * ready.length)]!.kill();
  };
  const dying = Promise.all([
    every(deaths.worker, () => kill(cluster.workers)),
    every(deaths.gateway, () => kill(cluster.gateways)),
    every(deaths.redis, () => cluster.redis.kill()),
    every(5000, () =>
      onProgress(
        `${answered.jobs} jobs and ${answered.direct} direct requests answered, ${faults.length} faults, ${retries} sent again`,
      ),
    ),
  ]);
  await Promise.all(Array.from({ length: clients }, client));
  over.abort();
  await dying;
  const seconds = (performance.now() - started) / 1000;
  const killed = {
    workers: cluster.workers.reduce((sum, one) => sum + one.killed, 0),
    gateways: cluster.gateways.reduce((sum, one) => sum + one.killed, 0),
    redis: cluster.redis.killed,
  };
  // Whatever was killed last comes back before it is asked to end.
  await sleep(3000);
  faults.push(...cluster.faults.map((fault) => `log: ${fault.slice(0, 300)}`));
  const codes = await cluster.end();
  for (const code of codes) if (code !== 0) faults.push(`a process that was asked to end did so with ${code}`);
  return { ...answered, killed, retries, seconds, faults };
}
