/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { packageRoot } from '../../src/support/package.js';
import { photo } from '../helpers/app.js';
import { noBrowser, useBrowser } from '../helpers/browser.js';
import { unpackFamily } from '../helpers/fixtures.js';
import { largeModel } from '../helpers/onnx-models.js';
import { openPage } from '../helpers/page.js';

const example = (name: string) => join(packageRoot, 'examples', name);

describe('the page in a browser', { skip: noBrowser }, () => {
  const browser = useBrowser();

  const open = (t: TestContext, path: string, options: BrowserContextOptions = {}, model?: string) =>
    openPage(t, browser(), { path, model, ...options });

  const labels = (page: Page) => page.locator('.bars .label').allTextContents();

  it('shows the labels of a picture that is dropped on it', async (t) => {
    const { page, url, faults } = await open(t, '/');
    const transfer = await page.evaluateHandle((base64) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], "my cat's; photo.jpg", { type: 'image/jpeg' }));
      return transfer;
    }, photo('cat.jpg').toString('base64'));
    await page.waitForSelector('.drop');
    await page.dispatchEvent('body', 'dragover', { dataTransfer: transfer });
    await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });

    await page.waitForSelector('#outputs li');
    assert.deepEqual((await labels(page)).slice(0, 3), ['Egyptian cat', 'tiger cat', 'tabby']);
    assert.match((await page.textContent('#status'))!, /^Answered in \d+ ms\.$/);
    assert.equal(await page.textContent('#curl'), `curl -X POST -F 'image=@"my cat'\\''s; photo.jpg"' ${url}/predict`);
    assert.ok(await page.evaluate(() => (document.querySelector('.preview') as HTMLImageElement).naturalWidth > 0));
    const bars = await page
      .locator('#outputs li')
      .evaluateAll((rows) => rows.map((row) => Number.parseFloat(getComputedStyle(row, '::before').width)));
    assert.ok(bars[0]! > bars[1]! && bars[1]! > bars[4]!);
    assert.deepEqual(faults, []);
  });

  it('shows the labels of a picture that is chosen with the keyboard, on a phone', async (t) => {
    const { page, faults } = await open(t, '/', {
      viewport: { width: 360, height: 740 },
      hasTouch: true,
      colorScheme: 'dark',
    });
    // The browser is told that it needn't open a window for the file, which takes it a moment.
    const choosing = page.waitForEvent('filechooser');
    await page.waitForSelector('.drop');
    for (let presses = 0; presses < 5; presses++) {
      await page.keyboard.press('Tab');
      if (await page.evaluate(() => (document.activeElement as HTMLInputElement).type === 'file')) break;
    }
    await page.keyboard.press('Enter');
    const chooser = await choosing;
    await chooser.setFiles(example('coffee.jpg'));
    await page.waitForSelector('#outputs li');
    assert.equal((await labels(page))[0], 'espresso');
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is cut off');
    assert.deepEqual(faults, []);
  });

  it('shows the labels of a picture that is pasted', async (t) => {
    const { page, faults } = await open(t, '/');
    await page.waitForSelector('.drop');
    await page.evaluate((base64) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([bytes], 'image.png', { type: 'image/png' }));
      dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
    }, photo('cat.jpg').toString('base64'));
    await page.waitForSelector('#outputs li');
    assert.equal((await labels(page))[0], 'Egyptian cat');
    assert.deepEqual(faults, []);
  });

  it('says what is wrong with a file, and takes the next', async (t) => {
    const { page, faults } = await open(t, '/');
    await page.setInputFiles('input[type=file]', example('README.md'));
    await page.waitForSelector('#status.error');
    assert.match((await page.textContent('#status'))!, /JPEG, PNG/);
    await page.setInputFiles('input[type=file]', example('cat.jpg'));
    await page.waitForSelector('#outputs li');
    assert.deepEqual(faults, []);
  });

  it('classifies a picture with “Try it out” in Swagger UI', async (t) => {
    const { page, faults } = await open(t, '/docs');
    const operation = page.locator('#operations-Predict-predict');
    await operation.locator('.opblock-summary-control').click();
    await operation.locator('input[type=file]').setInputFiles(example('cat.jpg'));
    await operation.locator('button.execute').click();
    const response = operation.locator('.live-responses-table .response').first();
    await response.waitFor();
    assert.match((await response.locator('.response-col_status').textContent())!, /^200/);
    const reply = JSON.parse((await response.locator('.highlight-code code').first().textContent())!);
    assert.equal(reply.success, true);
    assert.equal(reply.predictions[0].label, 'Egyptian_cat');
    assert.deepEqual(faults, []);
  });

  /** A folder with models that take no pictures, and the one that does. */
  function numbers(t: TestContext, ...names: string[]): string {
    const { folder, cases } = unpackFamily('models');
    t.after(() => rmSync(folder, { recursive: true }));
    const served = join(folder, 'served');
    mkdirSync(served);
    for (const { name, model } of cases) if (names.includes(name)) copyFileSync(model, join(served, `${name}.keras`));
    return served;
  }

  it('takes JSON where the model takes no pictures, and says what is wrong with it', async (t) => {
    const { page, url, faults } = await open(t, '/', {}, numbers(t, 'sequential'));
    await page.waitForSelector('#body');
    assert.equal(await page.locator('.drop').count(), 0);
    assert.deepEqual(JSON.parse(await page.inputValue('#body')), { instances: [[0.5, 0.5, 0.5, 0.5, 0.5, 0.5]] });
    await page.getByText('an array of 6 numbers').waitFor();
    assert.match(
      (await page.textContent('#curl'))!,
      new RegExp(`'content-type: application/json' -d '.*' ${url}/predict$`),
    );

    await page.click('#run');
    await page.waitForSelector('.bars li');
    assert.deepEqual((await labels(page)).sort(), ['0', '1', '2']);
    assert.match((await page.textContent('#status'))!, /^Answered in \d+ ms\.$/);

    await page.fill('#body', '{"instances": [[1, 2, "a", 4, 5, 6]]}');
    await page.click('#run');
    await page.waitForSelector('#status.error');
    assert.match((await page.textContent('#status'))!, /^instances\[0\]\[2\] should be a number/);
    assert.equal(await page.locator('#outputs > *').count(), 0);
    assert.deepEqual(faults, []);
  });

  it('fills in a request where the inputs are too large for the documents to have one', async (t) => {
    const { page, faults } = await open(t, '/', {}, largeModel());
    await page.waitForSelector('#body');
    const { instances } = JSON.parse(await page.inputValue('#body'));
    assert.deepEqual([instances.length, instances[0].a.length, instances[0].b[0].length], [1, 100, 120]);
    assert.match((await page.textContent('#curl'))!, / -d @request\.json /);
    await page.click('#run');
    await page.waitForSelector('#outputs > *');
    assert.deepEqual(faults, []);
  });

  it('lets one of several models be chosen', async (t) => {
    const { page, url, faults } = await open(t, '/', {}, numbers(t, 'sequential', 'functional_dicts'));
    await page.waitForSelector('#choice:not([hidden])');
    await page.waitForFunction(() => document.querySelector<HTMLTextAreaElement>('#body')?.value.includes('"a"'));
    await page.selectOption('#model', 'sequential');
    await page.waitForFunction(() => !document.querySelector<HTMLTextAreaElement>('#body')!.value.includes('"a"'));
    assert.match((await page.textContent('#curl'))!, new RegExp(` ${url}/models/sequential/predict$`));
    await page.click('#run');
    await page.waitForSelector('.bars li');
    assert.deepEqual((await labels(page)).sort(), ['0', '1', '2']);
    assert.equal(page.url(), `${url}/#model=sequential`);
    const name = (model: string) => page.getByRole('heading', { level: 1, name: model, exact: true }).waitFor();
    await page.reload();
    await name('sequential');
    await page.goto(`${url}/#model=functional_dicts`);
    await name('functional_dicts');
    await page.goto(`${url}/#model=gone`);
    await page.reload();
    await name('functional_dicts');
    assert.deepEqual(faults, []);
  });

  it('lists what can’t be loaded and why, and tries another model than a default that is not there', async (t) => {
    const folder = numbers(t, 'sequential');
    writeFileSync(join(folder, 'broken.keras'), 'this is no <b>model</b>');
    const { page, url, faults } = await open(t, '/', {}, folder);
    await page.waitForSelector('#failed:not([hidden])');
    assert.match((await page.textContent('#failures li'))!, /^broken: This is no model file of a known kind/);
    await page.waitForSelector('#body');
    assert.match((await page.textContent('#curl'))!, new RegExp(` ${url}/models/sequential/predict$`));
    await page.click('#run');
    await page.waitForSelector('#outputs > *');
    assert.deepEqual(faults, []);
  });

  it('says of a version that can’t be loaded which one serves', async (t) => {
    const folder = numbers(t, 'sequential');
    const [name] = readdirSync(folder);
    for (const version of ['1', '2']) mkdirSync(join(folder, 'pets', version), { recursive: true });
    renameSync(join(folder, name!), join(folder, 'pets', '1', name!));
    writeFileSync(join(folder, 'pets', '2', 'model.keras'), 'this is no model');
    const { page } = await open(t, '/', {}, folder);
    await page.waitForSelector('#failed:not([hidden])');
    assert.match(
      (await page.textContent('#failures li'))!,
      /^pets, version 2; version 1 serves: This is no model file/,
    );
  });

  it('runs the example of a model with “Try it out” in Swagger UI', async (t) => {
    const { page, faults } = await open(t, '/docs', {}, numbers(t, 'functional_dicts'));
    const operation = page.locator('#operations-functional_dicts-predictFunctionalDicts');
    await operation.locator('.opblock-summary-control').click();
    await operation.locator('button.execute').click();
    const response = operation.locator('.live-responses-table .response').first();
    await response.waitFor();
    assert.match((await response.locator('.response-col_status').textContent())!, /^200/);
    const reply = JSON.parse((await response.locator('.highlight-code code').first().textContent())!);
    assert.equal(reply.success, true);
    assert.deepEqual(Object.keys(reply.predictions[0]), ['copy', 'sum']);
    assert.deepEqual(faults, []);
  });
});
