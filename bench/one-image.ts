import { type ChildProcess, spawn } from 'node:child_process';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../src/support/package.js';
import { median, table, writeResults } from './results.js';

/** A way to send an image. */
export interface Way {
  path: string;
  headers: Record<string, string | number>;
  body: Buffer;
}

/** The ways by name, the JPEG that the others are held against among them. */
export type Ways = { JPEG: Way } & Record<string, Way>;

/** Requests of each way that aren't counted: threads start, code is compiled. */
const warmUp = 10;

/** Milliseconds from the first byte sent to the last received. */
export const post = (agent: Agent, url: string, { path, headers, body }: Way): Promise<number> =>
  new Promise((resolve, reject) => {
    const started = performance.now();
    const options = { method: 'POST', agent, headers: { ...headers, 'content-length': body.length } };
    const sent = request(url + path, options, (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - started);
        else reject(new Error(`${path} was answered with ${response.statusCode}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });

/** Serves a model by the code that is built, until its process is killed. */
export async function startServer(model: string): Promise<{ server: ChildProcess; url: string }> {
  const cli = join(packageRoot, 'dist', 'src', 'cli.js');
  const server = spawn(process.execPath, [cli, model, '--port', '0', '--log-format', 'json']);
  server.stderr.pipe(process.stderr);
  const url = await new Promise<string>((resolve, reject) => {
    server.once('exit', () => reject(new Error('The server ended.')));
    createInterface(server.stdout).on('line', (line) => {
      const { url } = JSON.parse(line);
      if (url) resolve(url);
    });
  });
  return { server, url };
}

/**
 * Serves a model and sends it one image in several ways: one request at a time, each way in turn. Writes what each costs over
 * the JPEG.
 *
 * @param title of the result, which is written under `name`
 * @param model a model file or folder
 * @param rounds requests of each way that count
 * @param waysOf the ways, of the server at a URL
 */
export async function compareWays(
  { name, title, model, rounds }: { name: string; title: string; model: string; rounds: number },
  waysOf: (url: string) => Ways | Promise<Ways>,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const { server, url } = await startServer(model);
  try {
    const ways = await waysOf(url);
    const times = new Map<string, number[]>(Object.keys(ways).map((way) => [way, []]));
    for (let round = -warmUp; round < rounds; round++)
      for (const [way, request] of Object.entries(ways)) {
        const time = await post(agent, url, request);
        if (round >= 0) times.get(way)!.push(time);
      }
    const base = median(times.get('JPEG')!);
    const figures = Object.fromEntries(
      [...times].map(([way, all]) => [
        way,
        { bytes: ways[way]!.body.length, milliseconds: median(all), over: median(all) - base },
      ]),
    );
    const rows = Object.entries(figures).map(([way, { bytes, milliseconds, over }]) => [
      way,
      String(bytes),
      milliseconds.toFixed(1),
      over.toFixed(1),
    ]);
    const text = table(['one image as', 'bytes', 'ms (median)', 'ms over JPEG'], rows);
    console.log(text);
    const served = model.split(/[\\/]/).findLast((part) => part !== 'model.keras' && part !== '');
    writeResults(
      join(packageRoot, 'bench', 'results'),
      name,
      title,
      { model: served, rounds, figures },
      `Model: ${served}; ${rounds} rounds.\n\n${text}\n`,
    );
  } finally {
    server.kill();
    agent.destroy();
  }
}
