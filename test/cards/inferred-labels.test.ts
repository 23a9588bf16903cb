import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ModelCard } from '../../schemas/card.js';
import { inferCard } from '../../src/cards/inferred-card.js';
import type { DescribedModel } from '../../src/inference/compile-messages.js';
import { compiled, folder, image, infer, labelsOf, lineOf, linesOf, model, write } from '../helpers/inferred-cards.js';

describe('the labels', () => {
  it('are those of a file, and the log says of which', async () => {
    write('class_indices.json', '{"dog": 1, "cat": 0}');
    const inferred = await infer(image(2));
    assert.deepEqual(labelsOf(inferred), ['cat', 'dog']);
    assert.match(
      lineOf(inferred, 'labels'),
      /^info labels: the 2 of class_indices\.json, for it lies beside the model;/,
    );
  });

  it('are numbers where there is no file', async () => {
    const inferred = await infer(image(2));
    assert.deepEqual(labelsOf(inferred), []);
    assert.match(
      lineOf(inferred, 'labels'),
      /^info labels: the numbers of the classes, for no labels\.txt, .*class_indices\.json fits them \(a guess\); to change it, write serve\.json: keras-serve card /,
    );
  });

  it('come from source code beside the model where no file has them, as a guess', async () => {
    write('app.py', "class_names = ['cat', 'dog']\n");
    const guessed = await infer(image(2));
    assert.deepEqual(labelsOf(guessed), ['cat', 'dog']);
    const [line] = linesOf(guessed).filter((line) => line.includes('labels: '));
    assert.match(
      line!,
      /^info labels: the 2 of class_names in app\.py, for as many texts stand there as there are classes \(a guess\)/,
    );
    write('labels.txt', 'Cat\nDog\n');
    assert.deepEqual(labelsOf(await infer(image(2))), ['Cat', 'Dog']);
  });

  it('are a guess where another file beside the model has them in another order', async () => {
    write('labels.txt', 'cat\ndog\n');
    write('class_indices.json', '{"dog": 0, "cat": 1}');
    const guessed = await infer(image(2));
    assert.deepEqual(labelsOf(guessed), ['cat', 'dog']);
    const lines = linesOf(guessed);
    assert.ok(lines.includes('warn class_indices.json has other labels than labels.txt, which is used'));
    assert.match(
      lineOf(guessed, 'labels'),
      /for it lies beside the model, where class_indices\.json says otherwise \(a guess\)/,
    );
    write('class_indices.json', '{"cat": 0, "dog": 1}');
    assert.doesNotMatch(lineOf(await infer(image(2)), 'labels'), /guess/);
  });

  it('are none where the card says so, and nothing is guessed', async () => {
    write('labels.txt', 'cat\ndog\n');
    for (const card of [{ labels: null }, { outputs: { y: { labels: null } } }] as ModelCard[]) {
      const inferred = await infer(image(2), card);
      assert.deepEqual(labelsOf(inferred), []);
      assert.ok(!linesOf(inferred).some((line) => line.includes('labels')));
    }
  });

  it('of one line are none for the one number of a sigmoid', async () => {
    write('labels.txt', 'ill\n');
    write('class_names.txt', 'healthy\nill\n');
    const sigmoid = model([null, 4], 1, { hints: { outputs: [{ activation: 'sigmoid' }] } });
    const inferred = await infer(sigmoid);
    assert.deepEqual(labelsOf(inferred), ['healthy', 'ill']);
    assert.ok(linesOf(inferred).some((line) => line.startsWith('warn labels.txt has 1 label')));
  });

  it('in source code don’t make classes of a model that may give something else', async () => {
    write('app.py', "class_names = ['cat', 'dog']\n");
    const numbers = model([null, 4], 2);
    assert.equal(Object.values((await infer(numbers)).kinds.outputs)[0]!.kind, 'tensor');
    write('labels.txt', 'Cat\nDog\n');
    assert.equal(Object.values((await infer(numbers)).kinds.outputs)[0]!.kind, 'classes');
  });

  it('are not those of a file with another number of them, of which the log warns', async () => {
    write('labels.txt', 'cat\ndog\nmug\n');
    const inferred = await infer(image(2));
    assert.deepEqual(labelsOf(inferred), []);
    assert.equal(linesOf(inferred)[0], 'warn labels.txt has 3 labels where the model has 2 classes: it is not used');
    write('class_names.txt', 'cat\ndog\n');
    assert.deepEqual(labelsOf(await infer(image(2))), ['cat', 'dog']);
  });

  it('are not those of a damaged file, of which the log warns', async () => {
    write('labels.txt', 'cat\0dog\n');
    const [line] = linesOf(await infer(image(2)));
    assert.equal(line, 'warn labels.txt is no text in UTF-8 or UTF-16: it is not used');
  });

  it('are two where the one number of a sigmoid tells two classes apart', async () => {
    const sigmoid = await compiled('sigmoid');
    assert.deepEqual(labelsOf(await infer(sigmoid)), ['0', '1']);
    write('class_indices.json', '{"cats": 0, "dogs": 1}');
    assert.deepEqual(labelsOf(await infer(sigmoid)), ['cats', 'dogs']);
  });

  it('are looked for in the folder of several versions too, after that of the version', async () => {
    write('labels.txt', 'cat\ndog\n');
    const version = join(folder, '2');
    mkdirSync(version);
    const sources = { file: join(version, 'model.keras'), folder };
    assert.deepEqual(labelsOf(await inferCard(image(2), sources)), ['cat', 'dog']);
    write('2/labels.txt', 'Katze\nHund\n');
    assert.deepEqual(labelsOf(await inferCard(image(2), sources)), ['Katze', 'Hund']);
  });

  it('are looked for in the folder that is the model', async () => {
    write('labels.txt', 'cat\ndog\n');
    assert.deepEqual(labelsOf(await inferCard(image(2), { file: folder })), ['cat', 'dog']);
  });

  it('of a model that takes no images are those of a file, or none', async () => {
    const numbers = model([null, 4], 3, { hints: { outputs: [{ activation: 'softmax' }] } });
    assert.deepEqual(labelsOf(await infer(numbers)), []);
    write('labels.txt', 'setosa\nversicolor\nvirginica\n');
    assert.deepEqual(labelsOf(await infer(numbers)), ['setosa', 'versicolor', 'virginica']);
  });

  it('of a model with several outputs are none', async () => {
    write('labels.txt', 'cat\ndog\n');
    const { signature } = image(2);
    const outputs = [...signature.outputs, { ...signature.outputs[0]!, name: 'z' }];
    assert.deepEqual(labelsOf(await infer({ signature: { ...signature, outputs }, hints: null })), []);
  });
});

describe('the areas of a mask', () => {
  const masks: DescribedModel = {
    signature: {
      inputs: [{ name: 'x', type: 'float32', shape: [null, 8, 6, 3] }],
      outputs: [{ name: 'y', type: 'float32', shape: [null, 8, 6, 4] }],
    },
    hints: { outputs: [{ activation: 'softmax' }] },
  };
  const cases: [lines: string[], labels: string[]][] = [
    [
      ['sky', 'tree', 'road', 'house'],
      ['sky', 'tree', 'road', 'house'],
    ],
    [
      ['tree', 'road', 'house'],
      ['background', 'tree', 'road', 'house'],
    ],
    [
      ['a', 'b', 'c', 'd', 'e'],
      ['0', '1', '2', '3'],
    ],
  ];
  for (const [lines, labels] of cases)
    it(`are called as in a file of ${lines.length} labels, where four or three fit`, async () => {
      write('labels.txt', lines.join('\n'));
      const inferred = await infer(masks);
      assert.deepEqual(labelsOf(inferred), labels);
      const warnings = linesOf(inferred).filter((line) => line.startsWith('warn'));
      const wrong = 'warn labels.txt has 5 labels where the model has 4 classes: it is not used';
      assert.deepEqual(warnings, lines.length === 5 ? [wrong] : []);
    });

  it('have no names of files where an output is an image', async () => {
    write('labels.txt', 'a\nb\nc');
    const [input] = masks.signature.inputs;
    const outputs = [{ name: 'y', type: 'float32' as const, shape: [null, 8, 6, 3] }];
    const signature = { inputs: [input!], outputs };
    const inferred = await infer({ signature, hints: { outputs: [{ activation: 'tanh' }] } });
    assert.equal(inferred.kinds.outputs.y!.kind, 'image');
    assert.ok(!linesOf(inferred).some((line) => line.includes('labels')));
  });
});
