/** Models whose owners wrote markup where the page shows names: it is text there. */
/// <reference lib="dom" />
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { add, constant, matmul, softmax } from '../../src/onnx/operators/index.js';
import { noBrowser, useBrowser } from '../helpers/browser.js';
import { folderOf, type KindModel } from '../helpers/kind-models.js';
import { openPage } from '../helpers/page.js';

const markup = '<img src=x onerror="window.taken = true"><script>window.taken = true</script>';

/** A model of two numbers whose card has markup in every text. */
const model: KindModel = {
  build(graph) {
    const x = graph.input('x', 'float32', [null, 2]);
    const weights = constant(graph, 'float32', [2, 2], [1, 0, 0, 1]);
    graph.output('y', softmax(add(matmul(x, weights), constant(graph, 'float32', [2], [0, 0])), 1));
  },
  card: {
    description: markup,
    inputs: { x: { columns: [{ name: markup }, { name: 'kind', categories: ['0', markup] }] } },
    outputs: { y: { kind: 'classes', labels: [markup, `${markup}${markup}`] } },
  },
};

describe('markup in a card', { skip: noBrowser }, () => {
  const browser = useBrowser();

  it('is shown on the page as it is written, and nothing in it is run', async (t) => {
    const { page, faults } = await openPage(t, browser(), { model: folderOf({ houses: model }) });
    await page.getByRole('heading', { level: 1, name: 'houses' }).waitFor();
    await page.getByLabel(markup).fill('1');
    await page.getByRole('button', { name: 'Run the model' }).click();
    const answer = page.getByRole('region', { name: 'What the model says' });
    await answer.getByText('onerror').first().waitFor();
    assert.ok((await answer.innerText()).includes(markup));
    assert.ok(await page.getByText(markup).first().isVisible());
    assert.equal(await page.locator('img[src="x"]').count(), 0);
    assert.equal(await page.evaluate(() => (window as unknown as { taken?: true }).taken), undefined);
    assert.deepEqual(faults, []);
  });
});
