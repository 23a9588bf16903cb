/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { encodePng } from '../../src/images/png.js';
import { packageRoot } from '../../src/support/package.js';
import { noBrowser, useBrowser } from '../helpers/browser.js';
import { unpackFamily } from '../helpers/fixtures.js';
import { folderOf, kindModels } from '../helpers/kind-models.js';
import { itemsOf, openPage, servePage } from '../helpers/page.js';

const cat = join(packageRoot, 'examples', 'cat.jpg');

/** A picture of 16 × 16 pixels, red on the left and blue on the right. */
function halfRed(): Buffer {
  const data = Uint8Array.from({ length: 16 * 16 * 3 }, (_, at) => {
    const isLeft = Math.floor(at / 3) % 16 < 8;
    return at % 3 === (isLeft ? 0 : 2) ? 255 : 0;
  });
  return encodePng({ width: 16, height: 16, channels: 3, data }, 'none');
}

describe('the page for a model of any kind', { skip: noBrowser }, () => {
  const browser = useBrowser();
  let server: Awaited<ReturnType<typeof servePage>>;
  before(async () => {
    const root = folderOf(kindModels);
    const { folder, cases } = unpackFamily('strings');
    copyFileSync(cases.find(({ name }) => name === 'feature_space_concat')!.model, join(root, 'people.keras'));
    rmSync(folder, { recursive: true });
    server = await servePage(root);
  });
  after(() => server?.close());

  /** The page with a model chosen. */
  async function open(t: TestContext, model: keyof typeof kindModels | 'people', options: BrowserContextOptions = {}) {
    const opened = await openPage(t, browser(), { url: server.url, ...options });
    await opened.page.getByRole('heading', { level: 1 }).filter({ hasNotText: 'keras-serve' }).waitFor();
    await opened.page.getByLabel('Model', { exact: true }).selectOption(model);
    await opened.page.getByRole('heading', { level: 1, name: model, exact: true }).waitFor();
    return opened;
  }

  const run = async (page: Page) => {
    await page.getByRole('button', { name: 'Run the model' }).click();
    await page.getByText(/^Answered in \d+ ms\.$/).waitFor();
  };
  const answer = (page: Page) => page.getByRole('region', { name: 'What the model says' });

  it('has a field for each column, and shows a number with its unit', async (t) => {
    const { page, faults } = await open(t, 'houses');
    assert.ok(await page.getByText('What a house sells for, by its size.').isVisible());
    await page.getByLabel('area').fill('120');
    await page.getByLabel('rooms').fill('4');
    await run(page);
    assert.match(await answer(page).innerText(), /price\s+460 thousand dollars$/);
    assert.deepEqual(faults, []);
  });

  it('marks the field that the server refuses, and says why', async (t) => {
    const { page, faults } = await open(t, 'houses');
    await page.getByLabel('area').fill('');
    await page.getByRole('button', { name: 'Run the model' }).click();
    await answer(page).getByText('area is missing').waitFor();
    assert.equal(await page.getByLabel('area').getAttribute('aria-invalid'), 'true');
    assert.ok(await page.getByLabel('area').evaluate((field) => field === document.activeElement));
    await page.getByLabel('area').fill('100');
    await run(page);
    assert.equal(await page.getByLabel('area').getAttribute('aria-invalid'), null);
    assert.deepEqual(faults, []);
  });

  it('has choices for categories, says what counts for what is left out, and takes sequences', async (t) => {
    const { page, faults } = await open(t, 'contracts');
    assert.deepEqual(await page.getByLabel('vehicle').getByRole('option').allInnerTexts(), ['car', 'van']);
    await page.getByLabel('vehicle').selectOption('van');
    await page.getByLabel('driver age').fill('');
    assert.ok(await page.getByText('Left out, it counts as 40.').isVisible());
    await page.getByLabel('months').fill('1, 2 4');
    await run(page);
    assert.match(await answer(page).innerText(), /\s16$/);
    await page.getByLabel('months').fill('[1, 2, "x"]');
    await page.getByRole('button', { name: 'Run the model' }).click();
    await answer(page).getByText('should be').waitFor();

    await page
      .getByLabel('Paste rows from a spreadsheet')
      .fill('vehicle\tdriver age\tmonths\ncar\t\t1 2 3\nvan\t20\t[0, 0, 0]');
    await page.getByRole('button', { name: 'Run all rows' }).click();
    await page.getByText(/^2 rows answered/).waitFor();
    const rows = page.getByRole('region', { name: 'Many at once' }).getByRole('row');
    assert.deepEqual((await rows.allInnerTexts()).slice(1), ['car\t\t1 2 3\t14', 'van\t20\t[0, 0, 0]\t5']);
    assert.deepEqual(faults, []);
  });

  it('takes a text, and a text for each row', async (t) => {
    const { page, faults } = await open(t, 'reviews');
    const field = page.getByLabel('words');
    assert.equal(await field.inputValue(), 'good bad film plot');
    await field.fill('A good film. Good plot!');
    await run(page);
    assert.match(await answer(page).innerText(), /positive\s+positive\s+98\.2%\s+negative\s+1\.8%/);
    await page.getByLabel('Paste rows from a spreadsheet').fill('good, good\nbad, bad');
    await page.getByRole('button', { name: 'Run all rows' }).click();
    await page.getByText(/^2 rows answered/).waitFor();
    const rows = page.getByRole('region', { name: 'Many at once' }).getByRole('row');
    assert.match((await rows.allInnerTexts()).slice(1).join('\n'), /^good, good\tpositive.*\nbad, bad\tnegative/);
    assert.deepEqual(faults, []);
  });

  it('has choices and others for columns of texts', async (t) => {
    const { page, faults } = await open(t, 'people');
    const job = page.getByLabel('job', { exact: true });
    const list = await job.getAttribute('list');
    const known = page.locator(`#${list} option`);
    assert.ok((await known.count()) > 1);
    await page.getByLabel('age').fill('40');
    await page.getByLabel('rooms').fill('2');
    await job.fill('never heard of');
    await run(page);
    const numbers = async () => /\[(-?\d+\.\d+), (-?\d+\.\d+)\]/.exec(await answer(page).innerText())![0];
    const ofOthers = await numbers();
    await job.fill(await known.first().evaluate((option) => (option as HTMLOptionElement).value));
    await run(page);
    assert.notEqual(await numbers(), ofOthers);
    assert.deepEqual(faults, []);
  });

  it('shows numbers that are no probabilities as they are', async (t) => {
    const { page, faults } = await open(t, 'ratings');
    await page.getByLabel('wit', { exact: true }).fill('7');
    await page.getByLabel('length', { exact: true }).fill('-3');
    await run(page);
    assert.match(await answer(page).innerText(), /funny\s+7\s+long\s+-3$/);
    assert.deepEqual(faults, []);
  });

  it('takes a picture beside numbers, and shows which of two it is', async (t) => {
    const { page, faults } = await open(t, 'clinic');
    await page.getByRole('button', { name: 'Run the model' }).click();
    await answer(page).getByText('Choose a picture for photo first.').waitFor();
    await page.getByLabel('photo').setInputFiles(cat);
    await page.getByLabel('age').fill('90');
    await run(page);
    assert.match(await answer(page).innerText(), /ill\s+ill\s+9\d\.\d%\s+healthy\s+\d\.\d%\s+“ill” from 30\.0% on\.$/);
    await page.getByLabel('age').fill('20');
    await run(page);
    assert.match(await answer(page).innerText(), /healthy\s+healthy\s+9\d\.\d%/);
    assert.deepEqual(faults, []);
  });

  it('shows each of several outputs under its name: labels that hold, numbers, classes, tensors', async (t) => {
    const { page, faults } = await open(t, 'films');
    for (const [column, value] of Object.entries({ laughs: '2', tears: '-1', shots: '0.5' }))
      await page.getByLabel(column).fill(value);
    await run(page);
    const said = answer(page);
    assert.deepEqual(await said.getByRole('heading', { level: 3 }).allInnerTexts(), [
      'genres',
      'minutes',
      'stars',
      'rest',
    ]);
    assert.deepEqual(await itemsOf(page, 'What the model says'), [
      'comedy holds\n88.1%',
      'action film holds\n62.2%',
      'drama\n26.9%',
      'one\n78.6%',
      'three\n17.5%',
      'two\n3.9%',
    ]);
    assert.ok(await said.getByText('comedy, action film', { exact: true }).isVisible());
    assert.deepEqual(await said.getByRole('row').allInnerTexts(), [
      'Name\tminutes\t',
      'Monday\t20\t',
      'Tuesday\t-10\t',
      'Wednesday\t5\t',
    ]);
    assert.equal(await said.getByLabel('The numbers that the model gives').innerText(), '[3, 0, 1.5]');
    assert.deepEqual(faults, []);
  });

  it('lays masks over the picture, with the names of their areas and a slider, and shows images', async (t) => {
    const { page, faults } = await open(t, 'colours');
    await page.getByLabel('Picture').setInputFiles({ name: 'half.png', mimeType: 'image/png', buffer: halfRed() });
    await page.getByText(/^Answered in/).waitFor();
    assert.deepEqual(await itemsOf(page, 'What the model says'), ['red\n50.0%', 'blue\n50.0%', 'background\n100.0%']);
    const mask = page.getByRole('img', { name: 'The areas that the model finds: red, blue' });
    const pixel = (x: number) =>
      mask.evaluate(
        (canvas, x) => [...(canvas as HTMLCanvasElement).getContext('2d')!.getImageData(x, 8, 1, 1).data],
        x,
      );
    await page.waitForFunction(() => {
      const canvas = document.querySelector('canvas')!;
      return canvas.getContext('2d')!.getImageData(2, 8, 1, 1).data[3] === 255;
    });
    const [left, right] = [await pixel(2), await pixel(13)];
    assert.notDeepEqual(left, right);
    await page.getByRole('checkbox', { name: 'red' }).click();
    assert.deepEqual(await pixel(2), [0, 0, 0, 0]);
    assert.deepEqual(await pixel(13), right);

    const most = answer(page)
      .locator('.output')
      .filter({ has: page.getByRole('heading', { name: 'most' }) });
    await most.getByLabel('Mask', { exact: true }).fill('25');
    assert.equal(await mask.evaluate((canvas) => getComputedStyle(canvas).opacity), '0.25');
    const over = await mask.boundingBox();
    assert.deepEqual(await most.getByAltText('Your picture').boundingBox(), over, 'the mask lies on the picture');

    const negative = page.getByAltText('The model’s picture, 16 × 16');
    assert.ok(await negative.evaluate((image) => (image as HTMLImageElement).naturalWidth === 16));
    const download = page.waitForEvent('download');
    await most.getByRole('button', { name: 'Download PNG' }).click();
    assert.equal((await download).suggestedFilename(), 'most.png');
    assert.deepEqual(faults, []);
  });

  it('runs rows that are pasted from a spreadsheet, beside their answers, and gives them as CSV', async (t) => {
    const { page, faults } = await open(t, 'houses');
    const pasted = page.getByLabel('Paste rows from a spreadsheet');
    await pasted.fill('id\trooms\tarea\n"a, b"\t4\t120\nc\t2\t60.5\n');
    const rows = page.getByRole('region', { name: 'Many at once' }).getByRole('row');
    await page.getByText('2 rows. Passed over, since the model has no such column: id.').waitFor();
    await page.getByRole('button', { name: 'Run all rows' }).click();
    await page.getByText(/^2 rows answered in \d+ ms\.$/).waitFor();
    assert.deepEqual(await rows.allInnerTexts(), ['id\trooms\tarea\tprice', 'a, b\t4\t120\t460', 'c\t2\t60.5\t181.5']);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download as CSV' }).click();
    const file = readFileSync(await (await download).path(), 'utf8');
    assert.equal(file, '\ufeffid,rooms,area,price\r\n"a, b",4,120,460\r\nc,2,60.5,181.5\r\n');

    await pasted.fill('area,rooms\n10,much');
    await page.getByRole('button', { name: 'Run all rows' }).click();
    await page.getByText(/^instances\[0\]\.rooms should be a number/).waitFor();
    await pasted.fill('area\n10');
    await page.getByText('1 row. Not there: rooms.').waitFor();
    const transfer = await page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(['area,rooms\r\n1,2\r\n3,4\r\n5,6'], 'houses.csv'));
      return transfer;
    });
    await pasted.dispatchEvent('drop', { dataTransfer: transfer });
    await page.getByText('3 rows.').waitFor();
    // Without names the columns are in the model's order.
    await pasted.fill('100;2');
    await page.getByRole('button', { name: 'Run all rows' }).click();
    await page.getByRole('cell', { name: '300' }).waitFor();
    assert.deepEqual(faults, []);
  });

  it('brings back a try with its picture, its values and its answer, of another model too', async (t) => {
    const { page, faults } = await open(t, 'clinic');
    await page.getByLabel('photo').setInputFiles(cat);
    await page.getByLabel('age').fill('90');
    await run(page);
    await page.getByLabel('Model', { exact: true }).selectOption('houses');
    await page.getByLabel('area').fill('10');
    await run(page);
    assert.deepEqual(
      (await itemsOf(page, 'The last tries')).map((text) => text.split('\n')[0]),
      ['30 thousand dollars', 'ill 97.2%'],
    );
    await page.getByRole('button', { name: /^ill/ }).click();
    await page.getByText('Brought back, of clinic.').waitFor();
    assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), 'clinic');
    assert.equal(await page.getByLabel('age').inputValue(), '90');
    assert.ok(await page.getByAltText('Your picture: cat.jpg').isVisible());
    assert.match(await answer(page).innerText(), /ill\s+ill\s+9\d\.\d%/);
    await run(page);
    assert.deepEqual(faults, []);
  });

  it('marks every guess, and has the card that says them', async (t) => {
    const { page, faults } = await open(t, 'clinic');
    const assumed = page.getByRole('region', { name: 'What is assumed of the model' });
    const items = await itemsOf(page, 'What is assumed of the model');
    const guesses = items.filter((text) => text.startsWith('guess'));
    assert.ok(
      guesses.some((text) => /resize of photo is stretch, for /.test(text)),
      items.join('\n'),
    );
    assert.deepEqual(items.slice(0, guesses.length), guesses, 'guesses come first');
    const card = JSON.parse(await assumed.getByLabel('A serve.json with the guesses').innerText());
    assert.equal(card.inputs.photo.resize, 'stretch');
    assert.deepEqual(card.outputs, { ill: { logits: false } });
    assert.equal(Object.keys(card.inputs.photo).length + 1, guesses.length);
    assert.deepEqual(faults, []);
  });

  it('works by keyboard alone, on a phone in the dark, without anything cut off', async (t) => {
    const { page, faults } = await open(t, 'films', {
      viewport: { width: 360, height: 740 },
      colorScheme: 'dark',
      reducedMotion: 'reduce',
    });
    await page.getByLabel('Model', { exact: true }).focus();
    const reached: string[] = [];
    for (let presses = 0; presses < 6; presses++) {
      await page.keyboard.press('Tab');
      reached.push(
        await page.evaluate(
          () =>
            (document.activeElement as HTMLInputElement).labels?.[0]?.textContent ??
            document.activeElement!.textContent!,
        ),
      );
    }
    assert.deepEqual(reached, ['API', 'OpenAPI', 'laughs', 'tears', 'shots', 'Run the model']);
    await page.keyboard.press('Enter');
    await page.getByText(/^Answered in/).waitFor();
    assert.ok(await answer(page).getByText('comedy, drama, action film').isVisible());
    await page.getByRole('tab', { name: 'curl' }).focus();
    await page.keyboard.press('ArrowRight');
    assert.ok(await page.getByRole('tabpanel', { name: 'Python' }).isVisible());
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is cut off');
    const contrast = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.equal(contrast, 'rgb(20, 19, 18)');
    assert.deepEqual(faults, []);
  });
});
