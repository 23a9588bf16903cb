/** A model file is data: nothing in it is run, imported or followed, and it can't cost more than it is worth. */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readKerasModel } from '../../src/keras/index.js';
import { compile } from '../../src/onnx/compile.js';
import { dense, input, sequential, temporaryFolder, writeArchive } from './files.js';

const folder = temporaryFolder();
const proof = join(folder, 'ran');
let files = 0;
const archive = (config: unknown) => writeArchive(join(folder, `${files++}.keras`), config, () => undefined);

/** Marshalled bytes as `func_dump` makes them, here of nothing that could run. */
const marshalled = { class_name: '__lambda__', config: { value: ['4wEAAAAAAAAA\n', null, null] } };

describe('a config that names code', () => {
  const layers: [what: string, layer: object, named: RegExp][] = [
    [
      'a Lambda with marshalled bytes',
      {
        module: 'keras.layers',
        class_name: 'Lambda',
        config: { name: 'evil', function: marshalled },
        registered_name: null,
      },
      /evil \(Lambda\)/,
    ],
    [
      'a Lambda of a function by module path',
      {
        module: 'keras.layers',
        class_name: 'Lambda',
        config: {
          name: 'evil',
          function: { module: 'os', class_name: 'function', config: 'system', registered_name: 'system' },
        },
      },
      /evil \(Lambda\)/,
    ],
    [
      'builtins.exec in the place of a class',
      {
        module: 'builtins',
        class_name: 'exec',
        config: { name: 'evil', source: `open('${proof}', 'w')` },
        registered_name: null,
      },
      /evil \(builtins>exec\)/,
    ],
    [
      'keras.utils.get_file in the place of a class',
      { module: 'keras.utils', class_name: 'get_file', config: { name: 'evil', origin: 'http://127.0.0.1:1/' } },
      /evil \(get_file\)/,
    ],
    [
      'an activation by module path',
      dense('dense', 3, {
        activation: { module: 'os', class_name: 'function', config: 'system', registered_name: 'system' },
      }),
      /dense/,
    ],
    [
      'a class called like one of Keras, from elsewhere',
      { ...dense('dense', 3), module: 'evil', registered_name: 'evil>Dense' },
      /dense \(evil>Dense\)/,
    ],
    [
      'a class that every object has',
      { class_name: 'constructor', config: { name: 'evil' } },
      /evil \(ops\.constructor\)/,
    ],
    ['__proto__', { class_name: '__proto__', config: { name: 'evil' } }, /evil \(ops\.__proto__\)/],
  ];
  for (const [what, layer, named] of layers) {
    it(`is refused by the layer's name: ${what}`, async () => {
      const path = await writeArchive(join(folder, `${files++}.keras`), sequential(input([null, 2]), layer));
      await assert.rejects(async () => compile(await readKerasModel(path)), { message: named });
      assert.ok(!existsSync(proof));
    });
  }

  it('is refused for a model of a class of its own', async () => {
    const path = await archive({ module: 'evil', class_name: 'Model', config: {}, registered_name: 'evil>Model' });
    await assert.rejects(async () => compile(await readKerasModel(path)), { message: /evil>Model/ });
  });

  it('does not read the vocabulary file that it names', async () => {
    const lookup = { class_name: 'IntegerLookup', config: { name: 'lookup', vocabulary: '/etc/hostname' } };
    const path = await archive(sequential(input([null, 2]), { module: 'keras.layers', ...lookup }));
    const { graph } = await readKerasModel(path);
    assert.equal(graph.calls[0]!.layer.config.vocabulary, '/etc/hostname');
  });
});

describe('a config out of bounds', () => {
  const functional = (layers: object[], inputs: unknown = [['x', 0, 0]], outputs: unknown = [['x', 0, 0]]) => ({
    module: 'keras',
    class_name: 'Functional',
    config: { name: 'model', layers, input_layers: inputs, output_layers: outputs },
  });
  const inputLayer = {
    ...input([null, 2]),
    config: { batch_shape: [null, 2], name: 'x' },
    name: 'x',
    inbound_nodes: [],
  };
  const tensor = (layer: string, node = 0) => ({
    class_name: '__keras_tensor__',
    config: { shape: [null, 2], dtype: 'float32', keras_history: [layer, node, 0] },
  });
  const relu = (name: string, from: unknown) => ({
    module: 'keras.layers',
    class_name: 'ReLU',
    config: { name },
    name,
    inbound_nodes: [{ args: [from], kwargs: {} }],
  });
  const nested = (depth: number): object => (depth === 0 ? input([null, 2]) : sequential(nested(depth - 1)));

  const cases: [what: string, config: unknown, code: string, message: RegExp][] = [
    ['nested without end', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'model_too_large', /nested deeper/],
    ['a list', '[]', 'model_damaged', /no JSON object/],
    ['models in models without end', nested(60), 'model_too_large', /inside layers without end/],
    [
      'too many layers',
      sequential(...Array.from({ length: 20_001 }, (_, i) => ({ class_name: 'ReLU', config: { name: `r${i}` } }))),
      'model_too_large',
      /too many layers/,
    ],
    [
      'layers that wait for each other',
      functional([inputLayer, relu('a', tensor('b')), relu('b', tensor('a'))], undefined, [['a', 0, 0]]),
      'model_damaged',
      /circle/,
    ],
    [
      'a tensor from nowhere',
      functional([inputLayer, relu('a', tensor('ghost'))]),
      'model_damaged',
      /"ghost" that is not there/,
    ],
    [
      'a call that is not there',
      functional([inputLayer, relu('a', tensor('x')), relu('b', tensor('a', 7))], undefined, [['b', 0, 0]]),
      'model_damaged',
      /call 7/,
    ],
    ['two layers of one name', functional([inputLayer, inputLayer]), 'model_damaged', /two layers/],
    ['no inputs', functional([inputLayer], []), 'model_damaged', /no inputs/],
    ['no outputs', functional([inputLayer], undefined, []), 'model_damaged', /no outputs/],
    ['an input without a shape', functional([{ ...inputLayer, config: { name: 'x' } }]), 'model_damaged', /no shape/],
    [
      'an input of negative size',
      functional([{ ...inputLayer, config: { name: 'x', batch_shape: [null, -1] } }]),
      'model_damaged',
      /no shape/,
    ],
  ];
  for (const [what, config, code, message] of cases) {
    it(`is refused: ${what}`, async () => {
      await assert.rejects(readKerasModel(await archive(config)), { name: 'ModelFileError', code, message });
    });
  }

  it('is cut in messages, without control characters', async () => {
    const name = `\u001b[31m${'x'.repeat(5_000)}\n`;
    const path = await archive(sequential(input([null, 2]), dense(name, 3)));
    await assert.rejects(readKerasModel(path), (error: Error) => {
      assert.ok(error.message.length < 400);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what the message must not hold.
      assert.doesNotMatch(error.message, /[\u0000-\u001f]/);
      return true;
    });
  });
});

describe('a TensorFlow.js manifest', () => {
  const manifest = (paths: unknown[], weights: unknown[]) => {
    const path = join(folder, `${files++}.json`);
    const { module: _module, ...modelTopology } = sequential({
      class_name: 'InputLayer',
      config: { name: 'i', batch_input_shape: [null, 2] },
    });
    writeFileSync(
      path,
      JSON.stringify({ format: 'layers-model', modelTopology, weightsManifest: [{ paths, weights }] }),
    );
    return path;
  };
  const weight = { name: 'w', shape: [2], dtype: 'float32' };

  for (const name of ['../secret', '/etc/passwd', 'http://127.0.0.1/x', '..', 'a\\b', 7, null]) {
    it(`is refused when it names the shard ${JSON.stringify(name)}`, async () => {
      await assert.rejects(readKerasModel(manifest([name], [])), {
        code: 'model_format_unsupported',
        message: /never followed/,
      });
    });
  }

  it('is refused when a shard is missing', async () => {
    await assert.rejects(readKerasModel(manifest(['gone.bin'], [weight])), {
      code: 'model_weights_missing',
      message: /gone\.bin/,
    });
  });

  it('is refused when the weights need more than the shards hold, before any memory is taken', async () => {
    writeFileSync(join(folder, 'small.bin'), new Uint8Array(8));
    const large = { ...weight, shape: [2 ** 40] };
    await assert.rejects(readKerasModel(manifest(['small.bin'], [large])), { code: 'model_damaged', message: /need/ });
  });
});
