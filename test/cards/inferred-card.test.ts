import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ModelCard } from '../../schemas/card.js';
import { parseCard } from '../../src/cards/card.js';
import { spellOut } from '../../src/cards/inferred-card.js';
import { loadServedModel } from '../../src/catalog/served-model.js';
import type { DescribedModel } from '../../src/inference/compile-messages.js';
import { CardError } from '../../src/support/card-error.js';
import {
  compiled,
  fixture,
  folder,
  image,
  infer,
  labelsOf,
  lineOf,
  linesOf,
  model,
  settingsOf,
  write,
} from '../helpers/inferred-cards.js';

describe('what a card says', () => {
  it('wins over what would be inferred, and needs no word in the log', async () => {
    write('labels.txt', 'cat\ndog\n');
    const given: ModelCard = { labels: ['a', 'b'], image: { scaling: 'caffe', resize: 'crop' } };
    const inferred = await infer(await compiled('rescaling'), { ...given, labels: ['a', 'b', 'c'] });
    assert.deepEqual(labelsOf(inferred), ['a', 'b', 'c']);
    const { scaling, resize } = settingsOf(inferred);
    assert.deepEqual({ scaling, resize }, given.image);
    const said = linesOf(inferred).filter((line) => /labels|image\.(scaling|resize)/.test(line));
    assert.deepEqual(said, []);
  });

  it('is completed with what it leaves out', async () => {
    write('labels.txt', '0 Cat\n1 Dog\n2 Mug\n');
    const inferred = await infer(await compiled('teachable_machine'), {
      name: 'pets',
      image: { resize: 'stretch' },
    });
    assert.deepEqual(labelsOf(inferred), ['Cat', 'Dog', 'Mug']);
    const { resize, interpolation, scaling } = settingsOf(inferred);
    assert.deepEqual(
      { resize, interpolation, scaling },
      { resize: 'stretch', interpolation: 'lanczos', scaling: 'tf' },
    );
    assert.match(lineOf(inferred, 'image.scaling'), /; set image\.scaling in serve\.json to change it$/);
  });

  it('is refused where it has a fraction of a crop and no crop', async () => {
    const given = { image: { crop_fraction: 0.5 } };
    await assert.rejects(infer(image(2), given), /image\.crop_fraction needs image\.resize to be "crop"/);
  });

  it('is refused where it has another number of labels', async () => {
    await assert.rejects(infer(image(2), { labels: ['cat'] }), (error) => {
      assert.ok(error instanceof CardError);
      assert.equal(error.message, 'serve.json: labels has 1 label where the model has 2 classes.');
      return true;
    });
    assert.deepEqual(labelsOf(await infer(image(1), { labels: ['cat', 'dog'] })), ['cat', 'dog']);
  });
});

describe('a card that is spelled out', () => {
  const spelledOut = async (model: DescribedModel, given?: ModelCard) => {
    const card = spellOut(await infer(model, given), join(folder, 'My café (1).keras'));
    assert.deepEqual(parseCard(JSON.stringify(card)), card);
    return card;
  };

  it('has every key', async () => {
    assert.deepEqual(await spelledOut(await compiled('teachable_machine')), {
      name: 'My-café-1',
      description: '',
      labels: ['0', '1', '2'],
      image: { size: [32, 32], resize: 'crop', crop_fraction: 1, interpolation: 'lanczos', scaling: 'tf' },
    });
  });

  it('has labels, and the names of inputs that are numbers, for a model that takes no images', async () => {
    const numbers = model([null, 4], 2, { hints: { outputs: [{ activation: 'softmax' }] } });
    assert.deepEqual(await spelledOut(numbers), {
      name: 'My-café-1',
      description: '',
      labels: ['0', '1'],
      inputs: { x: { kind: 'tensor' } },
    });
    const regression = model([null, 4], 1, { hints: { outputs: [{ activation: 'linear' }] } });
    assert.deepEqual(await spelledOut(regression), {
      name: 'My-café-1',
      description: '',
      inputs: { x: { kind: 'tensor' } },
    });
  });

  it('changes nothing', async () => {
    const given = await spelledOut(await compiled('cut_ResNet50'));
    assert.deepEqual(await spelledOut(await compiled('cut_ResNet50'), given), given);
  });
});

describe('what the log says of a model', () => {
  const ids = (feeds: string[]) => model([null, 5], 1, { hints: { inputs: [{ feeds }] } });

  it('names keys where a card has them', async () => {
    const lines = linesOf(await infer(ids(['Embedding'])));
    assert.match(
      lines.find((line) => line.includes('padding'))!,
      /^info inputs\.x\.padding: "pre", .*keras-serve card/,
    );
    const card: ModelCard = { inputs: { x: { kind: 'sequence', padding: 'pre' } } } as ModelCard;
    assert.ok(!linesOf(await infer(ids(['Embedding']), card)).some((line) => line.includes('padding')));
  });

  it('is that what seems to be the tokenizer of its ids is none', async () => {
    write('tokenizer.json', '{}');
    const [line] = linesOf(await infer(ids(['Embedding']))).filter((one) => one.includes('tokenizer'));
    assert.equal(line, 'warn tokenizer.json holds no words with ids, which fits nothing of the model: it is not used');
  });
});

describe('a model without a card', () => {
  it('is served with what was inferred', async () => {
    const { model: path } = fixture('teachable_machine');
    copyFileSync(path, join(folder, 'keras_model.h5'));
    write('labels.txt', '0 Cat\n1 Dog\n2 Mug\n');
    const cacheFolder = join(folder, 'cache');
    // The second time, what the model gives away comes out of the cache.
    for (const time of ['compiled', 'cached']) {
      const served = await loadServedModel(folder, { processes: 1, cacheFolder });
      try {
        assert.deepEqual(
          served.notes.map(({ level, message }) => `${level} ${message.split(':')[0]}`).sort(),
          [
            'info image.interpolation',
            'info image.resize',
            'info image.scaling',
            `info inputs.${served.inputs[0]!.name}.kind`,
            'info labels',
            `info outputs.${served.outputs[0]!.name}.kind`,
          ].sort(),
          time,
        );
        assert.equal(served.image?.resize, 'crop');
        const pixels = Uint8Array.from({ length: 32 * 32 * 3 }, (_, index) => (index * 89) % 256);
        const { predictions } = await served.classify(pixels, { topK: 3 });
        const data = Float32Array.from(pixels, (value) => value / 127.5 - 1);
        const { outputs } = await served.predict({
          [served.inputs[0]!.name]: { type: 'float32', shape: [1, 32, 32, 3], data },
        });
        const scores = outputs[served.outputs[0]!.name]!.data;
        for (const [index, name] of ['Cat', 'Dog', 'Mug'].entries()) {
          const { probability } = predictions.find(({ label }) => label === name)!;
          assert.ok(Math.abs(probability - Number(scores[index])) < 1e-5);
        }
      } finally {
        await served.close();
      }
    }
  });
});
