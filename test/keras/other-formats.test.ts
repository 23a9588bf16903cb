/** Files of other programs, as these wrote them: each is named for what it is, with what its owner does next. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { ModelFolders } from '../../src/catalog/model-folders.js';
import { readKerasModel } from '../../src/keras/index.js';
import { unpackFamily } from '../helpers/fixtures.js';
import { temporaryFolder } from './files.js';

const family = unpackFamily('odd-containers');
after(() => rmSync(family.folder, { recursive: true }));
const folder = temporaryFolder();
const pickle = /Python pickle.*never run.*model\.save\('model\.keras'\)/;
const checkpoint = /TensorFlow checkpoint.*model\.save\('model\.keras'\)/;

/** What is said of a case of the fixtures. */
const cases: Record<string, RegExp> = {
  h5_bfloat16_unmarked: /"\/model_weights\/first\/.*" holds floats of 16 bits .*Save the model again with Keras/,
  h5_complex: /holds complex numbers.*Save the model again with Keras/,
  h5_float128: /holds floats of 128 bits.*Save the model again with Keras/,
  h5_lzf: /compressed with "lzf"\. Save it uncompressed or with gzip/,
  h5_soft_link: /link to another place.*save the model again with Keras/,
  h5_external_link: /link to another file.*save the model again with Keras/,
  keras_two_in_zip: /zip of several models \("pets\/", "other\/"\)\. Unpack it/,
  frozen_pb: /TensorFlow graph \(GraphDef.*Give the Keras model that it was made from/,
  frozen_pbtxt: /TensorFlow graph \(GraphDef\) as text.*Give the Keras model/,
  frozen_1_pb: /TensorFlow graph \(GraphDef.*Give the Keras model/,
  model_tflite: /TensorFlow Lite model\. Give the Keras model that it was converted from/,
  model_ckpt_index: checkpoint,
  model_ckpt_data_00000_of_00001: checkpoint,
  model_ckpt_meta: /graph of a TensorFlow checkpoint.*model\.save/,
  checkpoint: /list of a folder's TensorFlow checkpoints.*model\.save/,
  model_joblib: pickle,
  compressed_joblib: pickle,
  gzip_joblib: pickle,
  lzma_joblib: pickle,
  weights_npz: /NumPy arrays \(\.npz\): weights without an architecture.*model\.save/,
  weights_npy: /NumPy array, not a model.*model\.save/,
  saved_model_zip: /zip around a TensorFlow SavedModel \("saved\/saved_model\.pb"\)\. Unpack it/,
  saved_model_tar: /tar archive\. Unpack it/,
  saved_model_tar_gz: /tar archive\. Unpack it/,
  around_zip: /zip around a model \("models\/pets\.keras"\)\. Unpack it/,
  model_h5_gz: /compressed with gzip\. Unpack it/,
};

describe('a file of another program, as that wrote it, is named', () => {
  const refused = family.cases.filter((one) => one.refused?.length === 0);
  it('in each case of the fixtures', () => {
    assert.deepEqual(refused.map(({ name }) => name).sort(), Object.keys(cases).sort());
  });
  for (const { name, model } of refused) {
    it(name, async () => {
      await assert.rejects(readKerasModel(model), { code: 'model_format_unsupported', message: cases[name]! });
    });
  }
});

describe('what begins as a file of another program is named', () => {
  const files: [name: string, content: string, message: RegExp][] = [
    ['old.pth', '\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.', /PyTorch model.*ONNX/],
    ['protocol-0.pkl', '(dp0\nVa\np1\nI1\ns.', pickle],
    ['protocol-0-class.pkl', 'ccopy_reg\n_reconstructor\n(c__main__\nA\n', pickle],
    ['protocol-1.pkl', '}q\0(X\x01\0\0\0aq\x01K\x01u.', pickle],
    ['model.mlmodel', '\x08\x04\x12\x08\n\x06\n\x01x\x1a\x01f\xa2\x1f\x02\n\0', /Core ML model\. Give the Keras model/],
    ['first.mlmodel', '\x08\x01\x12\x08\n\x06\n\x01x\x1a\x01f\xa2\x1f\x02\n\0', /Core ML model\. Give the Keras model/],
    ['saved_model.pb', '\x08\x01\x12\x05\n\x03*\x01a', /SavedModel.*--engine/],
    ['saved_model.pbtxt', 'saved_model_schema_version: 1\nmeta_graphs {', /SavedModel as text.*model\.save/],
    ['model.safetensors', '\x40\0\0\0\0\0\0\0{"__metadata__":{}}', /safetensors.*model\.save/],
    ['model.gguf', 'GGUF\x03\0\0\0', /GGUF/],
    ['model.lz4', '\x04\x22\x4d\x18', /packed archive \(LZ4\)\. Unpack it/],
    ['model.zst', '\x28\xb5\x2f\xfd', /packed archive \(Zstandard\)\. Unpack it/],
    ['zeros.keras', '\0'.repeat(1024), /nothing but zeros.*download it again/],
    // What only begins alike.
    ['zlib.txt', 'x^2 + y^2', /no model file of a known kind/],
    ['graph.pb', '\n\x03\n\x01x', /no model file of a known kind/],
    ['operation.pb', '\n\x07\n\x01x\x12\x02\x01\x02', /no model file of a known kind/],
    ['index', '\x57\xfb\x80\x8b\x24\x75\x47', /no model file of a known kind/],
  ];
  for (const [name, content, message] of files) {
    it(name, async () => {
      const path = join(folder, name);
      writeFileSync(path, content, 'latin1');
      await assert.rejects(readKerasModel(path), { name: 'ModelFileError', message });
    });
  }
});

describe('a folder of another program is named', () => {
  const folders: Record<string, { files: string[]; message: RegExp }> = {
    'pets.mlpackage': {
      files: ['Manifest.json', 'Data/model.mlmodel'],
      message: /Core ML package.*Give the Keras model/,
    },
    checkpoints: {
      files: ['checkpoint', 'ckpt-1.index', 'ckpt-1.data-00000-of-00001'],
      message: /folder of TensorFlow checkpoints.*model\.save/,
    },
    orbax: { files: ['_CHECKPOINT_METADATA', 'manifest.ocdbt'], message: /Orbax checkpoint.*model\.save/ },
    shards: { files: ['config.json', 'model.weights.json'], message: /config\.json as the model.*--weights/ },
    arrays: { files: ['config.json', 'model.weights.npz'], message: /NumPy arrays.*\.keras/ },
  };
  for (const [name, { files, message }] of Object.entries(folders)) {
    it(name, async () => {
      const path = join(folder, name);
      for (const file of files) {
        mkdirSync(join(path, file, '..'), { recursive: true });
        writeFileSync(join(path, file), '');
      }
      await assert.rejects(readKerasModel(path), { code: 'model_format_unsupported', message });
      await assert.rejects(new ModelFolders([path]).scan(), { code: 'model_not_found', message });
    });
  }
});
