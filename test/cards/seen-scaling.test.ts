/** How images were scaled that models have seen in training: what their statistics tell, of models that real Keras trained. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import type { Scaling } from '../../schemas/card.js';
import type { Assumption } from '../../src/datapoints/kind.js';
import { imagesOf, kindsOf } from '../../src/datapoints/kinds.js';
import { parseHints } from '../../src/inference/hints-schema.js';
import { hintsOf, type ModelHints, type PixelHints } from '../../src/inference/model-hints.js';
import { readKerasModel } from '../../src/keras/index.js';
import { compile } from '../../src/onnx/compile.js';
import type { Signature } from '../../src/support/tensor.js';
import { unpackFamily } from '../helpers/fixtures.js';

const { folder, cases } = unpackFamily('scalings');
after(() => rmSync(folder, { recursive: true }));

interface Told {
  hints: ModelHints;
  settings: { scaling: Scaling; invert?: boolean | 'auto' };
  assumption: (key: string) => Assumption | undefined;
}

function toldOf(signature: Pick<Signature, 'inputs' | 'outputs'>, hints: ModelHints): Told {
  const { kinds, assumptions } = kindsOf({ signature, hints });
  const [name] = Object.keys(kinds.inputs);
  return {
    hints,
    settings: imagesOf(kinds)[name!]!.settings,
    assumption: (key) => assumptions.find((one) => one.key === `inputs.${name}.${key}`),
  };
}

async function told(name: string): Promise<Told> {
  const model = await readKerasModel(cases.find((one) => one.name === name)!.model);
  const { inputs, outputs } = compile(model);
  return toldOf({ inputs, outputs }, await hintsOf(model));
}

describe('the scaling that a model has seen', () => {
  const expected: Record<string, Scaling> = {
    plain_none: 'none',
    plain_unit: 'unit',
    plain_tf: 'tf',
    plain_caffe: 'caffe',
    rectified_none: 'none',
    rectified_unit: 'unit',
    residual_torch: 'torch',
    separable_unit: 'unit',
    separable_centred: { mean: [127.5], std: [255] },
    mobilenet_unit: 'unit',
    mobilenet_tf: 'tf',
    light_digits: 'unit',
    dark_digits: 'unit',
    untrained: 'unit',
  };

  it('is told for every fixture', () =>
    assert.deepEqual(cases.map(({ name }) => name).sort(), Object.keys(expected).sort()));

  for (const [name, scaling] of Object.entries(expected))
    it(`of ${name} is ${JSON.stringify(scaling)}`, async () => {
      const { settings, hints } = await told(name);
      assert.deepEqual(settings.scaling, scaling);
      assert.deepEqual(parseHints(JSON.stringify(hints)), JSON.parse(JSON.stringify(hints)));
    });

  it('is not known of statistics as they begin', async () => {
    const { hints, assumption } = await told('untrained');
    assert.equal(hints.pixels, undefined);
    assert.equal(assumption('scaling')!.basis, 'nothing in the model says otherwise');
  });
});

describe('what statistics say', () => {
  const input = { name: 'x', type: 'float32' as const, shape: [null, 64, 64, 3] };
  const output = (classes: number) => ({ name: 'y', type: 'float32' as const, shape: [null, classes] });
  const pixels: PixelHints = { layer: 'conv2d', scaling: 'unit', odds: { tf: 123.4, centred: 4000 } };
  const mobilenet = { family: 'MobileNetV2', name: 'mobilenetv2_1.00_224' } as const;
  const scaling = (hints: ModelHints, classes = 3) => {
    const { value, certainty, basis } = toldOf({ inputs: [input], outputs: [output(classes)] }, hints).assumption(
      'scaling',
    )!;
    return { value, certainty, basis };
  };

  it('is likely for large odds, with what speaks for it', () =>
    assert.deepEqual(scaling({ pixels }), {
      value: 'unit',
      certainty: 'likely',
      basis:
        'the batch normalization behind "conv2d" has seen pixels from 0 to 1, as its statistics have it: ' +
        '120 times as likely as pixels from -1 to 1',
    }));

  it('is a guess for small odds, and for what no scaling does', () => {
    assert.deepEqual([scaling({ pixels: { ...pixels, odds: { tf: 19 } } }).certainty], ['guess']);
    const own = scaling({ pixels: { ...pixels, scaling: 'standardised', odds: { torch: 1e6 } } });
    assert.deepEqual([own.value, own.certainty], [{ mean: [120], std: [66] }, 'guess']);
    assert.match(own.basis, /each standardised, which no scaling is, .*: more than 1000 times as likely/);
  });

  it('counts against the scaling of a Keras Application where it is clear', () => {
    const against = scaling({ pixels, backbone: mobilenet });
    assert.deepEqual([against.value, against.certainty], ['unit', 'likely']);
    const unclear = scaling({ pixels: { ...pixels, odds: { tf: 19 } }, backbone: mobilenet });
    assert.deepEqual([unclear.value, unclear.certainty], ['tf', 'guess']);
    const next = scaling({ pixels: { ...pixels, odds: { tf: 21, centred: 2 } }, backbone: mobilenet });
    assert.deepEqual([next.value, next.certainty], ['unit', 'guess']);
    // As any has whose layers were left as they came.
    const agreeing = scaling({ pixels: { ...pixels, scaling: 'tf', odds: { unit: 50 } }, backbone: mobilenet });
    assert.deepEqual([agreeing.value, agreeing.certainty], ['tf', 'guess']);
    assert.match(
      agreeing.basis,
      /whose preprocess_input does that; many that are trained further get pixels from 0 to 1/,
    );
  });

  it('is not asked of an application as it came', () => {
    const whole = scaling({ backbone: mobilenet }, 1000);
    assert.deepEqual([whole.value, whole.certainty], ['tf', 'likely']);
  });

  it('is not followed where the model takes other channels', () => {
    const grey = { ...input, shape: [null, 64, 64, 1] };
    for (const scaling of ['torch', 'caffe', 'less-mean'] as const) {
      const hints = { pixels: { ...pixels, scaling } };
      assert.equal(toldOf({ inputs: [grey], outputs: [output(3)] }, hints).settings.scaling, 'unit');
    }
  });

  it('counts less than what the graph does', () => {
    const front = { className: 'Rescaling', name: 'rescaling', range: [0, 1] as [number, number] };
    assert.equal(scaling({ pixels, scaling: front }).value, 'none');
  });
});

describe('grey pictures of 28 × 28', () => {
  it('are inverted where their border is light, which is a guess', async () => {
    const { settings, assumption } = await told('light_digits');
    assert.equal(settings.invert, 'auto');
    assert.deepEqual([assumption('invert')!.value, assumption('invert')!.certainty], ['auto', 'guess']);
  });

  it('are not where statistics say that those of the training were light', async () => {
    const { settings, assumption } = await told('dark_digits');
    assert.equal(settings.invert, undefined);
    assert.equal(assumption('invert'), undefined);
  });

  it('are not where a picture is made of them, nor are others', () => {
    const outputs = [{ name: 'y', type: 'float32' as const, shape: [null, 28, 28, 1] }];
    const settings = (shape: (number | null)[], made = [{ ...outputs[0]!, shape: [null, 3] as (number | null)[] }]) =>
      toldOf({ inputs: [{ name: 'x', type: 'float32', shape }], outputs: made }, {}).settings.invert;
    assert.equal(settings([null, 28, 28, 1], outputs), undefined);
    assert.equal(settings([null, 28, 28, 1]), 'auto');
    assert.equal(settings([null, 784]), 'auto');
    assert.equal(settings([null, 28, 28, 3]), undefined);
    assert.equal(settings([null, 32, 32, 1]), undefined);
  });
});
