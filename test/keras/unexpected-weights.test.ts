/** Layers whose weights are others than their class has: what the message says of the file. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { readKerasModel } from '../../src/keras/index.js';
import { unpackFamily } from '../helpers/fixtures.js';

describe('weights that a layer does not expect', () => {
  const { folder, cases } = unpackFamily('hdf5');
  after(() => rmSync(folder, { recursive: true }));

  for (const [name, mode] of [
    ['dense_archive_int8', 'int8'],
    ['dense_archive_int4', 'int4/128'],
    ['dense_archive_float8', 'float8'],
    ['dense_h5_int8', 'int8'],
  ]) {
    it(`${name}: Keras quantized them to ${mode}`, async () => {
      const { model } = cases.find((one) => one.name === name)!;
      await assert.rejects(readKerasModel(model), {
        code: 'model_format_unsupported',
        message:
          `The Dense layer "first" was quantized to ${mode} by Keras, which is not supported. ` +
          'Give the model as it was before model.quantize().',
      });
    });
  }
});
