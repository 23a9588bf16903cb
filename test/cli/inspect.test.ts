import assert from 'node:assert/strict';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { formatSummary } from '../../src/commands/run-inspect.js';
import type { ModelSummary } from '../../src/onnx/summary.js';
import { packageRoot } from '../../src/support/package.js';
import { bundledModel } from '../helpers/app.js';
import { type FixtureCase, unpackFamily } from '../helpers/fixtures.js';
import { temporaryFolder } from '../helpers/folder.js';
import { doublingModel } from '../helpers/onnx-models.js';
import { runCli } from '../helpers/server.js';

const unpacked = ['models', 'refused', 'cards'].map(unpackFamily);
after(() => {
  for (const { folder } of unpacked) rmSync(folder, { recursive: true });
});

function fixture(name: string): FixtureCase {
  const found = unpacked.flatMap(({ cases }) => cases).find((one) => one.name === name);
  assert.ok(found, name);
  return found;
}

const fixtureOf = (family: string, name: string): FixtureCase =>
  unpacked.flatMap(({ cases }) => cases).find((one) => one.family === family && one.name === name)!;

describe('keras-serve inspect', () => {
  it('prints container, version, inputs, outputs, layers and parameters', async (t) => {
    const { code, stdout } = await runCli(t, ['inspect', fixture('functional_shared_second_node').model]).ended;
    assert.equal(code, 0);
    assert.match(stdout, /^functional \(Functional\): a \.keras archive of Keras 3\.\d+\.\d+$/m);
    assert.match(stdout, /^Inputs\n {2}input_layer_1 {2}float32 {2}\(None, 4\)$/m);
    assert.match(stdout, /^Outputs\n {2}re_lu {2}float32 {2}\(None, 3\)$/m);
    assert.match(stdout, /^dense +Dense +\(None, 3\) +15 +input_layer_1\[0\]\[0\]$/m);
    assert.match(stdout, /^Parameters: 15$/m);
    assert.doesNotMatch(stdout, /Not supported/);
  });

  it('tells what is in the file where its card is wrong, and then what is wrong with the card', async (t) => {
    const folder = temporaryFolder('inspect');
    t.after(() => rmSync(folder, { recursive: true }));
    cpSync(fixture('functional_shared_second_node').model, join(folder, 'model.keras'));
    writeFileSync(join(folder, 'serve.json'), '{"labels": "yes"}');
    const { code, stdout, stderr } = await runCli(t, ['inspect', folder]).ended;
    assert.equal(code, 1);
    assert.match(stdout, /^Parameters: 15$/m);
    assert.match(stderr, /^keras-serve: .*serve\.json.*labels/);
  });

  it("counts the bundled model's parameters", async (t) => {
    const { stdout } = await runCli(t, ['inspect', '--json', bundledModel]).ended;
    const summary: ModelSummary = JSON.parse(stdout);
    assert.equal(summary.container, 'keras');
    assert.equal(summary.parameters, 4_694_024);
    assert.equal(
      summary.layers.reduce((sum, { parameters }) => sum + parameters!, 0),
      summary.parameters,
    );
    assert.deepEqual(summary.inputs, [{ name: 'image', type: 'float32', shape: [null, 224, 224, 3] }]);
    assert.deepEqual(summary.outputs, [{ name: 'predictions', type: 'float32', shape: [null, 1000] }]);
    assert.deepEqual(summary.unsupported, []);
  });

  it('lists every layer that is not supported, and ends well', async (t) => {
    const { model, refused } = fixture('keras_keras_all_at_once');
    const { code, stdout } = await runCli(t, ['inspect', '--json', model]).ended;
    assert.equal(code, 0);
    const summary: ModelSummary = JSON.parse(stdout);
    assert.deepEqual(summary.unsupported.map(({ name }) => name).sort(), refused!.map(({ name }) => name).sort());
    assert.equal(summary.outputs, null);
    const blank = summary.layers.filter(({ outputs }) => outputs === null).map(({ name }) => name);
    for (const { name } of refused!) assert.ok(blank.includes(name));
  });

  it('prints the layers of nested models when asked, their shapes blank behind what is not supported', async (t) => {
    const { model } = fixture('keras_h5_inside_nested');
    const { stdout } = await runCli(t, ['inspect', model]).ended;
    assert.doesNotMatch(stdout, /^ {2}dense /m);
    const { code, stdout: expanded } = await runCli(t, ['inspect', '--expand-nested', model]).ended;
    assert.equal(code, 0);
    assert.match(expanded, /an HDF5 file of Keras 3/);
    assert.match(expanded, /^ {2}dense +Dense +\(None, 3\) +12$/m);
    assert.match(expanded, /^ {2}deep +fixtures>Scaled +\? +\?$/m);
    assert.match(expanded, /^dense_1 +Dense +\? +8$/m);
    assert.match(expanded, /^Not supported: 1 layer\n {2}deep \(fixtures>Scaled\): /m);
  });

  it('prints what an ONNX model takes and gives', async (t) => {
    const path = doublingModel();
    const { code, stdout } = await runCli(t, ['inspect', path]).ended;
    rmSync(join(path, '..'), { recursive: true });
    assert.equal(code, 0);
    const tensors = 'Inputs\n  x  float32  (None, 3)\n\nOutputs\n  y  float32  (None, 3)';
    assert.equal(stdout, `an ONNX model\n\n${tensors}\n\nKinds\n  x  tensor\n  y  tensor`);
  });

  it('prints what the model is to people, and what of that is guessed', async (t) => {
    const { model } = fixtureOf('cards', 'teachable_machine');
    const { code, stdout } = await runCli(t, ['inspect', model]).ended;
    assert.equal(code, 0);
    assert.match(stdout, /^Kinds\n {2}\w+ +image\n {2}\w+ +classes$/m);
    assert.match(stdout, /"tf", pixels.* likely +the model is/);
    const json = JSON.parse((await runCli(t, ['inspect', '--json', model]).ended).stdout);
    assert.deepEqual(Object.values(json.kinds.inputs), ['image']);
    const scaling = json.assumptions.find(({ key }: { key: string }) => key.endsWith('.scaling'));
    assert.equal(scaling.value, 'tf');
    assert.equal(scaling.certainty, 'likely');
  });

  for (const [args, code, message] of [
    [['missing.keras'], 1, /There is no file or folder "missing\.keras"/],
    [[join(packageRoot, 'README.md')], 1, /no model file of a known kind/],
    [['a.keras', '--input-shape', '2,-3'], 2, /--input-shape must be sizes such as 28,28,1/],
    [['a.keras', '--top-k', '2'], 2, /--top-k is not an option of keras-serve inspect/],
  ] as const) {
    it(`refuses ${args.join(' ').replace(packageRoot, '')}`, async (t) => {
      const ended = await runCli(t, ['inspect', ...args]).ended;
      assert.equal(ended.code, code);
      assert.match(ended.stderr, message);
      assert.equal(ended.stdout, '');
    });
  }

  it('says how to give the shape of a model that was never built', async (t) => {
    const { code, stderr } = await runCli(t, ['inspect', fixture('keras_keras_unbuilt').model]).ended;
    assert.equal(code, 1);
    assert.match(stderr, /--input-shape 224,224,3/);
  });
});

describe('formatSummary', () => {
  const summary = (name: string): ModelSummary => ({
    container: 'hdf5',
    kerasVersion: '2.15.0\u001b[31m',
    name: 'model\u001b[2J',
    className: 'Functional',
    inputs: [{ name: 'x', type: 'float32', shape: [null, 2] }],
    outputs: [{ name: 'y', type: 'float32', shape: [null] }],
    layers: [
      {
        name,
        className: 'Dense',
        outputs: [{ type: 'float32', shape: [null] }],
        parameters: 1234567,
        connectedTo: ['x[0][0]', `${'long_'.repeat(30)}[0][0]`],
      },
    ],
    parameters: 1234567,
    unsupported: [],
    problem: null,
  });

  it('keeps to the width of the terminal, and loses nothing', () => {
    const name = 'a_rather_long_name_of_a_layer/'.repeat(5);
    for (const width of [60, 80, 120, 200]) {
      const lines = formatSummary(summary(name), width, false);
      for (const line of lines) assert.ok(line.length <= width, `${line.length} for ${width}: ${line}`);
      const column = lines.slice(lines.findIndex((line) => line.startsWith('─')) + 1);
      const end = column[0]!.indexOf('Dense');
      assert.equal(
        column
          .slice(0, -2)
          .map((line) => line.slice(0, end).trim())
          .join(''),
        name,
      );
      assert.match(lines.join('\n'), /1,234,567/);
    }
  });

  it('lets no control character through', () => {
    const text = formatSummary(summary('\u001b]0;title\u0007\u202e'), 100, true).join('\n');
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
  });
});
