import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import Fastify from 'fastify';
import type { Page } from 'playwright-core';
import kerasServe from '../../src/plugin.js';
import { packageRoot } from '../../src/support/package.js';
import { bundledModel } from '../helpers/app.js';
import { noBrowser, useBrowser } from '../helpers/browser.js';
import { bundledName } from '../helpers/protocol-app.js';
import { startReverseProxy } from '../helpers/reverse-proxy.js';
import { startServer } from '../helpers/server.js';

const cat = join(packageRoot, 'examples', 'cat.jpg');

/** Ways in which keras-serve comes to stand below a path. */
const ways: Record<string, (t: TestContext) => Promise<string>> = {
  'behind a proxy that takes the path off': async (t) => {
    const { url } = await startServer(t, ['--processes', '1']);
    return startReverseProxy(t, url, '/some/path');
  },
  'with a base path of its own': async (t) =>
    (await startServer(t, ['--processes', '1', '--base-path', '/some/path'])).url,
  'as a plugin with a prefix': async (t) => {
    const app = Fastify({ pluginTimeout: 0 });
    t.after(() => app.close());
    await app.register(kerasServe, { prefix: '/some/path', model: bundledModel, processes: 1 });
    await app.listen({ port: 0, host: '127.0.0.1' });
    return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/some/path`;
  },
};

describe('below a path', { skip: noBrowser }, () => {
  const browser = useBrowser();

  /** A window that fails the test when anything is asked for that isn't below the path, or isn't there. */
  async function open(t: TestContext, url: string): Promise<{ page: Page; faults: string[] }> {
    const page = await browser().newPage();
    t.after(() => page.close());
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
    page.on('request', (request) => {
      const isHere = `${request.url().split(/[?#]/)[0]}/`.startsWith(`${url}/`) || /^(blob|data):/.test(request.url());
      if (!isHere) faults.push(request.url());
    });
    page.on(
      'response',
      (response) => response.status() >= 400 && faults.push(`${response.status()} ${response.url()}`),
    );
    return { page, faults };
  }

  async function tryOut(page: Page, operation: string): Promise<{ status: string; label: string; curl: string }> {
    const block = page.locator(`#operations-${operation}`);
    await block.locator('.opblock-summary-control').click();
    await block.locator('input[type=file]').setInputFiles(cat);
    await block.locator('button.execute').click();
    const response = block.locator('.live-responses-table .response').first();
    await response.waitFor();
    const status = (await response.locator('.response-col_status').textContent())!;
    const { predictions } = JSON.parse((await response.locator('.highlight-code code').first().textContent())!);
    const curl = (await block.locator('.curl-command code').first().textContent())!;
    return { status, label: predictions[0].label, curl };
  }

  for (const [name, start] of Object.entries(ways))
    it(`the page and the documents work ${name}`, async (t) => {
      const url = await start(t);
      for (const address of [`${url}/`, url, `${url}/?from=mail`]) {
        const { page, faults } = await open(t, url);
        await page.goto(address);
        await page.setInputFiles('main input[type=file]', cat);
        await page.waitForSelector('#outputs li');
        assert.equal(await page.locator('#outputs .label').first().textContent(), 'Egyptian cat');
        assert.match((await page.textContent('#curl'))!, new RegExp(` ${url}/predict$`));
        assert.deepEqual(faults, [], address);
        await page.click('nav a >> nth=0');
        await page.waitForSelector('#operations-Predict-predict');
        assert.deepEqual(faults, [], `${address}: the link to the documents`);
      }
      for (const address of [`${url}/docs`, `${url}/docs/`]) {
        const { page, faults } = await open(t, url);
        await page.goto(address);
        const { status, label, curl } = await tryOut(page, 'Predict-predict');
        assert.deepEqual([status.slice(0, 3), label], ['200', 'Egyptian_cat']);
        assert.ok(curl.includes(`'${url}/predict?`), curl);
        assert.deepEqual(faults, [], address);
      }
      const { servers, paths } = (await (await fetch(`${url}/openapi.json`)).json()) as {
        servers: { url: string }[];
        paths: object;
      };
      assert.ok(Object.keys(paths).includes(`/models/${bundledName}/predict`));
      assert.equal(new URL(servers[0]!.url, `${url}/openapi.json`).href.replace(/\/$/, ''), url);
    });
});
