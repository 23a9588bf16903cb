/// <reference lib="dom" />
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { Locator } from 'playwright-core';
import { packageRoot } from '../../src/support/package.js';
import { noBrowser, useBrowser } from '../helpers/browser.js';
import { folderOf, kindModels } from '../helpers/kind-models.js';
import { openPage, servePage } from '../helpers/page.js';

const cat = join(packageRoot, 'examples', 'cat.jpg');
type Model = keyof typeof kindModels;

describe('“Try it out” in Swagger UI, of models of every kind', { skip: noBrowser }, () => {
  const browser = useBrowser();
  let server: Awaited<ReturnType<typeof servePage>>;
  before(async () => {
    server = await servePage(folderOf(kindModels));
  });
  after(() => server?.close());

  /** The operation of a model, open, with a body of some media type. */
  async function open(t: TestContext, model: Model, mediaType: string) {
    const { page, faults } = await openPage(t, browser(), { url: server.url, path: '/docs' });
    const name = model.charAt(0).toUpperCase() + model.slice(1);
    const operation = page.locator(`#operations-${model}-predict${name}`);
    await operation.locator('.opblock-summary-control').click();
    const types = operation.getByLabel('Request content type');
    if ((await types.inputValue()) !== mediaType) await types.selectOption(mediaType);
    return { operation, faults };
  }

  /** What the server answers to what is there. */
  async function execute(operation: Locator): Promise<{ status: string; text: string }> {
    await operation.locator('button.execute').click();
    const response = operation.locator('.live-responses-table .response').first();
    await response.waitFor();
    const status = (await response.locator('.response-col_status').textContent())!.slice(0, 3);
    return { status, text: (await response.locator('.highlight-code code').first().textContent())! };
  }

  const field = (operation: Locator, name: string) => operation.locator(`[data-property-name="${name}"]`);

  /** What is sent as it is there, and which outputs or labels come back. */
  const untouched: [model: Model, mediaType: string, answer: RegExp][] = [
    ['houses', 'application/json', /"value": -?[\d.]+,\s+"unit": "thousand dollars"/],
    ['houses', 'multipart/form-data', /"predictions": \{\s+"value": 1.5,/],
    ['houses', 'text/csv', /"predictions": \[\s+\{\s+"value": 1.5,/],
    ['films', 'application/json', /"comedy".*"minutes": \{.*"stars": \[.*"rest": \[/s],
    ['contracts', 'multipart/form-data', /"predictions": \{\s+"value": 9.5\s/],
    ['matrix', 'application/json', /"predictions": \[/],
    ['reviews', 'text/plain', /"predictions": /],
    ['reviews', 'text/csv', /"predictions": \[/],
  ];
  for (const [model, mediaType, answer] of untouched)
    it(`${model} answers the example in ${mediaType}`, async (t) => {
      const { operation, faults } = await open(t, model, mediaType);
      const { status, text } = await execute(operation);
      assert.equal(status, '200', text);
      assert.match(text, answer);
      assert.deepEqual(faults, []);
    });

  it('clinic takes a picture beside numbers that are written into fields', async (t) => {
    const { operation, faults } = await open(t, 'clinic', 'multipart/form-data');
    await field(operation, 'photo').locator('input[type=file]').setInputFiles(cat);
    await field(operation, 'age').locator('input').fill('90');
    const { status, text } = await execute(operation);
    assert.equal(status, '200', text);
    assert.equal(JSON.parse(text).predictions[0].label, 'ill');
    assert.deepEqual(faults, []);
  });

  it('contracts has choices for a category', async (t) => {
    const { operation, faults } = await open(t, 'contracts', 'multipart/form-data');
    await field(operation, 'vehicle').locator('select').selectOption('van');
    const { status, text } = await execute(operation);
    assert.equal(status, '200', text);
    assert.equal(JSON.parse(text).predictions.value, 10.5);
    assert.deepEqual(faults, []);
  });

  it('colours takes a picture as a form and as it is, for masks and an image', async (t) => {
    for (const mediaType of ['multipart/form-data', 'image/*']) {
      const { operation, faults } = await open(t, 'colours', mediaType);
      await operation.locator('input[type=file]').setInputFiles(cat);
      const { status, text } = await execute(operation);
      assert.equal(status, '200', text);
      assert.deepEqual(Object.keys(JSON.parse(text).predictions), ['most', 'bright', 'negative']);
      assert.deepEqual(faults, []);
    }
  });

  it('has the example in JSON of models that take a form first', async (t) => {
    for (const model of ['clinic', 'colours'] as const) {
      const { operation, faults } = await open(t, model, 'application/json');
      const { status, text } = await execute(operation);
      assert.equal(status, '200', text);
      assert.deepEqual(faults, []);
    }
  });

  it('colours shows the mask that is picked, as a picture', async (t) => {
    const { operation, faults } = await open(t, 'colours', 'multipart/form-data');
    await operation.locator('input[type=file]').setInputFiles(cat);
    await operation.locator('[data-param-name="output"] select').selectOption('most');
    await operation.locator('.response[data-code="200"] select.content-type').selectOption('image/png');
    await operation.locator('button.execute').click();
    const image = operation.locator('.live-responses-table img');
    await image.waitFor();
    assert.equal(await image.evaluate((one) => (one as HTMLImageElement).naturalWidth), 16);
    assert.deepEqual(faults, []);
  });
});
