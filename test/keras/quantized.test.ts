/** Layers that Keras quantized in a way that nobody can answer for: what the message says. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { type Config, readKerasModel } from '../../src/keras/index.js';
import { quantizationOf } from '../../src/keras/quantized.js';
import { unpackFamily } from '../helpers/fixtures.js';
import { layer } from '../helpers/layer-model.js';

const before = 'Give the model as it was before model.quantize().';

describe('files of quantized models that are refused', () => {
  const { folder, cases } = unpackFamily('quantized');
  after(() => rmSync(folder, { recursive: true }));

  for (const [name, message] of [
    [
      'dense_gptq_incomplete',
      'The Dense layer "one" was quantized by GPTQ, and Keras left its zero points out of the file: ' +
        `it can't load it either. ${before}`,
    ],
    [
      'dense_gptq_h5',
      'The Dense layer "one" was quantized by GPTQ, which Keras can\'t load out of HDF5. ' +
        "Save the model with model.save('model.keras').",
    ],
    ...['int8', 'int8_h5', 'float8'].map((quantized) => [
      `multi_head_attention_${quantized}`,
      'The MultiHeadAttention layer "one" has weights that Keras quantized, of which the file doesn\'t say how: ' +
        `Keras can't load it either. ${before}`,
    ]),
  ] as const) {
    it(name!, async () => {
      const { model } = cases.find((one) => one.name === name)!;
      await assert.rejects(readKerasModel(model), { code: 'model_format_unsupported', message });
    });
  }
});

describe('quantizationOf', () => {
  const of = (className: string, config: Config) => quantizationOf(layer(className, config, {}));
  const int8 = (activation: Config | null, name = 'Int8QuantizationConfig') => ({
    dtype: 'int8_from_float32',
    quantization_config: { class_name: name, config: { weight_quantizer: null, activation_quantizer: activation } },
  });
  const absMax = (config: Config) => ({ class_name: 'AbsMaxQuantizer', config });
  const standard = { low: -127, high: 127, epsilon: 1e-7 };

  for (const [what, className, config, expected] of [
    ['int8 of a policy', 'Dense', { dtype: 'int8_from_float32' }, { bits: 8, grouped: false, inputs: standard }],
    ['int8 of weights alone', 'Dense', int8(null), { bits: 8, grouped: false, inputs: undefined }],
    ['int8 of a table', 'Embedding', int8(absMax({})), { bits: 8, grouped: false, inputs: undefined }],
    [
      'a range of its own',
      'EinsumDense',
      int8(absMax({ value_range: [-100, 90], epsilon: 0.5, axis: [0] })),
      { bits: 8, grouped: false, inputs: { low: -100, high: 90, epsilon: 0.5 } },
    ],
    ['int4', 'Dense', { dtype: 'int4_from_float32' }, { bits: 4, grouped: false, inputs: undefined }],
    ['int4 in groups', 'Dense', { dtype: 'int4/64_from_bfloat16' }, { bits: 4, grouped: true, inputs: undefined }],
    [
      'int4 whose config has the last word',
      'Dense',
      { dtype: 'int4/64_from_float32', quantization_config: { class_name: 'Int4QuantizationConfig', config: {} } },
      { bits: 4, grouped: false, inputs: undefined },
    ],
    [
      'int4 of scores',
      'ReversibleEmbedding',
      { dtype: 'int4/-1_from_float32' },
      { bits: 4, grouped: false, inputs: standard },
    ],
    ['gptq', 'Dense', { dtype: 'gptq/3/-1_from_float32' }, { bits: 3, grouped: false, inputs: undefined }],
  ] as const) {
    it(`knows ${what}`, () => {
      const { mode, ...rest } = of(className, config)!;
      assert.deepEqual(rest, expected);
      assert.ok(config.dtype.startsWith(mode));
    });
  }

  it('knows what is not quantized', () => assert.equal(of('Dense', { dtype: 'mixed_float16' }), undefined));

  for (const [what, className, config, message] of [
    ['another mode', 'Dense', { dtype: 'int2_from_float32' }, /was quantized to int2 by Keras, which is not supported/],
    ['bits that there are none of', 'Dense', { dtype: 'gptq/5/8_from_float32' }, /quantized to gptq\/5\/8 by Keras/],
    ['a class that Keras does not quantize', 'Conv2D', { dtype: 'int8_from_float32' }, /The Conv2D layer .* to int8/],
    ['a mode that a class has not', 'Embedding', { dtype: 'float8_from_float32' }, /The Embedding layer .* to float8/],
    ['a config of its own', 'Dense', int8(null, 'Mine'), /by a config of its own, "Mine"/],
    ['a quantizer of its own', 'Dense', int8({ class_name: 'Mine', config: {} }), /quantizes its inputs by .*Mine/],
    ['a range beyond a byte', 'Dense', int8(absMax({ value_range: [-128, 128] })), /quantizes its inputs by/],
    ['a range of fractions', 'Dense', int8(absMax({ value_range: [-1.5, 1.5] })), /quantizes its inputs by/],
    ['another dtype', 'Dense', int8(absMax({ output_dtype: 'int16' })), /quantizes its inputs by/],
    ['scores along another axis', 'ReversibleEmbedding', int8(absMax({ axis: [0] })), /quantizes its inputs by/],
    ['float8 with LoRA', 'Dense', { dtype: 'float8_from_float32', lora_rank: 2 }, /float8 and adapted \(LoRA\)/],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(() => of(className, config as Config), { code: 'model_format_unsupported', message });
    });
  }
});
