/// <reference lib="dom" />
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { noBrowser, useBrowser } from '../helpers/browser.js';
import { unpackFamily } from '../helpers/fixtures.js';
import { itemsOf, openPage, servePage } from '../helpers/page.js';

describe('the page for a model that is given nonsense', { skip: noBrowser }, () => {
  const browser = useBrowser();

  it('has a line on what was noticed, once it was', async (t) => {
    const { folder, cases } = unpackFamily('monitoring');
    t.after(() => rmSync(folder, { recursive: true }));
    const server = await servePage(cases.find(({ name }) => name === 'batch_normalization_measurements')!.model);
    t.after(() => server.close());
    const { page, faults } = await openPage(t, browser(), { url: server.url });
    const noticed = page.getByRole('region', { name: 'What looks like nonsense' });
    await page.getByRole('button', { name: 'Run the model' }).waitFor();
    assert.equal(await noticed.isVisible(), false);
    for (let request = 0; request < 4; request++) {
      const instances = Array.from({ length: 8 }, (_, row) => [293 + request, 101300 + row]);
      const body = JSON.stringify({ instances });
      const headers = { 'content-type': 'application/json' };
      const { status } = await fetch(`${server.url}/predict`, { method: 'POST', headers, body });
      assert.equal(status, 200);
    }
    await page.reload();
    await noticed.waitFor();
    const [line, ...more] = await itemsOf(page, 'What looks like nonsense');
    assert.match(
      line!,
      /^input_layer: In more than half of 32 different datapoints, numbers of column 1, column 2 lie/,
    );
    assert.deepEqual([more, faults], [[], []]);
  });
});
