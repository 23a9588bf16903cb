/** Weights find their layers by the names that versions and systems gave them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { attachFlatWeights, attachGroupedWeights } from '../../src/keras/flat-weights.js';
import type { Hdf5Group } from '../../src/keras/hdf5.js';
import type { Members } from '../../src/keras/layers.js';
import type { Layer, Weight } from '../../src/keras/model.js';
import { attachTree } from '../../src/keras/weights.js';

const layer = (name: string, className: string, config: Layer['config'] = {}): Layer => ({
  name,
  className,
  module: 'keras.layers',
  config,
  weights: new Map(),
  layers: {},
});

const weight = (...shape: number[]): Weight => ({
  dtype: 'float32',
  shape,
  data: new Float32Array(shape.reduce((product, length) => product * length, 1)),
});

const group = (groups: Record<string, Hdf5Group>, datasets: Record<string, Weight> = {}): Hdf5Group => ({
  attributes: {},
  groups: new Map(Object.entries(groups)),
  datasets: new Map(Object.entries(datasets)),
});

/** A model with these layers. */
function modelOf(layers: Layer[]): { model: Layer; members: Members } {
  const model = layer('model', 'Functional');
  return {
    model,
    members: new Map([[model, layers.map((member) => ({ ...member, layer: member, nodes: [] }))]]),
  };
}

const dense = (units: number): Hdf5Group => group({ vars: group({}, { 0: weight(4, units), 1: weight(units) }) });
const shapes = ({ weights }: Layer) => [...weights].map(([name, { shape }]) => `${name} ${shape}`);

describe('a tree of weights', () => {
  const first = () => layer('first', 'Dense', { use_bias: true });
  const second = () => layer('second', 'Dense', { use_bias: true });

  it('has the separators of Windows', () => {
    const layers = [first(), second()];
    const { model, members } = modelOf(layers);
    attachTree(model, members, group({ layers: group({}), 'layers\\dense': dense(2), 'layers\\dense_1': dense(3) }));
    assert.deepEqual(layers.map(shapes), [
      ['kernel 4,2', 'bias 2'],
      ['kernel 4,3', 'bias 3'],
    ]);
  });

  it('of tf.keras 2.13 counts layers twice, that of 2.14 once', () => {
    for (const name of ['dense_2', 'dense_1']) {
      const layers = [first(), second()];
      const { model, members } = modelOf(layers);
      attachTree(
        model,
        members,
        group({ _layer_checkpoint_dependencies: group({ dense: dense(2), [name]: dense(3) }) }),
      );
      assert.deepEqual(shapes(layers[1]!), ['kernel 4,3', 'bias 3'], name);
    }
  });
});

describe('a list of weights', () => {
  it('tells a kernel from a recurrent kernel in any order', () => {
    const lstm = layer('lstm', 'LSTM', { use_bias: true, units: 2 });
    const { model, members } = modelOf([lstm]);
    const weights = { bias: [8], kernel: [3, 8], recurrent_kernel: [2, 8] };
    attachFlatWeights(
      model,
      members,
      Object.entries(weights).map(([name, shape]) => ({ name: `lstm/lstm_cell/${name}`, weight: weight(...shape) })),
      { keras1: false, backend: 'tensorflow' },
    );
    for (const [name, shape] of Object.entries(weights)) assert.deepEqual(lstm.weights.get(name)?.shape, shape, name);
  });
});

describe('weights by layer', () => {
  const saved = (name: string, units: number): Hdf5Group => ({
    ...group({ [name]: group({}, { 'kernel:0': weight(4, units), 'bias:0': weight(units) }) }),
    attributes: { weight_names: [`${name}/kernel:0`, `${name}/bias:0`] },
  });
  const files: [names: string, first: string, second: string, order: string][] = [
    ['other names', 'conv2d_1', 'conv2d_2', 'in the order of the file'],
    [
      "the layers' names in another order",
      'second',
      'first',
      'in the order of the file all the same, as Keras loads them',
    ],
  ];
  for (const [names, first, second, order] of files) {
    it(`of ${names} go to the layers ${order}`, () => {
      const layers = [layer('first', 'Dense', { use_bias: true }), layer('second', 'Dense', { use_bias: true })];
      const { model, members } = modelOf(layers);
      const file = group({ [first]: saved(first, 2), [second]: saved(second, 3) });
      file.attributes.layer_names = [first, second];
      attachGroupedWeights(model, members, file, { keras1: false, backend: 'tensorflow' });
      assert.deepEqual(layers.map(shapes), [
        ['kernel 4,2', 'bias 2'],
        ['kernel 4,3', 'bias 3'],
      ]);
    });
  }
});
