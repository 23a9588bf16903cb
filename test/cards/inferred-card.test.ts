import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import type { ModelCard } from '../../schemas/card.js';
import { parseCard } from '../../src/cards/card.js';
import { noteLine } from '../../src/cards/card-note.js';
import { type InferredCard, inferCard, spellOut } from '../../src/cards/inferred-card.js';
import { loadServedModel } from '../../src/catalog/served-model.js';
import { imagesOf } from '../../src/datapoints/kinds.js';
import type { LabelledSpec } from '../../src/datapoints/labels.js';
import type { DescribedModel } from '../../src/inference/compile-messages.js';
import { hintsOf } from '../../src/inference/model-hints.js';
import { readKerasModel } from '../../src/keras/index.js';
import { compile } from '../../src/onnx/compile.js';
import { CardError } from '../../src/support/card-error.js';
import type { TensorType } from '../../src/support/tensor.js';
import { type FixtureCase, unpackFamily } from '../helpers/fixtures.js';

const families = ['cards', 'models'].map(unpackFamily);
after(() => {
  for (const { folder } of families) rmSync(folder, { recursive: true });
});

function fixture(name: string): FixtureCase {
  const found = families.flatMap(({ cases }) => cases).find((one) => one.name === name);
  assert.ok(found, name);
  return found;
}

async function compiled(name: string): Promise<DescribedModel> {
  const model = await readKerasModel(fixture(name).model, {});
  const { inputs, outputs } = compile(model);
  return { signature: { inputs, outputs }, hints: await hintsOf(model) };
}

/** The folder of the model whose card is worked out, and what lies in it. */
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keras-serve-card-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (file: string, content: string) => writeFileSync(join(folder, file), content);
const workOut = (model: DescribedModel, given?: ModelCard): Promise<InferredCard> =>
  inferCard(model, { file: join(folder, 'model.keras'), given });

const linesOf = ({ notes }: InferredCard) => notes.map((note) => `${note.level} ${noteLine(note)}`);
const lineOf = (inferred: InferredCard, key: string) =>
  linesOf(inferred).find((line) => line.startsWith(`info ${key}: `)) ?? '';

/** How images are prepared, and what the classes are called. */
const settingsOf = ({ kinds }: InferredCard) => imagesOf(kinds)[Object.keys(kinds.inputs)[0]!]!.settings;
const labelsOf = ({ kinds }: InferredCard) => (Object.values(kinds.outputs)[0]!.spec as LabelledSpec | null)?.labels;

/** A model that is known by its signature alone, as ONNX files are. */
const model = (
  shape: (number | null)[],
  classes: number,
  { type = 'float32' as TensorType, hints = null as DescribedModel['hints'] } = {},
): DescribedModel => ({
  signature: {
    inputs: [{ name: 'x', type, shape }],
    outputs: [{ name: 'y', type: 'float32', shape: [null, classes] }],
  },
  hints,
});
const image = (classes: number, options?: Parameters<typeof model>[2]) => model([null, 224, 224, 3], classes, options);

describe('the scaling of images', () => {
  const expected: Record<string, [scaling: string, reason: RegExp]> = {
    rescaling: ['none', /the model scales them itself, beginning with "rescaling" \(Rescaling\)/],
    rescaling_to_minus_one: ['none', /scales them itself/],
    rescaling_of_unit: ['unit', /"rescaling" \(Rescaling\), is made for numbers from 0 to 1/],
    rescaling_unit_to_pixels: ['unit', /is made for numbers from 0 to 1/],
    rescaling_behind_augmentation: ['none', /"rescaling" \(Rescaling\)/],
    normalization_given: ['none', /"normalization" \(Normalization\)/],
    normalization_given_for_unit: ['unit', /is made for numbers from 0 to 1/],
    normalization_adapted_to_pixels: ['none', /scales them itself/],
    normalization_adapted_to_unit: ['unit', /is made for numbers from 0 to 1/],
    batch_normalization_of_pixels: ['none', /"batch_normalization", has seen numbers from 0 to 255/],
    batch_normalization_of_unit: ['unit', /nothing in the model says otherwise/],
    nothing: ['unit', /nothing in the model says otherwise/],
    whole_numbers: ['none', /takes whole numbers \(uint8\)/],
    preprocess_input_mobilenet_v2: ['none', /"true_divide" \(TrueDivide\)/],
    preprocess_input_mobilenet_v2_keras2_keras: ['none', /"tf\.math\.truediv" \(TFOpLambda\)/],
    preprocess_input_mobilenet_v2_keras2_h5: ['none', /scales them itself/],
    preprocess_input_resnet50: ['none', /"add" \(Add\)/],
    preprocess_input_resnet50_keras2_h5: ['none', /"tf\.nn\.bias_add" \(TFOpLambda\)/],
    preprocess_input_densenet: ['none', /scales them itself/],
    preprocess_input_densenet_keras2_keras: ['none', /scales them itself/],
    preprocess_input_densenet_keras2_h5: ['none', /scales them itself/],
    operators_keras: ['none', /"true_divide" \(TrueDivide\)/],
    operators_of_unit_keras: ['unit', /"multiply" \(Multiply\), is made for numbers from 0 to 1/],
    operators_tf_keras: ['none', /scales them itself/],
    operators_of_unit_tf_keras: ['unit', /is made for numbers from 0 to 1/],
    mobilenet_v2_nested: ['tf', /built on MobileNetV2 of keras\.applications \("mobilenetv2_0\.35_32"\)/],
    mobilenet_v2_nested_keras2: ['tf', /built on MobileNetV2/],
    mobilenet_v2_nested_behind_rescaling: ['none', /"rescaling" \(Rescaling\)/],
    mobilenet_v2_nested_behind_augmentation: ['tf', /built on MobileNetV2/],
    mobilenet_v2_nested_behind_preprocess_input: ['none', /scales them itself/],
    mobilenet_v2_in_sequential: ['tf', /built on MobileNetV2/],
    mobilenet_v2_flattened: ['tf', /built on MobileNetV2/],
    mobilenet_v2_behind_a_convolution: ['unit', /nothing in the model says otherwise/],
    mobilenet_v2_enlarged: ['tf', /built on MobileNetV2/],
    teachable_machine: ['tf', /is built as Teachable Machine builds them/],
    cut_VGG16: ['caffe', /built on VGG /],
    cut_ResNet50: ['caffe', /built on ResNet /],
    cut_ResNet50V2: ['tf', /built on ResNetV2 /],
    cut_InceptionV3: ['tf', /built on InceptionV3 /],
    cut_InceptionResNetV2: ['tf', /built on InceptionResNetV2 /],
    cut_Xception: ['tf', /built on Xception /],
    cut_MobileNet: ['tf', /built on MobileNet /],
    cut_DenseNet121: ['torch', /built on DenseNet /],
    cut_EfficientNetB0: ['none', /"rescaling" \(Rescaling\)/],
    cut_EfficientNetV2B0: ['none', /"rescaling" \(Rescaling\)/],
    cut_ConvNeXtTiny: ['none', /"convnext_tiny_prestem_normalization" \(Normalization\)/],
    cut_NASNetMobile: ['tf', /built on NASNet /],
    cut_MobileNetV3Small: ['none', /"rescaling" \(Rescaling\)/],
    cut_RegNetX002_keras2: ['none', /"regnetx002_prestem_rescaling" \(Rescaling\)/],
    cut_ResNetRS50_keras2: ['none', /"rescaling" \(Rescaling\)/],
    bare_EfficientNetV2B0: ['tf', /built on EfficientNetV2 /],
    bare_ConvNeXtTiny: ['torch', /built on ConvNeXt /],
    bare_MobileNetV3Small: ['tf', /built on MobileNetV3 /],
    sigmoid: ['unit', /nothing in the model says otherwise/],
  };
  // Keras 2 wrote the same architectures.
  for (const name of Object.keys(expected).filter((name) => name.startsWith('cut_') && !name.endsWith('_keras2')))
    expected[`${name}_keras2`] = expected[name]!;

  it('is told for every fixture', () => {
    assert.deepEqual(families[0]!.cases.map(({ name }) => name).sort(), Object.keys(expected).sort());
  });

  for (const [name, [scaling, reason]] of Object.entries(expected)) {
    it(`of ${name} is ${scaling}`, async () => {
      const inferred = await workOut(await compiled(name));
      assert.equal(settingsOf(inferred).scaling, scaling);
      const line = lineOf(inferred, 'image.scaling');
      assert.ok(line.includes(`"${scaling}"`), line);
      assert.match(line, reason);
      assert.match(line, /; to change it, write serve\.json: keras-serve card \S+model\.keras$/);
    });
  }

  it("is Teachable Machine's where an ONNX model has its labels", async () => {
    write('labels.txt', '0 Cat\n1 Dog\n');
    const { resize, interpolation, scaling } = settingsOf(await workOut(image(2)));
    assert.deepEqual({ resize, interpolation, scaling }, { resize: 'crop', interpolation: 'lanczos', scaling: 'tf' });
    write('labels.txt', 'Cat\nDog\n');
    const plain = await workOut(image(2));
    assert.equal(settingsOf(plain).scaling, 'unit');
    assert.match(lineOf(plain, 'image.scaling'), /for an ONNX model does not tell what it was trained on \(a guess\);/);
  });

  it('is none for an ONNX model that takes whole numbers', async () => {
    assert.equal(settingsOf(await workOut(image(2, { type: 'uint8' }))).scaling, 'none');
  });

  it('of grey images is not that of a backbone for colours', async () => {
    const hints = { backbone: { family: 'VGG', name: 'vgg16' } } as const;
    const grey = model([null, 224, 224, 1], 3, { hints });
    assert.equal(settingsOf(await workOut(grey)).scaling, 'unit');
    assert.equal(settingsOf(await workOut(image(3, { hints }))).scaling, 'caffe');
  });
});

describe('the labels', () => {
  it('are those of a file, and the log says of which', async () => {
    write('class_indices.json', '{"dog": 1, "cat": 0}');
    const inferred = await workOut(image(2));
    assert.deepEqual(labelsOf(inferred), ['cat', 'dog']);
    assert.match(
      lineOf(inferred, 'labels'),
      /^info labels: the 2 of class_indices\.json, for it lies beside the model;/,
    );
  });

  it('are numbers where there is no file', async () => {
    const inferred = await workOut(image(2));
    assert.deepEqual(labelsOf(inferred), []);
    assert.match(
      lineOf(inferred, 'labels'),
      /^info labels: the numbers of the classes, for no labels\.txt, .*class_indices\.json fits them \(a guess\); to change it, write serve\.json: keras-serve card /,
    );
  });

  it('come from source code beside the model where no file has them, as a guess', async () => {
    write('app.py', "class_names = ['cat', 'dog']\n");
    const guessed = await workOut(image(2));
    assert.deepEqual(labelsOf(guessed), ['cat', 'dog']);
    const [line] = linesOf(guessed).filter((line) => line.includes('labels: '));
    assert.match(
      line!,
      /^info labels: the 2 of class_names in app\.py, for as many texts stand there as there are classes \(a guess\)/,
    );
    write('labels.txt', 'Cat\nDog\n');
    assert.deepEqual(labelsOf(await workOut(image(2))), ['Cat', 'Dog']);
  });

  it('are a guess where another file beside the model has them in another order', async () => {
    write('labels.txt', 'cat\ndog\n');
    write('class_indices.json', '{"dog": 0, "cat": 1}');
    const guessed = await workOut(image(2));
    assert.deepEqual(labelsOf(guessed), ['cat', 'dog']);
    const lines = linesOf(guessed);
    assert.ok(lines.includes('warn class_indices.json has other labels than labels.txt, which is used'));
    assert.match(
      lineOf(guessed, 'labels'),
      /for it lies beside the model, where class_indices\.json says otherwise \(a guess\)/,
    );
    write('class_indices.json', '{"cat": 0, "dog": 1}');
    assert.doesNotMatch(lineOf(await workOut(image(2)), 'labels'), /guess/);
  });

  it('are none where the card says so, and nothing is guessed', async () => {
    write('labels.txt', 'cat\ndog\n');
    for (const card of [{ labels: null }, { outputs: { y: { labels: null } } }] as ModelCard[]) {
      const inferred = await workOut(image(2), card);
      assert.deepEqual(labelsOf(inferred), []);
      assert.ok(!linesOf(inferred).some((line) => line.includes('labels')));
    }
  });

  it('of one line are none for the one number of a sigmoid', async () => {
    write('labels.txt', 'ill\n');
    write('class_names.txt', 'healthy\nill\n');
    const sigmoid = model([null, 4], 1, { hints: { outputs: [{ activation: 'sigmoid' }] } });
    const inferred = await workOut(sigmoid);
    assert.deepEqual(labelsOf(inferred), ['healthy', 'ill']);
    assert.ok(linesOf(inferred).some((line) => line.startsWith('warn labels.txt has 1 label')));
  });

  it('in source code don’t make classes of a model that may give something else', async () => {
    write('app.py', "class_names = ['cat', 'dog']\n");
    const numbers = model([null, 4], 2);
    assert.equal(Object.values((await workOut(numbers)).kinds.outputs)[0]!.kind, 'tensor');
    write('labels.txt', 'Cat\nDog\n');
    assert.equal(Object.values((await workOut(numbers)).kinds.outputs)[0]!.kind, 'classes');
  });

  it('are not those of a file with another number of them, of which the log warns', async () => {
    write('labels.txt', 'cat\ndog\nmug\n');
    const inferred = await workOut(image(2));
    assert.deepEqual(labelsOf(inferred), []);
    assert.equal(linesOf(inferred)[0], 'warn labels.txt has 3 labels where the model has 2 classes: it is not used');
    write('class_names.txt', 'cat\ndog\n');
    assert.deepEqual(labelsOf(await workOut(image(2))), ['cat', 'dog']);
  });

  it('are not those of a damaged file, of which the log warns', async () => {
    write('labels.txt', 'cat\0dog\n');
    const [line] = linesOf(await workOut(image(2)));
    assert.equal(line, 'warn labels.txt is no text in UTF-8 or UTF-16: it is not used');
  });

  it('are two where the one number of a sigmoid tells two classes apart', async () => {
    const sigmoid = await compiled('sigmoid');
    assert.deepEqual(labelsOf(await workOut(sigmoid)), ['0', '1']);
    write('class_indices.json', '{"cats": 0, "dogs": 1}');
    assert.deepEqual(labelsOf(await workOut(sigmoid)), ['cats', 'dogs']);
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
    assert.deepEqual(labelsOf(await workOut(numbers)), []);
    write('labels.txt', 'setosa\nversicolor\nvirginica\n');
    assert.deepEqual(labelsOf(await workOut(numbers)), ['setosa', 'versicolor', 'virginica']);
  });

  it('of a model with several outputs are none', async () => {
    write('labels.txt', 'cat\ndog\n');
    const { signature } = image(2);
    const outputs = [...signature.outputs, { ...signature.outputs[0]!, name: 'z' }];
    assert.deepEqual(labelsOf(await workOut({ signature: { ...signature, outputs }, hints: null })), []);
  });
});

describe('what a card says', () => {
  it('wins over what would be worked out, and needs no word in the log', async () => {
    write('labels.txt', 'cat\ndog\n');
    const given: ModelCard = { labels: ['a', 'b'], image: { scaling: 'caffe', resize: 'crop' } };
    const inferred = await workOut(await compiled('rescaling'), { ...given, labels: ['a', 'b', 'c'] });
    assert.deepEqual(labelsOf(inferred), ['a', 'b', 'c']);
    const { scaling, resize } = settingsOf(inferred);
    assert.deepEqual({ scaling, resize }, given.image);
    const said = linesOf(inferred).filter((line) => /labels|image\.(scaling|resize)/.test(line));
    assert.deepEqual(said, []);
  });

  it('is completed with what it leaves out', async () => {
    write('labels.txt', '0 Cat\n1 Dog\n2 Mug\n');
    const inferred = await workOut(await compiled('teachable_machine'), {
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
    await assert.rejects(workOut(image(2), given), /image\.crop_fraction needs image\.resize to be "crop"/);
  });

  it('is refused where it has another number of labels', async () => {
    await assert.rejects(workOut(image(2), { labels: ['cat'] }), (error) => {
      assert.ok(error instanceof CardError);
      assert.equal(error.message, 'serve.json: labels has 1 label where the model has 2 classes.');
      return true;
    });
    assert.deepEqual(labelsOf(await workOut(image(1), { labels: ['cat', 'dog'] })), ['cat', 'dog']);
  });
});

describe('a card that is spelled out', () => {
  const spelledOut = async (model: DescribedModel, given?: ModelCard) => {
    const card = spellOut(await workOut(model, given), join(folder, 'My café (1).keras'));
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
    const lines = linesOf(await workOut(ids(['Embedding'])));
    assert.match(
      lines.find((line) => line.includes('padding'))!,
      /^info inputs\.x\.padding: "pre", .*keras-serve card/,
    );
    const card: ModelCard = { inputs: { x: { kind: 'sequence', padding: 'pre' } } } as ModelCard;
    assert.ok(!linesOf(await workOut(ids(['Embedding']), card)).some((line) => line.includes('padding')));
  });

  it('is which file seems to be the tokenizer of its ids', async () => {
    write('tokenizer.json', '{}');
    const [line] = linesOf(await workOut(ids(['Embedding']))).filter((one) => one.includes('tokenizer'));
    assert.match(
      line!,
      /^warn tokenizer\.json lies beside the model, .*set inputs\.x\.tokenizer to "tokenizer\.json" in/,
    );
    assert.ok(!linesOf(await workOut(ids(['LSTM']))).some((one) => one.includes('tokenizer')));
  });
});

describe('a model without a card', () => {
  it('is served with what was worked out', async () => {
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
      const inferred = await workOut(masks);
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
    const inferred = await workOut({ signature, hints: { outputs: [{ activation: 'tanh' }] } });
    assert.equal(inferred.kinds.outputs.y!.kind, 'image');
    assert.ok(!linesOf(inferred).some((line) => line.includes('labels')));
  });
});
