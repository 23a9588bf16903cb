/** What is no Keras model is named for what it is, with what to do. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { isOnnxFile, type ModelFileErrorCode, modelFiles, readKerasModel } from '../../src/keras/index.js';
import { doublingModel } from '../helpers/onnx-models.js';
import { dense, fillDense, input, sequential, temporaryFolder, writeArchive, writeHdf5 } from './files.js';

const folder = temporaryFolder();

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? Buffer.from(content, 'latin1') : content);
  return path;
}

function makeFolder(name: string, ...files: string[]): string {
  const path = join(folder, name);
  mkdirSync(path);
  for (const file of files) writeFileSync(join(path, file), '');
  return path;
}

const architecture = sequential(input([null, 2]), dense('dense', 3));

describe('a file that is no Keras model', () => {
  const cases: [what: string, path: () => string | Promise<string>, code: ModelFileErrorCode, message: RegExp][] = [
    ['missing', () => join(folder, 'nowhere.keras'), 'model_not_found', /no such file/],
    ['under a file', () => join(write('file', 'x'), 'model.keras'), 'model_not_found', /no such file/],
    ['empty', () => write('empty.keras', ''), 'model_format_unknown', /empty/],
    [
      'a Git LFS pointer',
      () => write('lfs.h5', 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 102967424\n'),
      'model_format_unknown',
      /git lfs pull/,
    ],
    ['a web page', () => write('page.h5', '\n<!DOCTYPE html><html></html>'), 'model_format_unknown', /web page/],
    ['an answer of a file store', () => write('s3.h5', '<?xml version="1.0"?><Error/>'), 'model_format_unknown', /XML/],
    ['a pickle', () => write('model.pkl', '\x80\x04\x95\x00'), 'model_format_unsupported', /pickle.*never run/],
    ['TensorFlow Lite', () => write('model.tflite', '\x1c\0\0\0TFL3'), 'model_format_unsupported', /TensorFlow Lite/],
    ['a NumPy array', () => write('x.npy', '\x93NUMPY\x01'), 'model_format_unsupported', /NumPy/],
    ['gzipped, cut short', () => write('model.h5.gz', '\x1f\x8b\x08'), 'model_format_unsupported', /gzip/],
    ['gzipped, of another kind', () => write('model.h5.gz', gzipSync('\x89HDF')), 'model_format_unsupported', /gzip/],
    [
      'a gzipped architecture without weights',
      () => write('model.json.gz', gzipSync(JSON.stringify(architecture))),
      'model_weights_missing',
      /without weights/,
    ],
    [
      'gzipped zeros, a thousand times as long',
      () => write('zeros.json.gz', gzipSync(`{${' '.repeat(2 ** 28)}`)),
      'model_format_unsupported',
      /gzip/,
    ],
    [
      'YAML',
      () => write('model.yaml', 'backend: tensorflow\nclass_name: Sequential\n'),
      'model_format_unsupported',
      /YAML/,
    ],
    [
      'a SavedModel file',
      () => write('saved_model.pb', '\x08\x01\x12\x82\x01abc'),
      'model_format_unsupported',
      /SavedModel/,
    ],
    [
      'a SavedModel folder',
      () => makeFolder('saved', 'saved_model.pb'),
      'model_format_unsupported',
      /SavedModel.*model\.keras/,
    ],
    ['a folder', () => makeFolder('nothing'), 'model_format_unknown', /folder/],
    ['a folder of TensorFlow.js', () => makeFolder('tfjs', 'model.json'), 'model_format_unknown', /model\.json/],
    ['text', () => write('notes.keras', 'hello there'), 'model_format_unknown', /no model file of a known kind/],
    ['other JSON', () => write('labels.json', '["cat", "dog"]'), 'model_format_unknown', /no Keras model/],
    ['broken JSON', () => write('broken.json', '{"class_name": "Sequ'), 'model_damaged', /not valid JSON/],
    [
      'a TensorFlow.js graph model',
      () =>
        write(
          'model.json',
          JSON.stringify({ format: 'graph-model', modelTopology: { node: [] }, weightsManifest: [] }),
        ),
      'model_format_unsupported',
      /graph model/,
    ],
    ['ONNX, here', () => doublingModel(), 'model_format_unsupported', /ONNX/],
    [
      'weights without an architecture',
      () => writeHdf5(join(folder, 'model.weights.h5'), fillDense),
      'model_format_unsupported',
      /weights without the architecture/,
    ],
    [
      'an architecture without weights',
      () => write('architecture.json', JSON.stringify(architecture)),
      'model_weights_missing',
      /--weights/,
    ],
    [
      'HDF5 of something else',
      () => writeHdf5(join(folder, 'data.h5'), (file) => void file.create_group('measurements')),
      'model_format_unsupported',
      /Keras did not write it/,
    ],
    [
      'not built',
      () => writeArchive(join(folder, 'unbuilt.keras'), sequential(dense('dense', 3))),
      'model_not_built',
      /--input-shape/,
    ],
  ];
  for (const [what, path, code, message] of cases) {
    it(`but is ${what}`, async () => {
      await assert.rejects(readKerasModel(await path()), { name: 'ModelFileError', code, message });
    });
  }

  it('but is forbidden to read', async () => {
    const path = write('secret.keras', 'x');
    chmodSync(path, 0);
    const isRoot = process.getuid?.() === 0;
    // Root may read everything: for a moment it is nobody.
    if (isRoot) process.seteuid!(65534);
    try {
      await assert.rejects(readKerasModel(path), { code: 'model_unreadable', message: /permission/ });
    } finally {
      if (isRoot) process.seteuid!(0);
    }
  });
});

describe('a model in more than one file', () => {
  it('is an architecture with the weights that are given', async () => {
    const model = write('parts.json', JSON.stringify(architecture));
    const weights = await writeHdf5(join(folder, 'other-name.h5'), fillDense);
    const { graph, container } = await readKerasModel(model, { weights });
    assert.equal(container, 'json');
    assert.deepEqual([...graph.calls[0]!.layer.weights.keys()], ['kernel', 'bias']);
    assert.deepEqual(await modelFiles(model, { weights }), [model, weights]);
  });

  it('takes the weights beside the architecture when none are given', async () => {
    const model = write('beside.json', JSON.stringify(architecture));
    const weights = await writeHdf5(join(folder, 'beside.weights.h5'), fillDense);
    assert.equal((await readKerasModel(model)).graph.calls[0]!.layer.weights.size, 2);
    assert.deepEqual(await modelFiles(model), [model, weights]);
  });

  it('takes the input shape that the caller gives when it was not built', async () => {
    const path = await writeArchive(join(folder, 'given.keras'), sequential(dense('dense', 3)));
    const { graph } = await readKerasModel(path, { inputShape: [2] });
    assert.deepEqual(graph.inputs, [
      { name: 'dense_input', shape: [null, 2], dtype: 'float32', id: 'dense_input/0:0' },
    ]);
  });

  it('of weights for another model is refused by the layer that has none', async () => {
    const model = write('other.json', JSON.stringify(sequential(input([null, 2]), dense('dense', 3), dense('top', 1))));
    const weights = await writeHdf5(join(folder, 'other.weights.h5'), fillDense);
    await assert.rejects(readKerasModel(model, { weights }), { code: 'model_weights_missing', message: /"top"/ });
  });
});

it('an ONNX file is told by its content', async () => {
  assert.equal(await isOnnxFile(doublingModel()), true);
  assert.equal(await isOnnxFile(write('protobuf', '\x08\x01\x12\x82\x01abc')), false);
  assert.equal(await isOnnxFile(write('short', '\x08')), false);
  assert.equal(await isOnnxFile(folder), false);
  assert.equal(await isOnnxFile(await writeArchive(join(folder, 'no.onnx'), architecture)), false);
});
