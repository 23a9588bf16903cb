import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { buildApp } from '../../src/app.js';
import type { AppOptions } from '../../src/options.js';
import { bundledModel } from './app.js';

/** A window on a server, with all that went elsewhere or broke: a test ends with `faults` being empty. */
export interface OpenPage {
  page: Page;
  url: string;
  faults: string[];
}

/** A server of a model, or of a folder of them; the caller closes it. */
export async function servePage(
  model = bundledModel,
  options: Partial<AppOptions> = {},
): Promise<{ url: string; close(): Promise<void> }> {
  const app = await buildApp({ model, processes: 1, noCache: model !== bundledModel, ...options });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return { url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`, close: () => app.close() };
}

/** What to open: a page of a server that there is, or of one of its own, until the test ends. */
export interface PageOptions extends BrowserContextOptions {
  url?: string;
  model?: string;
  path?: string;
}

/** Opens a page, until the test ends. */
export async function openPage(
  t: TestContext,
  browser: Browser,
  { url: known, model, path = '/', ...options }: PageOptions = {},
): Promise<OpenPage> {
  const own = known === undefined ? await servePage(model) : undefined;
  if (own) t.after(own.close);
  const url = known ?? own!.url;
  const page = await browser.newPage(options);
  t.after(() => page.close());
  page.setDefaultTimeout(60_000);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/40[013] \((Bad Request|Unauthorized|Forbidden)\)/.test(message.text()))
      faults.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !/^(blob|data):/.test(request.url())) faults.push(request.url());
  });
  await page.goto(url + path);
  return { page, url, faults };
}

/** What a person reads in a list, item by item. */
export const itemsOf = (page: Page, name: string): Promise<string[]> =>
  page.getByRole('region', { name }).getByRole('listitem').allInnerTexts();
