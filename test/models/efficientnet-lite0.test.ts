/** The bundled model gives the answers that Keras itself gave for the sample photos. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadServedModel, type ServedModel } from '../../src/catalog/served-model.js';
import { ImageDecoder } from '../../src/images/decoder.js';
import { packageRoot } from '../../src/support/package.js';

const folder = join(packageRoot, 'models', 'efficientnet-lite0');
const expected: {
  sha256: string;
  top: Record<string, { id: string; label: string; probability: number }[]>;
  probabilities: Record<string, number[]>;
} = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'));

describe('the bundled model', () => {
  let model: ServedModel;
  const decoder = new ImageDecoder();
  const classify = async (photo: string, topK: number) => {
    const { data } = await decoder.decode(readFileSync(join(packageRoot, 'examples', photo)), model.image!);
    return (await model.classify(data, { topK })).predictions;
  };
  before(async () => {
    model = await loadServedModel(folder, { cacheFolder: null });
  });
  after(() => model?.close());

  it('is the file that its record is about', () => {
    const hash = createHash('sha256')
      .update(readFileSync(join(folder, 'model.keras')))
      .digest('hex');
    assert.equal(hash, expected.sha256);
  });

  for (const [photo, top] of Object.entries(expected.top)) {
    it(`sees in ${photo} what Keras sees, in the same order`, async () => {
      const predictions = await classify(photo, top.length);
      assert.deepEqual(
        predictions.map(({ wordnetId, label }) => [wordnetId, label]),
        top.map(({ id, label }) => [id, label]),
      );
      top.forEach(({ probability }, index) => {
        assert.ok(
          Math.abs(predictions[index]!.probability - probability) < 0.01,
          `${predictions[index]!.probability} for ${probability}`,
        );
      });
    });
  }

  it('gives all 1000 probabilities', async () => {
    const [[photo, probabilities]] = Object.entries(expected.probabilities) as [[string, number[]]];
    const predictions = await classify(photo, 1000);
    assert.equal(predictions.length, 1000);
    const byId = new Map(predictions.map(({ wordnetId, probability }) => [wordnetId, probability]));
    model.card.labels!.forEach((label, index) => {
      assert.ok(Math.abs(byId.get(label[0])! - probabilities[index]!) < 0.02);
    });
  });
});
