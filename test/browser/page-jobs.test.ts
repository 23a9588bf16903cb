/// <reference lib="dom" />
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, beforeEach, describe, it, type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { add, constant, matmul } from '../../src/onnx/operators/index.js';
import { noBrowser, useBrowser } from '../helpers/browser.js';
import { bearer, keyFile, keyOf, linesOf } from '../helpers/key-file.js';
import { folderOf, type KindModel } from '../helpers/kind-models.js';
import { openPage, servePage } from '../helpers/page.js';

const markup = '<img src=x onerror=window.taken=1>';
const holders = { ops: 'admin', shop: '' };

/** The sum of two numbers, one of which is called by markup. */
const sums: KindModel = {
  build(graph) {
    const x = graph.input('x', 'float32', [null, 2]);
    const sum = matmul(x, constant(graph, 'float32', [2, 1], [1, 1]));
    graph.output('y', add(sum, constant(graph, 'float32', [1], [0])));
  },
  card: { inputs: { x: { columns: [{ name: markup }, { name: 'b' }] } }, outputs: { y: { kind: 'number' } } },
};

describe('the list of jobs on the page', { skip: noBrowser }, () => {
  const browser = useBrowser();
  let server: Awaited<ReturnType<typeof servePage>>;
  let url: string;
  const keys = keyFile({ after: (end) => after(end) }, holders);
  before(async () => {
    // Its addresses are below a path, and the page is opened without the slash at its end.
    server = await servePage(folderOf({ sums }), { apiKeys: keys, basePath: '/some/path' });
    url = `${server.url}/some/path`;
  });
  after(() => server?.close());

  /** Has a job made with a key, and waits for its end. @returns its id */
  async function makeJob(key: keyof typeof holders, a: unknown): Promise<string> {
    const made = await fetch(`${url}/predict`, {
      method: 'POST',
      headers: { ...bearer(key), prefer: 'respond-async', 'content-type': 'application/json' },
      body: JSON.stringify({ instances: [{ [markup]: a, b: 2 }] }),
    });
    assert.equal(made.status, 202);
    const { id } = (await made.json()) as { id: string };
    const done = await fetch(`${url}/jobs/${id}?wait=60`, { headers: bearer(key) });
    await done.arrayBuffer();
    return id;
  }

  /** The page as the holder of a key has it, with its clock held; `asked` counts the requests for the list. */
  async function open(t: TestContext, holder: keyof typeof holders, options: object = {}) {
    const opened = await openPage(t, browser(), { url: server.url, path: '/some/path', ...options });
    const { page } = opened;
    const asked: number[] = [];
    page.on('response', (response) => response.url() === `${url}/jobs` && asked.push(response.status()));
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 3_600_000);
    const dialog = page.getByRole('dialog', { name: 'This server asks for an API key' });
    const first = page.waitForResponse(`${url}/jobs`);
    await enter(page, holder);
    await dialog.waitFor({ state: 'hidden' });
    await first;
    await page.getByRole('heading', { level: 1, name: 'sums' }).waitFor();
    return { ...opened, asked, list: page.getByRole('region', { name: 'Jobs of all keys' }).first() };
  }

  async function enter(page: Page, holder: string) {
    const dialog = page.getByRole('dialog', { name: 'This server asks for an API key' });
    await dialog.getByLabel('API key').fill(keyOf(holder));
    await dialog.getByRole('button', { name: 'Use this key' }).click();
  }

  /** All that are known, hidden ones too. */
  const known = (page: Page) => page.locator('#job-table tbody tr');
  const rowsOf = (page: Page) => page.getByRole('table').getByRole('row');
  const isRefreshed = (page: Page) => page.getByRole('status').filter({ hasText: 'Up to date.' }).waitFor();

  let good: string;
  let bad: string;
  beforeEach(async () => {
    good = await makeJob('shop', 1);
    bad = await makeJob('ops', 'x');
  });

  it('has for admins who asked what, the newest first, how long it took and why it failed, all of it as text', async (t) => {
    const { page, list, faults } = await open(t, 'ops');
    await list.waitFor();
    assert.deepEqual(await page.getByRole('table').getByRole('columnheader').allInnerTexts(), [
      'Job',
      'Status',
      'Model',
      'Version',
      'Key',
      'Made',
      'Waited',
      'Ran',
      'Error',
    ]);
    const [, newest, older] = await rowsOf(page).all();
    assert.equal(await newest!.getByRole('rowheader').innerText(), bad);
    assert.equal(await older!.getByRole('rowheader').innerText(), good);
    const [status, model, version, key, made, waited, ran, why] = await newest!.getByRole('cell').allInnerTexts();
    assert.deepEqual([status, model, version, key], ['failed', 'sums', '1', 'ops']);
    assert.match(made!, /^[A-Z][a-z]{2} \d{1,2}, \d\d:\d\d:\d\d$/);
    for (const time of [waited!, ran!]) assert.match(time, /^[\d.]+ (ms|s)$/);
    assert.ok(why!.includes(markup), why);
    const [other] = await older!.getByRole('cell').allInnerTexts();
    assert.equal(other, 'succeeded');
    assert.equal(await older!.getByRole('cell').nth(2).innerText(), '1');
    assert.equal(await older!.getByRole('cell').nth(3).innerText(), 'shop');
    assert.equal(await page.locator('img[src="x"]').count(), 0);
    assert.equal(await page.evaluate(() => (window as unknown as { taken?: 1 }).taken), undefined);

    const before = page.url();
    await newest!.getByRole('rowheader').locator('code').click();
    assert.equal(await page.evaluate(() => String(getSelection())), bad);
    assert.deepEqual([page.url(), await list.getByRole('link').count()], [before, 0]);
    assert.deepEqual(faults, []);
  });

  it('isn’t there for keys without admin, who ask for it once', async (t) => {
    const { page, list, asked, faults } = await open(t, 'shop');
    await page.clock.fastForward('02:00');
    await page.getByRole('button', { name: 'Run the model' }).click();
    await page.getByText(/^Answered in /).waitFor();
    assert.deepEqual([asked, await list.isHidden(), await known(page).count()], [[403], true, 0]);
    assert.deepEqual(faults, []);
  });

  it('isn’t asked for where there are no keys', async (t) => {
    const open = await servePage(folderOf({ sums }));
    t.after(open.close);
    const page = await browser().newPage();
    t.after(() => page.close());
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(open.url);
    await page.getByRole('button', { name: 'Run the model' }).click();
    await page.getByText(/^Answered in /).waitFor();
    assert.ok(!asked.includes(`${open.url}/jobs`));
    assert.equal(await page.locator('#jobs').isHidden(), true);
  });

  it('counts them by status, and shows those of one when asked by keyboard', async (t) => {
    const { page, list } = await open(t, 'ops');
    const all = (await rowsOf(page).count()) - 1;
    const failed = list.getByRole('button', { name: /^failed \d+$/ });
    const count = Number((await failed.innerText()).split(' ')[1]);
    assert.ok(count > 0 && count < all);
    await list.getByText(new RegExp(`^${all} jobs, as of `)).waitFor();
    await failed.focus();
    await page.keyboard.press('Enter');
    assert.equal(await failed.getAttribute('aria-pressed'), 'true');
    assert.equal((await rowsOf(page).count()) - 1, count);
    await page.keyboard.press('Enter');
    assert.equal((await rowsOf(page).count()) - 1, all);
  });

  it('is refreshed by a button, and every ten seconds while somebody looks at it and wants that', async (t) => {
    const { page, list, asked, faults } = await open(t, 'ops');
    await list.waitFor();
    const newest = rowsOf(page).nth(1).getByRole('rowheader');
    const second = await makeJob('shop', 3);
    await list.getByRole('button', { name: 'Refresh' }).click();
    await isRefreshed(page);
    assert.deepEqual([await newest.innerText(), asked.length], [second, 2]);
    await page.clock.fastForward(5000);
    assert.equal(asked.length, 2);
    const third = await makeJob('shop', 4);
    const byItself = page.waitForResponse(`${url}/jobs`);
    await page.clock.fastForward(6000);
    await byItself;
    await page.getByRole('rowheader', { name: third }).waitFor();

    const look = (hidden: boolean) =>
      page.evaluate((value) => {
        Object.defineProperty(document, 'hidden', { value, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }, hidden);
    await look(true);
    await page.clock.fastForward('01:00');
    assert.equal(asked.length, 3);
    const lookedAt = page.waitForResponse(`${url}/jobs`);
    await look(false);
    await page.clock.fastForward(1);
    await lookedAt;

    await list.getByLabel('Refresh every 10 seconds').uncheck();
    await page.clock.fastForward('01:00');
    await page.getByRole('button', { name: 'Run the model' }).click();
    await page.getByText(/^Answered in /).waitFor();
    assert.deepEqual([asked.length, faults], [4, []]);
  });

  it('keeps what it shows when the server can’t be reached, says so, and fits narrow screens', async (t) => {
    const { page, list } = await open(t, 'ops', { viewport: { width: 360, height: 740 } });
    await list.waitFor();
    const count = await rowsOf(page).count();
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 360);
    await page.context().setOffline(true);
    await list.getByRole('button', { name: 'Refresh' }).click();
    await list.getByRole('status').filter({ hasText: 'The server can’t be reached.' }).waitFor();
    assert.equal(await rowsOf(page).count(), count);
    await page.context().setOffline(false);
    await list.getByRole('button', { name: 'Refresh' }).click();
    await isRefreshed(page);
  });

  // The last: the others need the keys of before.
  it('goes with the key that it was for', async (t) => {
    const { page, list } = await open(t, 'ops');
    await list.waitFor();
    writeFileSync(keys, linesOf({ shop: '' }));
    while (await list.isVisible()) {
      await list
        .getByRole('button', { name: 'Refresh' })
        .click({ timeout: 1000 })
        .catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assert.equal(await known(page).count(), 0);
    assert.equal(await page.getByRole('dialog').count(), 0, 'nobody is asked for a key because of the list');
  });
});
