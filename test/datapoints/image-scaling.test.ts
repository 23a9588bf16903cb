/** How images are taken to have been prepared, by what a model begins with, is built on, or is labelled like. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseImage, type ImageFacts } from '../../src/datapoints/images/image-scaling.js';
import { imageOptions, imageSize, resolveScaling } from '../../src/datapoints/images/image-settings.js';
import type { ModelHints } from '../../src/inference/model-hints.js';

const colour: ImageFacts['input'] = {
  height: 224,
  width: 224,
  channels: 3,
  channelsFirst: false,
} as ImageFacts['input'];
const choose = (hints: ModelHints | null, more: Partial<ImageFacts> = {}) =>
  chooseImage({ input: colour, type: 'float32', hints, numberedLabels: false, ...more });

describe('the preparation of images', () => {
  const begins = (className: string, range?: [number, number]): ModelHints =>
    ({ scaling: { className, name: 'first', ...(range && { range }) } }) as ModelHints;
  const built = (family: string): ModelHints => ({ backbone: { family, name: 'vgg16' } }) as ModelHints;
  const machine = { resize: 'crop', interpolation: 'lanczos', scaling: 'tf' };
  const onnx = { numberedLabels: true };
  const silent = 'nothing in the model says otherwise';
  const untold = 'an ONNX model does not tell what it was trained on';
  const ofBackbone = (family: string) =>
    `the model is built on ${family} of keras.applications ("vgg16"), whose preprocess_input does that`;

  const cases: Record<
    string,
    [hints: ModelHints | null, more: Partial<ImageFacts>, image: object, certainty: string, reason: string]
  > = {
    'whole numbers': [{}, { type: 'uint8' }, { scaling: 'none' }, 'certain', 'the model takes whole numbers (uint8)'],
    'a layer of which nothing is known': [
      begins('Rescaling'),
      {},
      { scaling: 'none' },
      'certain',
      'the model scales them itself, beginning with "first" (Rescaling)',
    ],
    'a function': [
      begins('ops.Multiply', [0, 1]),
      {},
      { scaling: 'none' },
      'certain',
      'the model scales them itself, beginning with "first" (Multiply)',
    ],
    'a layer that makes pixels of numbers to 1': [
      begins('Rescaling', [0, 255 * 255]),
      {},
      { scaling: 'unit' },
      'likely',
      'what the model begins with, "first" (Rescaling), is made for numbers from 0 to 1',
    ],
    'a layer that makes 200 of the brightest': [
      begins('Rescaling', [0, 200]),
      {},
      { scaling: 'unit' },
      'likely',
      'what the model begins with, "first" (Rescaling), is made for numbers from 0 to 1',
    ],
    'a layer that takes away a mean of pixels': [
      begins('Normalization', [-120, 135]),
      {},
      { scaling: 'none' },
      'certain',
      'the model scales them itself, beginning with "first" (Normalization)',
    ],
    'a layer that turns pixels round': [
      begins('Rescaling', [1, 0]),
      {},
      { scaling: 'none' },
      'certain',
      'the model scales them itself, beginning with "first" (Rescaling)',
    ],
    'a layer that takes away a mean of numbers to 1': [
      begins('Normalization', [-2, 1020]),
      {},
      { scaling: 'unit' },
      'likely',
      'what the model begins with, "first" (Normalization), is made for numbers from 0 to 1',
    ],
    'a batch normalization that has seen pixels': [
      begins('BatchNormalization', [-1.5, 2]),
      {},
      { scaling: 'none' },
      'likely',
      'the batch normalization that the model begins with, "first", has seen numbers from 0 to 255',
    ],
    'a batch normalization that has seen others': [
      begins('BatchNormalization', [-2, 1020]),
      {},
      { scaling: 'unit' },
      'guess',
      silent,
    ],
    'a batch normalization of which nothing is known': [
      begins('BatchNormalization'),
      {},
      { scaling: 'unit' },
      'guess',
      silent,
    ],
    'Teachable Machine': [
      { teachableMachine: true } as ModelHints,
      {},
      machine,
      'likely',
      'the model is built as Teachable Machine builds them',
    ],
    ...Object.fromEntries(
      [
        ['VGG', 'caffe'],
        ['DenseNet', 'torch'],
        ['ResNetV2', 'tf'],
      ].map(([family, scaling]) => [
        family,
        [built(family!), { classes: 1000 }, { scaling }, 'likely', ofBackbone(family!)] as [
          ModelHints,
          object,
          object,
          string,
          string,
        ],
      ]),
    ),
    'a backbone of grey': [
      built('MobileNet'),
      { input: { ...colour, channels: 1 }, classes: 1000 },
      { scaling: 'tf' },
      'likely',
      ofBackbone('MobileNet'),
    ],
    'a backbone that was trained further': [
      built('VGG'),
      { classes: 3 },
      { scaling: 'caffe' },
      'guess',
      `${ofBackbone('VGG')}; many that are trained further get pixels from 0 to 1 instead`,
    ],
    'a backbone for colours of grey': [
      built('VGG'),
      { input: { ...colour, channels: 1 } },
      { scaling: 'unit' },
      'guess',
      silent,
    ],
    'another backbone for colours of grey': [
      built('DenseNet'),
      { input: { ...colour, channels: 1 } },
      { scaling: 'unit' },
      'guess',
      silent,
    ],
    'an ONNX model with labels of Teachable Machine': [
      null,
      onnx,
      machine,
      'likely',
      'the labels are numbered as Teachable Machine numbers them',
    ],
    'an ONNX model with such labels and another height': [
      null,
      { ...onnx, input: { ...colour, height: 96 } },
      { scaling: 'unit' },
      'guess',
      untold,
    ],
    'an ONNX model with such labels and another width': [
      null,
      { ...onnx, input: { ...colour, width: 96 } },
      { scaling: 'unit' },
      'guess',
      untold,
    ],
    'a Keras model with such labels': [{}, onnx, { scaling: 'unit' }, 'guess', silent],
    'an ONNX model': [null, {}, { scaling: 'unit' }, 'guess', untold],
  };
  for (const [name, [hints, more, image, certainty, reason]] of Object.entries(cases))
    it(`is told for ${name}`, () => assert.deepEqual(choose(hints, more), { image, certainty, reason }));
});

describe('the settings of images', () => {
  const place = (key: string) => `image.${key}`;

  it('have the size of the card, where the model takes it', () => {
    const [fixed, wide, any] = [
      { height: 8, width: 9 },
      { height: null, width: 9 },
      { height: null, width: null },
    ];
    const taken: [given: [number, number] | undefined, of: typeof any | typeof wide | typeof fixed, size: number[]][] =
      [
        [undefined, fixed, [8, 9]],
        [undefined, wide, [224, 9]],
        [undefined, any, [224, 224]],
        [[8, 9], fixed, [8, 9]],
        [[50, 9], wide, [50, 9]],
        [[50, 60], any, [50, 60]],
      ];
    for (const [given, of, size] of taken) assert.deepEqual(imageSize(given, of, place), size);
    const refused: [given: [number, number], of: typeof wide | typeof fixed, text: string][] = [
      [[8, 8], fixed, '[8, 9]'],
      [[9, 9], fixed, '[8, 9]'],
      [[50, 8], wide, '[any, 9]'],
    ];
    for (const [given, of, text] of refused)
      assert.throws(() => imageSize(given, of, place), {
        message: `serve.json: image.size is [${given.join(', ')}] where the model takes ${text}.`,
      });
    assert.throws(() => imageSize([8, 9], { height: 7, width: null }, place), { message: /takes \[7, any\]\.$/ });
  });

  it('are scaled by a number for all channels, or one for each', () => {
    const colours = { channels: 3, channelsFirst: true } as const;
    assert.deepEqual(resolveScaling('tf', colours, place), {
      type: 'uint8',
      mean: [127.5, 127.5, 127.5],
      std: [127.5, 127.5, 127.5],
      channelsFirst: true,
    });
    assert.deepEqual(resolveScaling({ mean: [1, 2, 3], std: [4] }, { ...colours, channelsFirst: false }, place), {
      type: 'uint8',
      mean: [1, 2, 3],
      std: [4, 4, 4],
      channelsFirst: false,
    });
    assert.equal(resolveScaling('caffe', colours, place).reverseChannels, true);
    assert.throws(() => resolveScaling('torch', { channels: 1, channelsFirst: false }, place), {
      message: 'serve.json: image.scaling is for 3 channels where the model takes 1.',
    });
  });

  it('are those of files, as the card has them or as usual', () => {
    const settings = { size: [8, 9], resize: 'stretch', interpolation: 'bicubic', scaling: 'unit' } as const;
    const usual = { size: [8, 9], channels: 3, resize: 'stretch', interpolation: 'bicubic' };
    assert.deepEqual(imageOptions({ ...settings, size: [8, 9] }, { channels: 3 }), {
      ...usual,
      cropFraction: 1,
      color: 'rgb',
      invert: false,
    });
    const said = { crop_fraction: 0.5, antialias: false, color: 'bgr', invert: 'auto' } as const;
    assert.deepEqual(imageOptions({ ...settings, size: [8, 9], ...said }, { channels: 3 }), {
      ...usual,
      cropFraction: 0.5,
      antialias: false,
      color: 'bgr',
      invert: 'auto',
    });
    const sharp = imageOptions({ ...settings, size: [8, 9], antialias: true }, { channels: 3 });
    assert.ok(!Object.hasOwn(sharp, 'antialias'));
  });
});
