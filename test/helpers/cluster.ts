/** A gateway, workers and a Redis as the built command line has them, for the tests of a file. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, type TestContext } from 'node:test';
import type { Job } from '../../schemas/jobs.js';
import { protocolModels } from './protocol-app.js';
import { RedisServer } from './redis.js';
import { type Cli, runCli, startServer } from './server.js';

/** Who is asked to end when the tests have ended. */
type Ending = Pick<TestContext, 'after'>;

const common = ['--port', '0', '--log-format', 'json'];

/** The models that are served and the Redis between them, while the tests of a file run. */
export function useRedis(): { models(): string; redis(): RedisServer } {
  let folder: string;
  let redis: RedisServer;
  before(async () => {
    ({ folder } = protocolModels());
    redis = await RedisServer.create();
    await redis.start();
  });
  after(async () => {
    await redis?.kill();
    if (folder) rmSync(folder, { recursive: true });
  });
  return { models: () => join(folder, 'served'), redis: () => redis };
}

/** Starts a worker; resolves when it takes requests. */
export async function startWorker(
  t: Ending,
  model: string,
  { url }: Pick<RedisServer, 'url'>,
  args: string[] = [],
): Promise<Cli> {
  const flags = [...common, '--role', 'worker', '--processes', '1', '--no-cache', ...args];
  const worker = runCli(t as TestContext, [model, ...flags], { KERAS_SERVE_REDIS: url });
  await worker.line('"url":"http');
  return worker;
}

/** Starts a gateway; resolves when it knows a model. */
export async function startGateway(
  t: Ending,
  { url: redis }: Pick<RedisServer, 'url'>,
  model: string,
  args: string[] = [],
): Promise<Cli & { url: string }> {
  const gateway = runCli(t as TestContext, [...common, '--role', 'gateway', ...args], { KERAS_SERVE_REDIS: redis });
  const { url } = JSON.parse(await gateway.line('"url":"http')) as { url: string };
  while ((await fetch(`${url}/models/${model}`)).status === 404)
    await new Promise((resolve) => setTimeout(resolve, 50));
  return { ...gateway, url };
}

/** Starts a server without Redis of the same models: what it says is what a gateway should say. */
export const startJudge = (t: Ending, model: string, args: string[] = []): Promise<Cli & { url: string }> =>
  startServer(t as TestContext, ['--processes', '1', '--no-cache', ...args], model);

/** Asks with a body of JSON. */
export const post = (url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

/** Makes a job. @returns where it is */
export async function makeJob(url: string, body: unknown, headers: Record<string, string> = {}): Promise<string> {
  const reply = await post(url, body, { prefer: 'respond-async', ...headers });
  if (reply.status !== 202) throw new Error(`${reply.status} ${await reply.text()}`);
  await reply.arrayBuffer();
  return reply.headers.get('location')!;
}

/** A job as it is now. */
export async function jobAt(address: string): Promise<Job> {
  return (await (await fetch(address)).json()) as Job;
}

/** A job once it has ended. */
export async function ended(address: string): Promise<Job> {
  for (;;) {
    const job = await jobAt(`${address}?wait=60`);
    if (job.finished_at || !job.id) return job;
  }
}
