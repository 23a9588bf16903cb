/** Masks and images that models make: what claims to be one, and what is made of its numbers. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Facts, KindCard } from '../../src/datapoints/kind.js';
import { kindsOf, outputKind } from '../../src/datapoints/kinds.js';
import type { OutputHints } from '../../src/inference/model-hints.js';
import type { Tensor } from '../../src/support/tensor.js';
import { pixelsOf } from '../helpers/pictures.js';
import { runs } from '../helpers/runs.js';

type Shape = (number | null)[];

/** What an output is of a model that takes an image. */
function claimed(image: Shape, output: Shape, hints: OutputHints = {}, cards: { x?: KindCard; y?: KindCard } = {}) {
  const facts: Facts = {
    signature: {
      inputs: [{ name: 'x', type: 'float32', shape: [null, ...image] }],
      outputs: [{ name: 'y', type: 'float32', shape: [null, ...output] }],
    },
    hints: { outputs: [hints] },
  };
  const { kinds, assumptions } = kindsOf(facts, {
    inputs: cards.x && { x: cards.x },
    outputs: cards.y && { y: cards.y },
  });
  const ofKind = assumptions.find(({ key }) => key === 'outputs.y.kind');
  return { ...kinds.outputs.y!, certainty: ofKind?.certainty, assumptions };
}

const written = (
  tensor: Tensor,
  { kind, spec }: { kind: string; spec: unknown },
  source?: { height: number; width: number },
) => JSON.parse([...outputKind(kind).write(tensor, spec, { source })].join(''));

const row = (shape: number[], values: ArrayLike<number>): Tensor => ({
  type: 'float32',
  shape,
  data: Float32Array.from(values),
});

/** The values of a PNG file, and how many channels it has. */
async function pixels(png: string) {
  const { channels, data } = await pixelsOf(png);
  return { channels, data };
}

const rgb = [8, 6, 3];
const grey = [8, 6, 1];
const crossentropy = { name: 'BinaryCrossentropy' } as NonNullable<OutputHints['loss']>;

describe('what an output of an image’s size is', () => {
  const cases: [name: string, image: Shape, output: Shape, hints: OutputHints, kind: string, certainty?: string][] = [
    ['one sigmoid for a colour image', rgb, [8, 6, 1], { activation: 'sigmoid' }, 'mask', 'likely'],
    ['the same without an axis of channels', rgb, [8, 6], { activation: 'sigmoid' }, 'mask', 'likely'],
    ['one sigmoid for a grey image', grey, [8, 6, 1], { activation: 'sigmoid' }, 'image', 'guess'],
    ['one tanh for a grey image', grey, [8, 6, 1], { activation: 'tanh' }, 'image', 'guess'],
    ['one number for a colour image', rgb, [8, 6, 1], { activation: 'linear' }, 'tensor'],
    [
      'logits of one class',
      rgb,
      [8, 6, 1],
      { activation: 'linear', loss: { ...crossentropy, fromLogits: true } },
      'mask',
      'likely',
    ],
    ['several with softmax', rgb, [8, 6, 5], { activation: 'softmax' }, 'mask', 'certain'],
    ['three with softmax', rgb, [8, 6, 3], { activation: 'softmax' }, 'mask', 'certain'],
    ['two with softmax for a grey image', grey, [8, 6, 2], { activation: 'softmax' }, 'mask', 'certain'],
    ['three with sigmoid', rgb, [8, 6, 3], { activation: 'sigmoid' }, 'image', 'likely'],
    ['three with tanh', rgb, [8, 6, 3], { activation: 'tanh' }, 'image', 'likely'],
    ['three as they are', rgb, [8, 6, 3], { activation: 'linear' }, 'image', 'likely'],
    ['three with relu', rgb, [8, 6, 3], { activation: 'relu' }, 'tensor'],
    ['three of which nothing is known', rgb, [8, 6, 3], {}, 'tensor'],
    ['five with sigmoid', rgb, [8, 6, 5], { activation: 'sigmoid' }, 'tensor'],
    ['half the size', rgb, [4, 3, 1], { activation: 'sigmoid' }, 'mask', 'guess'],
    ['four times the size', rgb, [32, 24, 3], { activation: 'tanh' }, 'image', 'guess'],
    ['another shape', rgb, [8, 8, 1], { activation: 'sigmoid' }, 'tensor'],
    ['a part that isn’t whole', rgb, [6, 4, 3], { activation: 'softmax' }, 'tensor'],
    ['any size for any size', [null, null, 3], [null, null, 4], { activation: 'softmax' }, 'mask', 'certain'],
    ['any size for one size', rgb, [null, null, 4], { activation: 'softmax' }, 'tensor'],
    ['channels first', [3, 8, 6], [1, 8, 6], { activation: 'sigmoid' }, 'mask', 'likely'],
    ['channels last for channels first', [3, 8, 6], [8, 6, 1], { activation: 'sigmoid' }, 'tensor'],
    ['no image', [7], [8, 6, 1], { activation: 'sigmoid' }, 'tensor'],
  ];
  for (const [name, image, output, hints, kind, certainty] of cases)
    it(`${name}: ${kind}`, () => {
      const found = claimed(image, output, hints);
      assert.deepEqual([found.kind, found.certainty], [kind, certainty]);
    });

  it('is what the card says', () => {
    assert.equal(claimed(grey, grey, { activation: 'sigmoid' }, { y: { kind: 'mask' } }).kind, 'mask');
    assert.equal(claimed(rgb, grey, { activation: 'sigmoid' }, { y: { kind: 'image' } }).kind, 'image');
    assert.equal(claimed(rgb, grey, {}, { y: { labels: ['road'] } }).kind, 'mask');
    assert.equal(claimed([7], grey, {}, { y: { scaling: 'tf' } }).kind, 'image');
    const refused: [cards: { y: KindCard }, output: Shape, message: RegExp][] = [
      [{ y: { kind: 'mask', threshold: 0.3 } }, [8, 6, 3], /threshold is for one channel, and this output has 3/],
      [{ y: { labels: ['a', 'b'] } }, [8, 6], /outputs\.y\.labels needs outputs\.y\.kind beside it: "mask", where/],
      [{ y: { threshold: 0.3 } }, [8, 6, 1], /outputs\.y\.threshold needs outputs\.y\.kind/],
      [
        { y: { kind: 'mask', labels: ['a'] } },
        [8, 6, 3],
        /outputs\.y\.labels has 1 where the model has 3 classes: give 3, or 2/,
      ],
      [{ y: { kind: 'image' } }, [8, 6, 2], /can't be "image": y is float32 of the shape \(any, 8, 6, 2\)/],
      [{ y: { kind: 'image' } }, grey, /which needs "scaling"/],
      [{ y: { kind: 'image', scaling: 'caffe' } }, grey, /outputs\.y\.scaling is for 3 channels/],
    ];
    for (const [cards, output, message] of refused)
      assert.throws(() => claimed([7], output, {}, cards), { name: 'CardError', message });
  });

  it('has its scaling by what made it, else by the image that the model takes', () => {
    const scalingOf = (...given: Parameters<typeof claimed>) =>
      claimed(...given).assumptions.find(({ key }) => key === 'outputs.y.scaling');
    assert.equal(scalingOf(rgb, rgb, { activation: 'tanh' })!.value, 'tf');
    assert.equal(scalingOf(rgb, rgb, { activation: 'sigmoid' }, { x: { scaling: 'none' } })!.value, 'unit');
    assert.equal(scalingOf(rgb, rgb, { activation: 'linear' }, { x: { scaling: 'caffe' } })!.value, 'caffe');
    assert.equal(scalingOf(rgb, rgb, { activation: 'tanh' }, { y: { scaling: 'unit' } }), undefined);
  });
});

describe('a mask', () => {
  it('of one channel is 255 where the class is likely enough', async () => {
    const given = row([2, 3, 1], [0.1, 0.5, 0.9, 0.49, Number.NaN, 0.7]);
    const made = claimed([2, 3, 3], [2, 3, 1], { activation: 'sigmoid' });
    const { png, ...rest } = written(given, made);
    assert.deepEqual(rest, {
      width: 3,
      height: 2,
      areas: [
        { label: 'background', fraction: 0.5 },
        { label: 'foreground', fraction: 0.5 },
      ],
    });
    assert.deepEqual(await pixels(png), { channels: 1, data: [0, 255, 255, 0, 0, 255] });

    const card = { y: { labels: ['road'], threshold: 0.8, logits: true } };
    const ofLogits = written(row([2, 3, 1], [1.3, 1.5, 2, -1, 0, 0.8]), claimed([2, 3, 3], [2, 3, 1], {}, card));
    assert.deepEqual((await pixels(ofLogits.png)).data, [0, 255, 255, 0, 0, 0]);
    assert.deepEqual(
      ofLogits.areas.map(({ label }: { label: string }) => label),
      ['background', 'road'],
    );
  });

  it('has the likeliest class of each pixel, the first of equals', async () => {
    const made = claimed([1, 2, 3], [1, 2, 4], { activation: 'softmax' }, { y: { labels: ['a', 'b', 'c'] } });
    const { png, areas } = written(row([1, 2, 4], [0.1, 0.2, 0.2, 0.5, 0.4, 0.4, 0.2, 0]), made);
    assert.deepEqual((await pixels(png)).data, [3, 0]);
    assert.deepEqual(areas, [
      { label: 'background', fraction: 0.5 },
      { label: 'c', fraction: 0.5 },
    ]);
  });

  it('has 16 bits past 256 classes', async () => {
    const at = (classes: number, ...indexes: number[]) =>
      row(
        [1, 2, classes],
        Array.from({ length: 2 * classes }, (_, place) => Number(indexes.includes(place))),
      );
    for (const [classes, channels] of [
      [256, 255],
      [300, 299],
    ] as const) {
      const made = claimed([1, 2, 3], [1, 2, classes], { activation: 'softmax' });
      const { png, areas } = written(at(classes, channels, classes + 7), made);
      assert.deepEqual((await pixels(png)).data, [channels, 7]);
      assert.deepEqual(areas.map(({ label }: { label: string }) => label).sort(), [String(channels), '7'].sort());
    }
  });

  it('says of every pixel the class with the largest number, and areas that sum to 1', async () => {
    const picture = fc
      .record({
        height: fc.integer({ min: 1, max: 6 }),
        width: fc.integer({ min: 1, max: 6 }),
        classes: fc.integer({ min: 2, max: 5 }),
      })
      .chain((size) =>
        fc.record({
          size: fc.constant(size),
          first: fc.boolean(),
          values: fc.array(fc.integer({ min: 0, max: 3 }), {
            minLength: size.height * size.width * size.classes,
            maxLength: size.height * size.width * size.classes,
          }),
        }),
      );
    await fc.assert(
      fc.asyncProperty(picture, async ({ size: { height, width, classes }, first, values }) => {
        const shape = first ? [classes, height, width] : [height, width, classes];
        const image = first ? [3, 100, 100] : [height, width, 3];
        const made = claimed(image, shape, {}, { y: { kind: 'mask' } });
        const { png, areas } = written(row(shape, values), made);
        const { data } = await pixels(png);
        const numberOf = (pixel: number, index: number) =>
          values[first ? index * height * width + pixel : pixel * classes + index]!;
        const expected = Array.from({ length: height * width }, (_, pixel) => {
          const numbers = Array.from({ length: classes }, (_, index) => numberOf(pixel, index));
          return numbers.indexOf(Math.max(...numbers)) * (classes === 2 ? 255 : 1);
        });
        assert.deepEqual(data, expected);
        const fractions: number[] = areas.map(({ fraction }: { fraction: number }) => fraction);
        assert.ok(Math.abs(fractions.reduce((sum, one) => sum + one, 0) - 1) < 1e-9);
        assert.deepEqual(
          fractions,
          fractions.toSorted((one, other) => other - one),
        );
      }),
      runs(1),
    );
  });

  it('lies over the whole source: padding is cut off, and what a crop left out is the first class', async () => {
    const all = row([2, 2, 1], [1, 1, 1, 1]);
    const source = { height: 2, width: 8 };
    const made = (resize: string) => claimed([2, 2, 3], [2, 2, 1], { activation: 'sigmoid' }, { x: { resize } });
    const padded = written(all, made('pad'), source);
    assert.deepEqual([padded.width, padded.height, padded.areas], [8, 2, [{ label: 'foreground', fraction: 1 }]]);
    const cropped = written(all, made('crop'), source);
    assert.deepEqual(cropped.areas, [
      { label: 'background', fraction: 0.75 },
      { label: 'foreground', fraction: 0.25 },
    ]);
    assert.deepEqual((await pixels(cropped.png)).data.slice(0, 8), [0, 0, 0, 255, 255, 0, 0, 0]);
  });
});

describe('an image', () => {
  it('is made by undoing the scaling, and what lies outside is cut off', async () => {
    const cases: [scaling: unknown, values: number[], expected: number[]][] = [
      ['unit', [0, 0.5, 1.5], [0, 128, 255]],
      ['tf', [-1, 0, 2], [0, 128, 255]],
      ['none', [-3, 100.4, 300], [0, 100, 255]],
      ['caffe', [0, 0, 255 - 123.68], [255, 117, 104]],
      [{ mean: [10, 20, 30], std: [2, 4, 8] }, [1, 2, 3], [12, 28, 54]],
    ];
    for (const [scaling, values, expected] of cases) {
      const { png } = written(row([1, 1, 3], values), claimed([1, 1, 3], [1, 1, 3], {}, { y: { scaling } }));
      assert.deepEqual(await pixels(png), { channels: 3, data: expected }, JSON.stringify(scaling));
    }
  });

  it('is red where it is red, though the model has blue first, or channels before pixels', async () => {
    const blueFirst = { x: { color: 'bgr' }, y: { scaling: 'unit' } };
    const { png } = written(row([1, 1, 3], [0, 0, 1]), claimed([1, 1, 3], [1, 1, 3], {}, blueFirst));
    assert.deepEqual((await pixels(png)).data, [255, 0, 0]);
    const both = { x: { color: 'bgr' }, y: { scaling: 'caffe' } };
    const twice = written(row([1, 1, 3], [255, 0, 0]), claimed([1, 1, 3], [1, 1, 3], {}, both));
    assert.equal((await pixels(twice.png)).data[0], 255);
    const first = claimed([3, 1, 2], [3, 1, 2], { activation: 'sigmoid' });
    const planes = written(row([3, 1, 2], [1, 0, 0.2, 0.4, 0, 1]), first);
    assert.deepEqual((await pixels(planes.png)).data, [255, 51, 0, 0, 102, 255]);
  });

  it('is grey or has alpha, as it has channels', async () => {
    for (const channels of [1, 4]) {
      const values = Array.from({ length: channels }, (_, index) => index / 5);
      const { png } = written(
        row([1, 1, channels], values),
        claimed([7], [1, 1, channels], {}, { y: { scaling: 'unit' } }),
      );
      assert.deepEqual(await pixels(png), { channels, data: [0, 51, 102, 153].slice(0, channels) });
    }
  });
});
