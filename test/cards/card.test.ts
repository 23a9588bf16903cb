import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { Scaling } from '../../schemas/card.js';
import { parseCard, readCard } from '../../src/cards/card.js';
import { imageSize, resolveScaling as resolveScalingAt } from '../../src/datapoints/images/image-settings.js';
import { CardError } from '../../src/support/card-error.js';

const parse = (card: unknown) => parseCard(JSON.stringify(card));
const refuses = (work: () => unknown, message: RegExp) =>
  assert.throws(work, (error) => {
    assert.ok(error instanceof CardError, String(error));
    assert.equal(error.code, 'card_invalid');
    assert.match(error.message, message);
    return true;
  });

describe('a card', () => {
  test('may leave out everything', () => assert.deepEqual(parse({}), {}));

  test('may say everything', () => {
    const card = {
      name: 'my-model_1.0',
      description: 'Tells cats from dogs.',
      labels: ['cat', ['n02084071', 'dog']],
      image: {
        size: [160, 320],
        resize: 'crop',
        crop_fraction: 0.875,
        interpolation: 'lanczos',
        scaling: { mean: [127], std: [128] },
        color: 'bgr',
        invert: 'auto',
      },
    };
    assert.deepEqual(parse(card), card);
  });

  const wrong: [card: unknown, message: RegExp][] = [
    [null, /^serve\.json: must be an object\.$/],
    [[], /^serve\.json: must be an object\.$/],
    [{ lables: ['cat'] }, /lables isn't a known key\. Known are name, description, labels, image, inputs, outputs\.$/],
    [{ image: { sice: [1, 1] } }, /image\.sice isn't a known key\. Known are size, resize, /],
    [Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`k${i}`, i])), /k0 isn't a known key/],
    [{ ['x'.repeat(1000)]: 1 }, /: x{50}… isn't a known key/],
    [{ 'a/b~c': 1 }, /: a\/b~c isn't a known key/],
    [{ name: '../../etc' }, /name must be up to 100 letters/],
    [{ labels: [] }, /labels must be a list of names/],
    [{ labels: ['cat', ['n1', 'dog'], ['n2']] }, /labels\[2\] is wrong: labels must be a list of names/],
    [{ labels: { 0: 'cat' } }, /labels must be a list of names/],
    [{ image: [224, 224] }, /image must be an object/],
    [{ image: { size: 224 } }, /image\.size must be height and width/],
    [{ image: { size: [224, 0] } }, /image\.size\[1\] is wrong: image\.size must be height and width/],
    [{ image: { size: [224, 224, 3] } }, /image\.size\[2\] is wrong/],
    [{ image: { size: [22.5, 224] } }, /image\.size\[0\] is wrong/],
    [{ image: { size: [1e9, 1e9] } }, /image\.size\[0\] is wrong.*1 to 4096/],
    [{ image: { resize: 'fit' } }, /image\.resize must be "stretch"/],
    [{ image: { color: 'grey' } }, /image\.color must be "rgb", "bgr" or "gray"/],
    [{ image: { invert: 'yes' } }, /image\.invert must be true, false or "auto"/],
    [{ image: { interpolation: 'cubic' } }, /image\.interpolation must be "nearest", "bilinear"/],
    [{ image: { resize: 'crop', crop_fraction: 0 } }, /image\.crop_fraction must be /],
    [{ image: { scaling: 'imagenet' } }, /image\.scaling must be "none", "unit"/],
    [{ image: { scaling: { mean: [1] } } }, /image\.scaling must be /],
    [{ image: { scaling: { mean: [1], std: [0] } } }, /image\.scaling.* must be /],
    [{ image: { scaling: { mean: [1], std: [1], var: [1] } } }, /image\.scaling.* must be /],
  ];
  for (const [card, message] of wrong) {
    test(`refused: ${JSON.stringify(card).slice(0, 70)}`, () => refuses(() => parse(card), message));
  }

  test('refused: what is not JSON', () => {
    refuses(() => parseCard('{"name": '), /^serve\.json: isn't JSON: /);
    refuses(() => parseCard(''), /isn't JSON/);
    refuses(
      () => parseCard('{"labels": ["cat", "dog"], "labels": ["dog", "cat"]}'),
      /^serve\.json: has the key "labels" twice in one object, again at byte 27\.$/,
    );
    refuses(() => parseCard('{"__proto__": 1}'), /__proto__ isn't a known key/);
  });

  test('any JSON is a card or a CardError', () => {
    const key = fc.constantFrom('name', 'labels', 'image', 'size', 'resize', 'scaling', 'mean', 'std', 'constructor');
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ maxDepth: 4 }, fc.jsonValue(), fc.dictionary(key, tie('tree')), fc.array(tie('tree'))),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        try {
          parse(value);
        } catch (error) {
          assert.ok(error instanceof CardError, String(error));
        }
      }),
    );
  });
});

describe('readCard', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'card-'));
  });
  after(() => rm(folder, { recursive: true }));

  /** A folder that holds `model.keras`, the folder `saved_model` and what is given. */
  async function place(files: Record<string, string | Uint8Array>): Promise<string> {
    const place = await mkdtemp(path.join(folder, 'place-'));
    await mkdir(path.join(place, 'saved_model'));
    for (const [name, text] of Object.entries({ 'model.keras': '', ...files })) {
      await writeFile(path.join(place, name), text);
    }
    return place;
  }

  test('finds the card beside a model file', async () => {
    const at = await place({ 'serve.json': '{"name": "beside"}' });
    assert.deepEqual(await readCard(path.join(at, 'model.keras')), { name: 'beside' });
  });

  test('reads UTF-8 and UTF-16, with a byte order mark or without', async () => {
    const text = '\uFEFF{"description": "käse"}\n';
    for (const card of [text, Buffer.from(text, 'utf16le'), Buffer.from(text, 'utf16le').swap16()]) {
      const at = await place({ 'serve.json': card });
      assert.deepEqual(await readCard(path.join(at, 'model.keras')), { description: 'käse' });
    }
    const at = await place({ 'serve.json': Buffer.from(text.slice(1), 'latin1') });
    await assert.rejects(readCard(path.join(at, 'model.keras')), {
      message: 'serve.json: is no text in UTF-8 or UTF-16.',
    });
  });

  test('finds the card in a model folder, and there alone', async () => {
    const at = await place({ 'serve.json': '{"name": "beside"}' });
    assert.equal(await readCard(path.join(at, 'saved_model')), undefined);
    await writeFile(path.join(at, 'saved_model', 'serve.json'), '{"name": "within"}');
    assert.deepEqual(await readCard(path.join(at, 'saved_model')), { name: 'within' });
  });

  test('no card is no error, and neither is no model: whoever loads it says so', async () => {
    const at = await place({});
    assert.equal(await readCard(path.join(at, 'model.keras')), undefined);
    assert.equal(await readCard(path.join(at, 'nowhere', 'model.keras')), undefined);
  });

  test('refuses a huge card and a folder of that name without a word of where it is', async () => {
    const large = await place({ 'serve.json': ' '.repeat(17 * 2 ** 20) });
    const odd = await place({});
    await mkdir(path.join(odd, 'serve.json'));
    for (const [at, what] of [
      [large, 'must be a file of at most 16 MB.'],
      [odd, 'must be a file, but is a folder.'],
    ] as const) {
      await assert.rejects(readCard(path.join(at, 'model.keras')), {
        name: 'CardError',
        message: `serve.json: ${what}`,
      });
    }
  });

  test('reads the card of the bundled model', async () => {
    const card = await readCard(fileURLToPath(new URL('../../models/efficientnet-lite0/model.keras', import.meta.url)));
    assert.equal(card?.labels?.length, 1000);
    assert.deepEqual(card.labels[162], ['n02088364', 'beagle']);
    assert.deepEqual(card.image?.size, [224, 224]);
  });
});

const place = (key: string) => `image.${key}`;
const resolveScaling = (scaling: Scaling, input: Parameters<typeof resolveScalingAt>[1]) =>
  resolveScalingAt(scaling, input, place);

describe('resolveScaling', () => {
  const rgb = { channels: 3, channelsFirst: false } as const;
  const grey = { channels: 1, channelsFirst: true } as const;
  /** What the arithmetic makes of one pixel. */
  const scale = (pixel: number[], scaling: Scaling) => {
    const { mean, std, reverseChannels } = resolveScaling(scaling, rgb);
    const ordered = reverseChannels ? pixel.toReversed() : pixel;
    return ordered.map((value, i) => Number(((value - mean[i]!) / std[i]!).toFixed(4)));
  };

  // What keras.applications.imagenet_utils.preprocess_input makes of the pixel (255, 128, 0) in its three modes.
  test('tf', () => assert.deepEqual(scale([255, 128, 0], 'tf'), [1, 0.0039, -1]));
  test('torch', () => assert.deepEqual(scale([255, 128, 0], 'torch'), [2.2489, 0.2052, -1.8044]));
  test('caffe', () => assert.deepEqual(scale([255, 128, 0], 'caffe'), [-103.939, 11.221, 131.32]));

  test('none', () => assert.deepEqual(scale([255, 128, 0], 'none'), [255, 128, 0]));
  test('unit', () => assert.deepEqual(scale([255, 51, 0], 'unit'), [1, 0.2, 0]));
  test('mean and standard deviation of pixels from 0 to 255', () => {
    assert.deepEqual(scale([255, 127, 0], { mean: [127, 127, 127], std: [128, 128, 128] }), [1, 0, -0.9922]);
  });
  test('one number is for every channel', () => {
    assert.deepEqual(resolveScaling({ mean: [1], std: [2] }, rgb), {
      type: 'uint8',
      mean: [1, 1, 1],
      std: [2, 2, 2],
      channelsFirst: false,
    });
    assert.deepEqual(resolveScaling('tf', grey), { type: 'uint8', mean: [127.5], std: [127.5], channelsFirst: true });
  });
  test('refused: other channels than the model has', () => {
    refuses(() => resolveScaling('caffe', grey), /is for 3 channels where the model takes 1/);
    refuses(() => resolveScaling({ mean: [1, 2], std: [1] }, rgb), /is for 2 channels where the model takes 3/);
  });
});

describe('imageSize', () => {
  const fixed = { height: 224, width: 160 };
  const open = { height: null, width: null };

  test('follows the model where the card says nothing', () => {
    assert.deepEqual(imageSize(undefined, fixed, place), [224, 160]);
  });
  test('follows the card where the model takes any size', () => {
    assert.deepEqual(imageSize([96, 64], open, place), [96, 64]);
  });
  test('takes 224 by 224 where nobody says', () => {
    assert.deepEqual(imageSize(undefined, open, place), [224, 224]);
    assert.deepEqual(imageSize(undefined, { ...open, width: 96 }, place), [224, 96]);
  });
  test('refused: a size that the model does not take', () => {
    refuses(() => imageSize([224, 224], fixed, place), /image.size is \[224, 224\] where the model takes \[224, 160\]/);
    refuses(() => imageSize([8, 8], { ...open, width: 16 }, place), /the model takes \[any, 16\]/);
  });
});
