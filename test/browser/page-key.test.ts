/// <reference lib="dom" />
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { Page, Request } from 'playwright-core';
import { noBrowser, useBrowser } from '../helpers/browser.js';
import { keyFile, keyOf, linesOf } from '../helpers/key-file.js';
import { folderOf, kindModels } from '../helpers/kind-models.js';
import { openPage, servePage } from '../helpers/page.js';
import { run } from '../helpers/run.js';

describe('pages where API keys are asked for', { skip: noBrowser }, () => {
  const browser = useBrowser();
  let server: Awaited<ReturnType<typeof servePage>>;
  const path = keyFile({ after: (end) => after(end) }, { alice: '', bob: 'models=houses' });
  before(async () => {
    server = await servePage(folderOf(kindModels), { apiKeys: path, defaultModel: 'clinic' });
  });
  after(() => server?.close());

  async function open(t: TestContext, path = '/') {
    const opened = await openPage(t, browser(), { url: server.url, path });
    const requests: Request[] = [];
    opened.page.on('request', (request) => requests.push(request));
    return { ...opened, requests };
  }

  const dialogOf = (page: Page) => page.getByRole('dialog', { name: 'This server asks for an API key' });

  async function enter(page: Page, key: string) {
    const dialog = dialogOf(page);
    await dialog.waitFor();
    await dialog.getByLabel('API key').fill(key);
    await dialog.getByRole('button', { name: 'Use this key' }).click();
  }

  it('the page asks for a key, predicts with it and keeps it for the tab', async (t) => {
    const { page, faults, requests } = await open(t);
    const dialog = dialogOf(page);
    await enter(page, 'wrong-0123456789');
    await dialog.getByText('Nobody has this API key').waitFor();
    await enter(page, ` ${keyOf('bob')} `);
    await dialog.waitFor({ state: 'hidden' });
    // The only model that this key is for, though another is the default.
    await page.getByRole('heading', { level: 1, name: 'houses' }).waitFor();
    assert.equal(await page.locator('#choice').isHidden(), true);
    await page.getByRole('button', { name: 'Run the model' }).click();
    await page.getByText(/^Answered in \d+ ms\.$/).waitFor();

    for (const name of ['curl', 'Python', 'TypeScript']) {
      await page.getByRole('tab', { name }).click();
      const program = await page.getByRole('tabpanel').locator('code').innerText();
      assert.match(program, /x-api-key["']?: ["']?YOUR_API_KEY/, program);
    }
    const curl = (await page.locator('#curl').textContent())!;
    const { stdout } = await run('sh', ['-c', `${curl.replace('YOUR_API_KEY', keyOf('bob'))} --silent`]);
    assert.equal(JSON.parse(stdout).success, true, stdout);

    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'houses' }).waitFor();
    assert.equal(await dialog.isHidden(), true, 'it is asked for once for a tab');
    for (const request of requests) assert.doesNotMatch(request.url(), /secret|wrong|key=/);
    assert.doesNotMatch(await page.content(), /secret-of/);
    assert.equal(await page.evaluate(() => localStorage.length + document.cookie.length), 0);
    assert.deepEqual(faults, []);

    const other = await open(t);
    await dialogOf(other.page).waitFor();
  });

  it('the page asks again once the key is no longer in use, and goes on with what was asked', async (t) => {
    const { page, faults } = await open(t);
    await enter(page, keyOf('alice'));
    await page.getByLabel('Model', { exact: true }).selectOption('houses');
    await page.getByRole('heading', { level: 1, name: 'houses' }).waitFor();
    t.after(() => writeFileSync(path, linesOf({ alice: '', bob: 'models=houses' })));
    writeFileSync(path, linesOf({ carol: '' }));
    const dialog = dialogOf(page);
    while (await dialog.isHidden()) {
      await page.getByRole('button', { name: 'Run the model' }).click();
      await page.waitForTimeout(200);
    }
    await enter(page, keyOf('carol'));
    await page.getByText(/^Answered in \d+ ms\.$/).waitFor();
    assert.deepEqual(faults, []);
  });

  it('the page says what is missing where nobody gives a key', async (t) => {
    const { page, faults } = await open(t);
    await dialogOf(page).waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('Without an API key this page can’t ask the server.').waitFor();
    assert.deepEqual(faults, []);
  });

  it('Swagger UI has an Authorize button, whose key goes with what is tried', async (t) => {
    const { page, faults, requests } = await open(t, '/docs');
    const operation = page.locator('#operations-Models-listModels');
    await operation.locator('.opblock-summary-control').click();
    const execute = async () => {
      await operation.locator('button.execute').click();
      const response = operation.locator('.live-responses-table .response').first();
      await response.waitFor();
      return (await response.locator('.response-col_status').textContent())!.slice(0, 3);
    };
    assert.equal(await execute(), '401');
    await page.locator('button.authorize').first().click();
    const schemes = page.locator('.auth-container');
    assert.equal(await schemes.count(), 2);
    await schemes.filter({ hasText: 'bearer' }).locator('input').fill(keyOf('alice'));
    await schemes.filter({ hasText: 'bearer' }).locator('button.authorize').click();
    await page.locator('.modal-ux button.btn-done').first().click();
    await operation.locator('button.btn-clear').click();
    assert.equal(await execute(), '200');
    const sent = requests.filter((request) => request.url() === `${server.url}/models`);
    assert.equal(sent.at(-1)!.headers().authorization, `Bearer ${keyOf('alice')}`);
    assert.deepEqual(faults, []);
  });
});
