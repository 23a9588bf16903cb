/** Every setting of a layer is understood, or its model is refused. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { tidyConfig } from '../../src/keras/config.js';
import { modernise } from '../../src/keras/keras2.js';
import { hasKnownSettings, settingRefusal } from '../../src/keras/layer-settings.js';
import type { Config, Layer } from '../../src/keras/model.js';
import { layerTable } from '../../src/onnx/layers/index.js';

const layer = (className: string, config: Config): Layer => ({
  name: 'layer',
  className,
  module: '',
  config,
  weights: new Map(),
  layers: {},
});

function read(className: string, config: Config, keras: number): Layer {
  const modern = modernise(className, config, { legacy: keras < 3, dataFormat: 'channels_last', theano: false });
  return layer(modern.className, tidyConfig(modern.config));
}

describe('settings of layers', () => {
  it('are known of every layer that is served', () => {
    const isOperation = /^ops\.|OpLambda|^TensorFlowOpLayer/;
    const layers = Object.keys(layerTable).filter((className) => !isOperation.test(className));
    assert.ok(layers.length > 100);
    // Models of Keras 3 in HDF5 files have this name for GroupQueryAttention.
    const unknown = layers.filter((one) => !hasKnownSettings(one) && one !== 'GroupedQueryAttention');
    assert.deepEqual(unknown, []);
  });

  /** What the layers that wrap others keep of them isn't in their config any more. */
  const wrapped = ['layer', 'layers', 'cell', 'cells', 'backward_layer'];
  const written = JSON.parse(readFileSync(join(import.meta.dirname, 'settings.json'), 'utf8')) as Record<
    string,
    Record<string, Config>
  >;
  for (const [version, layers] of Object.entries(written)) {
    it(`are all understood as Keras ${version} writes them by default`, () => {
      assert.ok(Object.keys(layers).length > 90);
      const refused = Object.entries(layers).flatMap(([className, config]) => {
        const own = Object.fromEntries(Object.entries(config).filter(([key]) => !wrapped.includes(key)));
        return settingRefusal(read(className, own, Number.parseInt(version, 10))) ?? [];
      });
      assert.deepEqual(refused, []);
    });
  }

  it('that no Keras knows are a refusal that names them', () => {
    const reason = settingRefusal(layer('Dense', { name: 'dense', units: 2, output_scale: 2 }));
    assert.match(reason ?? '', /not known, output_scale of 2;/);
    assert.equal(settingRefusal(layer('Dense', { name: 'dense', units: 2, output_scale: null })), undefined);
  });

  it('are understood with some values alone', () => {
    assert.match(settingRefusal(layer('Softmax', { axis: -1, robust_masking: true })) ?? '', /robust_masking of true/);
    assert.equal(settingRefusal(layer('Softmax', { axis: -1, robust_masking: false })), undefined);
  });

  it('have the names that the Keras of the file has for them', () => {
    assert.equal(read('LeakyReLU', { alpha: 0.2 }, 3).config.negative_slope, 0.2);
    assert.equal(read('LeakyReLU', { alpha: 0.2, negative_slope: 0.1 }, 3).config.negative_slope, 0.2);
    assert.equal(read('LeakyReLU', { alpha: 0.2 }, 2).config.negative_slope, 0.2);
    const activation = { class_name: 'LeakyReLU', config: { alpha: 0.2 } };
    assert.deepEqual(read('Dense', { activation }, 3).config.activation, {
      class_name: 'LeakyReLU',
      config: { negative_slope: 0.2 },
    });
    assert.equal(read('UpSampling1D', { length: 3 }, 1).config.size, 3);
  });
});
