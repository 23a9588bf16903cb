/** Pages of other origins that call the API from a browser. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { noBrowser, useBrowser } from '../helpers/browser.js';
import { doublingModel } from '../helpers/onnx-models.js';
import { startServer } from '../helpers/server.js';

/** A web site with one empty page; gives its origin. */
async function site(t: TestContext): Promise<string> {
  const server = createServer((_request, response) =>
    response.setHeader('content-type', 'text/html').end('<!doctype html><link rel="icon" href="data:,">'),
  ).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What a script of a page gets, and which headers it sees. */
const ask = (page: Page, url: string, body: unknown, headers: Record<string, string> = {}) =>
  page.evaluate(
    async ({ url, body, headers }) => {
      try {
        const reply = await fetch(url, {
          method: 'POST',
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json', ...headers },
        });
        return { status: reply.status, json: await reply.json(), headers: [...reply.headers.keys()] };
      } catch (error) {
        return { refused: String(error) };
      }
    },
    { url, body, headers },
  );

describe('a page of another origin', { skip: noBrowser }, () => {
  const browser = useBrowser();
  const open = async (t: TestContext, origin: string): Promise<Page> => {
    const page = await browser().newPage();
    t.after(() => page.close());
    await page.goto(origin);
    return page;
  };

  it('predicts, sends keys and reads the headers and failures of replies', async (t) => {
    const origin = await site(t);
    const { url } = await startServer(t, ['--processes', '1', '--cors-origin', origin], doublingModel());
    const page = await open(t, origin);
    const headers = {
      authorization: 'Bearer of-nobody',
      'x-api-key': 'of-nobody',
      prefer: 'wait=1',
      'idempotency-key': 'a',
    };
    const {
      json,
      headers: seen = [],
      ...reply
    } = await ask(page, `${url}/predict`, { instances: [[1, 2, 3]] }, headers);
    assert.deepEqual([reply, json], [{ status: 200 }, { predictions: [[2, 4, 6]], success: true }]);
    for (const name of ['x-request-id', 'server-timing']) assert.ok(seen.includes(name), `${name} of ${seen}`);
    const wrong = await ask(page, `${url}/predict`, { instances: 'none' });
    assert.deepEqual([wrong.status, wrong.json?.error.code], [400, 'instances_invalid']);
    const nowhere = await ask(page, `${url}/v1/models/none:predict`, {});
    assert.deepEqual([nowhere.status, typeof nowhere.json?.error], [404, 'string']);
  });

  it('gets nothing where its origin isn’t named', async (t) => {
    const { url } = await startServer(
      t,
      ['--processes', '1', '--cors-origin', 'https://*.example.com'],
      doublingModel(),
    );
    const reply = await ask(await open(t, await site(t)), `${url}/predict`, { instances: [[1, 2, 3]] });
    assert.match(reply.refused ?? '', /Failed to fetch/);
  });
});
