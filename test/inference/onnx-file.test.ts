import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { loadServedModel } from '../../src/catalog/served-model.js';
import { compileInProcess } from '../../src/inference/compile-process.js';
import { parseHints } from '../../src/inference/hints-schema.js';
import { readKerasModel } from '../../src/keras/index.js';
import { compile } from '../../src/onnx/compile.js';
import { encodeOnnx, type Metadata } from '../../src/onnx/encode.js';
import { GraphBuilder } from '../../src/onnx/graph.js';
import { metadataNames, readMetadata } from '../../src/onnx/metadata.js';
import { constant, mul } from '../../src/onnx/operators/index.js';
import { readHeads } from '../../src/support/protobuf-reader.js';
import { stringTensor, tensorOfTexts, textsOf } from '../../src/support/strings.js';
import type { Tensor } from '../../src/support/tensor.js';
import { unpackFamily } from '../helpers/fixtures.js';
import { emptyModel, mixingModel } from '../helpers/onnx-models.js';

const { folder: fixtures, cases } = unpackFamily('cards');
const folder = mkdtempSync(join(tmpdir(), 'keras-serve-onnx-'));
after(() => {
  for (const path of [fixtures, folder]) rmSync(path, { recursive: true });
});

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const optimize = (path: string) =>
  compileInProcess('optimize', { path, output: join(folder, 'optimized'), engine: 'onnx' });

describe('an ONNX file', () => {
  it('that keras-serve wrote is known as well as the Keras file', async () => {
    const { model } = cases.find(({ name }) => name === 'rescaling')!;
    const converted = join(folder, 'converted.onnx');
    await compileInProcess('convert', { path: model, output: converted });
    const [expected, actual] = [await optimize(model), await optimize(converted)];
    assert.equal(expected.hints?.scaling?.name, 'rescaling');
    assert.deepEqual(asJson(actual), asJson(expected));
  });

  it('says whether it mixes rows, however much else is noted in it', async () => {
    const model = await readKerasModel(cases.find(({ name }) => name === 'rescaling')!.model);
    const path = join(folder, 'much-noted.onnx');
    writeFileSync(path, compile(model, undefined, { [metadataNames.hints]: 'x'.repeat(70_000) }).bytes.toBuffer());
    assert.deepEqual(Object.fromEntries(await readMetadata(path)), { [metadataNames.batchDependent]: 'false' });
  });

  it('says what is noted in it behind a graph, too, where other programs write it', async () => {
    const graph = new GraphBuilder();
    const x = graph.input('x', 'float32', [null, 40_000]);
    graph.output('y', mul(x, constant(graph, 'float32', [40_000], Array(40_000).fill(2))));
    const metadata = {
      [metadataNames.batchDependent]: 'false',
      author: 'x'.repeat(60_000),
      [metadataNames.strings]: 'abc',
    };
    const bytes = encodeOnnx(graph, metadata).toBuffer();
    const fields: { field: number; bytes: Buffer }[] = [];
    let start = 0;
    for (const { field, wire, start: from, length } of readHeads(bytes)) {
      const end = from + (wire === 0 ? 0 : length);
      fields.push({ field, bytes: bytes.subarray(start, end) });
      start = end;
    }
    const path = join(folder, 'rewritten.onnx');
    writeFileSync(path, Buffer.concat(fields.sort((a, b) => a.field - b.field).map((one) => one.bytes)));
    assert.ok(fields.findIndex(({ field }) => field === 14) > fields.findIndex(({ field }) => field === 7));
    assert.deepEqual(Object.fromEntries(await readMetadata(path)), metadata);
    // Its strings are missed.
    await assert.rejects(optimize(path), {
      code: 'model_weights_missing',
      message: /rewritten\.onnx\.strings can't be read: there is no such file\./,
    });
  });

  it('has no metadata where its fields end beyond it, or nowhere', async () => {
    const path = join(folder, 'endless.onnx');
    const varint = [...Array(8).fill(0xff), 0x7f];
    for (const bytes of [[0x3a, ...varint], [0x3a, 0xff], [0x72, ...varint], Array(200_000).fill(0x08), []]) {
      writeFileSync(path, Buffer.from(bytes));
      assert.equal((await readMetadata(path)).size, 0);
    }
  });

  it('that takes no numbers is refused', async () => {
    await assert.rejects(loadServedModel(emptyModel(), { cacheFolder: null, processes: 1 }), {
      code: 'model_format_unsupported',
      message: /input "x" has the shape \(None, 0\): it takes no numbers/,
    });
  });

  it('that takes and gives strings is run with them, where they are text', async () => {
    const graph = new GraphBuilder();
    const x = graph.input('x', 'string', [null]);
    const attributes = { keys_strings: ['a', 'grün'], values_strings: ['eins', 'zwei ü'], default_string: '?' };
    const [y] = graph.node('ai.onnx.ml.LabelEncoder', [x], attributes, [{ type: 'string', shape: [null] }]);
    graph.output('y', y!);
    const path = join(folder, 'strings.onnx');
    writeFileSync(path, encodeOnnx(graph).toBuffer());
    const model = await loadServedModel(path, { cacheFolder: null, processes: 1 });
    try {
      const { outputs } = await model.predict({ x: tensorOfTexts(['grün', 'b', 'a']) });
      assert.deepEqual(textsOf(outputs.y!), ['zwei ü', '?', 'eins']);
      const bytes = stringTensor({ bytes: Uint8Array.of(0xff), ends: Uint32Array.of(1) }, [1]);
      await assert.rejects(model.predict({ x: bytes }), { code: 'engine_failed' });
    } finally {
      await model.close();
    }
  });

  it('that anybody else wrote runs every request alone, for its rows may depend on each other', async () => {
    const model = await loadServedModel(mixingModel(), { cacheFolder: null, processes: 1 });
    try {
      const batches: number[] = [];
      model.events.on('batch', (rows) => batches.push(rows));
      const answer = async (value: number) => {
        const x: Tensor = { type: 'float32', shape: [1, 3], data: new Float32Array(3).fill(value) };
        return (await model.predict({ x })).outputs.y!.data;
      };
      const values = [1, 2, 3, 4, 5];
      const answers = await Promise.all(values.map(answer));
      assert.deepEqual(
        answers,
        values.map((value) => new Float32Array(3).fill(value)),
      );
      assert.deepEqual(batches, Array(5).fill(1));
    } finally {
      await model.close();
    }
  });

  for (const [batch, noted, batchDependent] of [
    [null, undefined, true],
    [null, 'false', false],
    [null, 'true', true],
    [2, undefined, false],
    [2, 'true', true],
  ] as const)
    it(`of batches of ${batch ?? 'any size'}, noted to mix rows: ${noted}`, async () => {
      const graph = new GraphBuilder();
      graph.output('y', mul(graph.input('x', 'float32', [batch, 3]), 2));
      const path = join(folder, 'noted.onnx');
      const metadata: Metadata = noted === undefined ? {} : { [metadataNames.batchDependent]: noted };
      writeFileSync(path, encodeOnnx(graph, metadata).toBuffer());
      assert.equal((await optimize(path)).signature.batchDependent, batchDependent);
    });

  it('says what it likes in its metadata: what is no hint is passed over', async () => {
    const graph = new GraphBuilder();
    graph.output('y', mul(graph.input('x', 'float32', [null, 3]), 2));
    const path = join(folder, 'foreign.onnx');
    const metadata = { author: 'somebody', [metadataNames.hints]: '{"scaling": "all of it"}' };
    writeFileSync(path, encodeOnnx(graph, metadata).toBuffer());
    assert.deepEqual(Object.fromEntries(await readMetadata(path)), metadata);
    assert.equal((await optimize(path)).hints, null);
  });
});

describe('parseHints', () => {
  it('takes hints, without characters that would confuse a terminal', () => {
    const hints = { scaling: { className: 'Rescaling', name: 'a\u001b[2J', range: [0, 1] } };
    const named = (name: string) => ({
      inputs: [{ feeds: [name, 'Dense'] }, {}],
      outputs: [{ activation: name }, { loss: { name, fromLogits: true } }],
    });
    assert.deepEqual(parseHints(JSON.stringify({ ...hints, ...named('b\u001b[2J') })), {
      scaling: { ...hints.scaling, name: 'a?[2J' },
      ...named('b?[2J'),
    });
  });

  it('gives null for all else', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (json) => void parseHints(json)));
    const long = JSON.stringify({ outputs: Array(501).fill({}) });
    const loss = '{"outputs": [{"loss": {"name": "Huber", "fromLogits": 1}}]}';
    const backbone = '{"backbone": {"family": "Other", "name": "x"}}';
    for (const wrong of ['', '[]', 'null', backbone, '{"outputs": [{"activation": 1}]}', loss, long])
      assert.equal(parseHints(wrong), null, wrong);
  });
});
