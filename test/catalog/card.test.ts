import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { CardError, imageOptions, parseCard, readCard, resolveScaling } from '../../src/catalog/card.js';

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
      },
    };
    assert.deepEqual(parse(card), card);
  });

  const wrong: [card: unknown, message: RegExp][] = [
    [null, /^serve\.json: must be an object\.$/],
    [[], /^serve\.json: must be an object\.$/],
    [{ lables: ['cat'] }, /lables isn't a known key\. Known are name, description, labels, image\.$/],
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
    [{ image: { interpolation: 'cubic' } }, /image\.interpolation must be "nearest", "bilinear"/],
    [{ image: { resize: 'crop', crop_fraction: 0 } }, /image\.crop_fraction must be /],
    [{ image: { crop_fraction: 0.5 } }, /image\.crop_fraction needs image\.resize to be "crop"/],
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

describe('resolveScaling', () => {
  /** What the arithmetic makes of one pixel. */
  const scale = (pixel: number[], ...scaling: Parameters<typeof resolveScaling>) => {
    const { mean, std, reverseChannels } = resolveScaling(...scaling);
    const ordered = reverseChannels ? pixel.toReversed() : pixel;
    return ordered.map((value, i) => Number(((value - mean[i]!) / std[i]!).toFixed(4)));
  };

  // What keras.applications.imagenet_utils.preprocess_input makes of the pixel (255, 128, 0) in its three modes.
  test('tf', () => assert.deepEqual(scale([255, 128, 0], 'tf'), [1, 0.0039, -1]));
  test('torch', () => assert.deepEqual(scale([255, 128, 0], 'torch'), [2.2489, 0.2052, -1.8044]));
  test('caffe', () => assert.deepEqual(scale([255, 128, 0], 'caffe'), [-103.939, 11.221, 131.32]));

  test('none', () => assert.deepEqual(scale([255, 128, 0], 'none'), [255, 128, 0]));
  test('unit, which is the default', () => {
    assert.deepEqual(scale([255, 51, 0], 'unit'), [1, 0.2, 0]);
    assert.deepEqual(resolveScaling(), resolveScaling('unit'));
  });
  test('mean and standard deviation of pixels from 0 to 255', () => {
    assert.deepEqual(scale([255, 127, 0], { mean: [127, 127, 127], std: [128, 128, 128] }), [1, 0, -0.9922]);
  });
  test('one number is for every channel', () => {
    assert.deepEqual(resolveScaling({ mean: [1], std: [2] }), {
      mean: [1, 1, 1],
      std: [2, 2, 2],
      reverseChannels: false,
    });
    assert.deepEqual(resolveScaling('tf', 1), { mean: [127.5], std: [127.5], reverseChannels: false });
  });
  test('refused: other channels than the model has', () => {
    refuses(() => resolveScaling('caffe', 1), /is for 3 channels where the model takes 1/);
    refuses(() => resolveScaling({ mean: [1, 2], std: [1] }), /is for 2 channels where the model takes 3/);
  });
});

describe('imageOptions', () => {
  const rgb = { height: 224, width: 160, channels: 3 } as const;
  const open = { height: null, width: null, channels: 3 } as const;

  test('follows the model where the card says nothing', () => {
    assert.deepEqual(imageOptions(undefined, rgb), {
      size: [224, 160],
      channels: 3,
      resize: 'stretch',
      cropFraction: 1,
      interpolation: 'bicubic',
    });
  });
  test('follows the card where the model takes any size', () => {
    const { size, resize, cropFraction } = imageOptions({ size: [96, 64], resize: 'crop', crop_fraction: 0.5 }, open);
    assert.deepEqual({ size, resize, cropFraction }, { size: [96, 64], resize: 'crop', cropFraction: 0.5 });
  });
  test('takes 224 by 224 where nobody says', () => {
    assert.deepEqual(imageOptions({}, open).size, [224, 224]);
    assert.deepEqual(imageOptions({}, { ...open, width: 96 }).size, [224, 96]);
  });
  test('refused: a size that the model does not take', () => {
    refuses(() => imageOptions({ size: [224, 224] }, rgb), /is \[224, 224\] where the model takes \[224, 160\]/);
    refuses(() => imageOptions({ size: [8, 8] }, { ...open, width: 16 }), /the model takes \[any, 16\]/);
  });
});
