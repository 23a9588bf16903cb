/** What browsers are told of pages: that it keeps others out, and the pages themselves nothing that they need. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { packageRoot } from '../../src/support/package.js';
import { noBrowser, useBrowser } from '../helpers/browser.js';
import { servePage } from '../helpers/page.js';

const cat = join(packageRoot, 'examples', 'cat.jpg');

describe('the headers of pages', { skip: noBrowser }, () => {
  const browser = useBrowser();
  let server: Awaited<ReturnType<typeof servePage>>;
  before(async () => {
    server = await servePage();
  });
  after(() => server.close());

  /** A window with all that its console says, and every violation of a policy. */
  async function open(t: TestContext, address: string): Promise<{ page: Page; said: string[] }> {
    const page = await browser().newPage();
    t.after(() => page.close());
    const said: string[] = [];
    page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`));
    await page.exposeFunction('tellViolation', (text: string) => said.push(text));
    await page.addInitScript(
      "addEventListener('securitypolicyviolation', (event) => tellViolation(event.violatedDirective + ' ' + event.blockedURI))",
    );
    await page.goto(address);
    return { page, said };
  }

  it('leave the page all that it does', async (t) => {
    const { page, said } = await open(t, server.url);
    await page.setInputFiles('main input[type=file]', cat);
    await page.waitForSelector('#outputs li');
    assert.deepEqual(said, []);
  });

  it('leave Swagger UI all that it does', async (t) => {
    const { page, said } = await open(t, `${server.url}/docs`);
    const block = page.locator('#operations-Predict-predict');
    await block.locator('.opblock-summary-control').click();
    await block.locator('input[type=file]').setInputFiles(cat);
    await block.locator('button.execute').click();
    await block.locator('.live-responses-table .response').first().waitFor();
    assert.deepEqual(said, []);
  });

  it('keep pages of others from framing them or using their files', async (t) => {
    const other = createServer((_request, response) =>
      response
        .setHeader('content-type', 'text/html')
        .end(
          `<!doctype html><link rel="icon" href="data:,"><iframe src="${server.url}/"></iframe>` +
            `<iframe src="${server.url}/docs"></iframe><img src="${server.url}/icon.svg">`,
        ),
    ).listen(0, '127.0.0.1');
    t.after(() => other.close());
    await once(other, 'listening');
    const { page, said } = await open(t, `http://localhost:${(other.address() as AddressInfo).port}`);
    await page.waitForLoadState('load');
    const frames = page.frames().filter((frame) => frame !== page.mainFrame());
    assert.equal(frames.length, 2);
    for (const frame of frames) assert.equal(frame.url(), 'chrome-error://chromewebdata/');
    assert.equal(await page.evaluate('document.images[0].naturalWidth'), 0);
    assert.ok(said.length > 0);
  });
});
