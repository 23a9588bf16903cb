/** What is refused as layers of TensorFlow.js, because its backends would answer otherwise than Keras. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type KerasModel, type Layer, TensorReference } from '../../src/keras/index.js';
import { planLayers } from '../../src/tensorflow/layers-plan.js';
import { layer } from '../helpers/layer-model.js';

/** A model of whole numbers `i` and floats `x`, four of each: layers by what they are called with, the last of which it gives. */
function model(calls: [output: string, layer: Layer, ...inputs: string[]][]): KerasModel {
  return {
    name: 'model',
    container: 'keras',
    kerasVersion: '3',
    className: 'Functional',
    graph: {
      inputs: [
        { name: 'i', shape: [null, 4], dtype: 'int32', id: 'i:0' },
        { name: 'x', shape: [null, 4], dtype: 'float32', id: 'x:0' },
      ],
      calls: calls.map(([output, made, ...inputs]) => {
        const tensors = inputs.map((input) => new TensorReference(`${input}:0`));
        return {
          layer: { ...made, name: output },
          args: [tensors.length > 1 ? tensors : tensors[0]!],
          kwargs: {},
          output,
        };
      }),
      outputs: new TensorReference(`${calls.at(-1)![0]}:0`),
    },
  };
}

const joining = layer('Concatenate', { axis: -1 });
const dense = layer('Dense', { units: 2, use_bias: false }, { kernel: [4, 2] });

describe('a Concatenate of TensorFlow.js', () => {
  const refused = /it joins tensors of int32 and float32/;

  it('is refused for whole numbers and floats, whatever they have come through', () => {
    assert.throws(() => planLayers(model([['y', joining, 'i', 'x']])), refused);
    assert.throws(
      () =>
        planLayers(
          model([
            ['f', layer('Flatten', {}), 'i'],
            ['y', joining, 'f', 'x'],
          ]),
        ),
      refused,
    );
    assert.throws(
      () =>
        planLayers(
          model([
            ['s', layer('Add', {}), 'i', 'i'],
            ['y', joining, 's', 'x'],
          ]),
        ),
      refused,
    );
  });

  it('joins what is of one type', () => {
    planLayers(model([['y', joining, 'i', 'i']]));
    planLayers(
      model([
        ['d', dense, 'i'],
        ['y', joining, 'd', 'x'],
      ]),
    );
    planLayers(
      model([
        ['s', layer('Add', {}), 'i', 'x'],
        ['y', joining, 's', 'x'],
      ]),
    );
  });
});
