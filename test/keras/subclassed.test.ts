/** A model of a class of its own is named for what it is. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { LayerReader } from '../../src/keras/layers.js';

it('takes a model class without a module for a class, and for no operation', () => {
  const reader = new LayerReader({ legacy: false, dataFormat: 'channels_last', theano: false }, undefined);
  const entry = { module: null, class_name: 'Recommender', config: { users: 74 }, registered_name: 'Recommender' };
  assert.equal(reader.read(entry).className, 'Recommender');
});
