import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { useModelFolders } from './model-folder.js';
import { type Cli, startServer } from './server.js';

/** A server that asks for keys. */
export type KeyedServer = Cli & { url: string };

/** What a server answers. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** What is in it as JSON. */
  json<T>(): T;
}

/** Asks a server: with GET, or with POST where there is a body. */
export async function ask(
  { url }: { url: string },
  path: string,
  headers: HeadersInit = {},
  body?: unknown,
): Promise<Answer> {
  const asked = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const type: HeadersInit = body === undefined ? {} : { 'content-type': 'application/json' };
  const all = [...new Headers(headers), ...new Headers(type)] as [string, string][];
  const reply = await fetch(url + path, { ...asked, headers: all });
  const text = await reply.text();
  return { status: reply.status, headers: reply.headers, text, json: () => JSON.parse(text) };
}

/** Waits until the log has so many lines with a text. @returns the last of these */
export async function logged({ lines }: Cli, text: string, count = 1): Promise<string> {
  for (const end = Date.now() + 60_000; ; await sleep(20)) {
    const found = lines.filter((line) => line.includes(text));
    if (found.length >= count) return found[count - 1]!;
    assert.ok(Date.now() < end, `not logged ${count} times: ${text}\n${lines.slice(-20).join('\n')}`);
  }
}

/** No key is in the log. */
export const assertSilent = ({ lines }: Cli) => {
  for (const line of lines) assert.doesNotMatch(line, /secret-of-/, line);
};

/** Servers of the models `alpha`, `beta` and `gamma`, which all are one, while the tests of a file run. */
export function useKeyedServers() {
  const modelFolder = useModelFolders();
  const models = () => {
    const folder = modelFolder();
    for (const name of ['alpha', 'beta', 'gamma']) folder.put(`${name}.keras`, 'sequential');
    return folder.path;
  };
  const start = (t: TestContext, args: string[], environment: Record<string, string> = {}): Promise<KeyedServer> =>
    startServer(t, ['--no-cache', '--processes', '1', ...args], models(), environment);
  return { models, start };
}
