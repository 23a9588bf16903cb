import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { InferenceSession, Tensor } from '../../src/inference/onnxruntime.js';
import { bundledModel } from '../helpers/app.js';
import { as, decode, difference, unpackFamily } from '../helpers/fixtures.js';
import { temporaryFolder } from '../helpers/folder.js';
import { doublingModel } from '../helpers/onnx-models.js';
import { runCli, startServer } from '../helpers/server.js';

const { folder, cases } = unpackFamily('models');
const fixture = (name: string) => cases.find((one) => one.name === name)!;
const strings = unpackFamily('strings');
const output = mkdtempSync(join(tmpdir(), 'keras-serve-convert-'));
after(() => {
  for (const path of [folder, output, strings.folder]) rmSync(path, { recursive: true });
});

/** Holds an ONNX file to what Keras gave for a fixture. */
async function check(path: string, name: string): Promise<void> {
  const session = await InferenceSession.create(path, { logSeverityLevel: 4, intraOpNumThreads: 1 });
  const { inputs, outputs, tolerance } = fixture(name);
  const feeds = Object.fromEntries(
    session.inputNames.map((input, index) => {
      const { type, data, shape } = as(decode(inputs[index]!), 'float32');
      return [input, new Tensor(type, data as never, shape)];
    }),
  );
  const results = await session.run(feeds);
  await session.release();
  for (const [index, recorded] of outputs.entries()) {
    const { data, dims } = results[session.outputNames[index]!]!;
    const actual = { type: 'float32' as const, shape: [...dims], data: data as Float32Array };
    assert.ok(difference(actual, decode(recorded)) <= tolerance);
  }
}

/** What the bundled model, converted, makes of a grey picture. */
async function scores(path: string): Promise<unknown> {
  const session = await InferenceSession.create(path, { logSeverityLevel: 4, intraOpNumThreads: 1 });
  const grey = new Tensor('float32', new Float32Array(224 * 224 * 3).fill(0.1), [1, 224, 224, 3]);
  const results = await session.run({ image: grey });
  await session.release();
  return results.predictions!.data;
}

const model = 'functional_vision_transformer';

describe('keras-serve convert', () => {
  it("writes an ONNX model that gives Keras's answers", async (t) => {
    const path = join(output, 'whole.onnx');
    const { code, stdout, stderr } = await runCli(t, ['convert', fixture(model).model, path]).ended;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /whole\.onnx \(.* KB\): takes .*, gives .*\. ONNX Runtime loads it\.$/);
    assert.equal(stderr, '', 'no progress where there is no terminal');
    await check(path, model);
  });

  it('writes the weights beside the model when asked', async (t) => {
    const paths = ['one.onnx', 'two.onnx'].map((name) => join(output, name));
    const [one, two] = paths as [string, string];
    assert.equal((await runCli(t, ['convert', bundledModel, one]).ended).code, 0);
    const { code, stdout, stderr } = await runCli(t, ['convert', '--external-data', bundledModel, two]).ended;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /two\.onnx\.data \(1\d\.\d MB\) and .*two\.onnx \(/);
    assert.ok(statSync(two).size < statSync(one).size / 20);
    const [expected, actual] = await Promise.all(paths.map(scores));
    assert.deepEqual(actual, expected);
    rmSync(`${two}.data`);
    await assert.rejects(scores(two), 'the weights were in the other file');
  });

  it('overwrites only when told to, and then only when it has a model', async (t) => {
    const path = join(output, 'there.onnx');
    writeFileSync(path, 'precious');
    const refused = await runCli(t, ['convert', fixture('sequential').model, path]).ended;
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /there\.onnx is there already: --force overwrites it/);
    const broken = await runCli(t, ['convert', '--force', join(folder, 'missing.keras'), path]).ended;
    assert.equal(broken.code, 1);
    assert.equal(readFileSync(path, 'utf8'), 'precious');
    assert.equal((await runCli(t, ['convert', '--force', fixture('sequential').model, path]).ended).code, 0);
    await check(path, 'sequential');
  });

  it('overwrites nothing that would lie beside the model either', async (t) => {
    const place = temporaryFolder('convert-beside');
    const path = join(place, 'words.onnx');
    const { model: source } = strings.cases.find(({ name }) => name === 'string_lookup_plain')!;
    writeFileSync(`${path}.strings`, 'precious');
    const refused = await runCli(t, ['convert', source, path]).ended;
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /words\.onnx\.strings is there already: --force overwrites it/);
    assert.deepEqual(readdirSync(place), ['words.onnx.strings']);
    assert.equal(readFileSync(`${path}.strings`, 'utf8'), 'precious');
    assert.equal((await runCli(t, ['convert', '--force', source, path]).ended).code, 0);
    assert.equal((await runCli(t, ['inspect', path]).ended).code, 0);
  });

  it('leaves nothing behind when a model is refused', async (t) => {
    const place = join(output, 'empty');
    mkdirSync(place);
    const path = join(place, 'refused.onnx');
    const source = join(output, 'broken.keras');
    writeFileSync(source, readFileSync(fixture('sequential').model).subarray(0, 3000));
    const { code, stderr } = await runCli(t, ['convert', source, path]).ended;
    assert.equal(code, 1);
    assert.match(stderr, /zip is damaged/);
    assert.deepEqual(readdirSync(place), []);
  });

  it('leaves nothing behind when it is interrupted', async (t) => {
    const place = join(output, 'interrupted');
    mkdirSync(place);
    const { child, ended } = runCli(t, ['convert', fixture(model).model, join(place, 'out.onnx')]);
    while (readdirSync(place).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGINT');
    assert.equal((await ended).code, 130);
    assert.deepEqual(readdirSync(place), []);
  });

  it('writes what is done with strings beside the model, and keras-serve serves the two together', async (t) => {
    const place = temporaryFolder('convert-strings');
    const text = join(place, 'text.json');
    writeFileSync(text, JSON.stringify({ instances: [['The cat sat on the mat.'], ['ÉCOLE, école; the  Dog'], ['']] }));
    const predict = (path: string) => runCli(t, ['predict', path, '--json', text]).ended;
    const [classifier, labels] = ['text_vectorization_bag', 'text_vectorization_embedded'].map(
      (name) => strings.cases.find((one) => one.name === name)!.model,
    );
    const path = join(place, 'words.onnx');
    const { code, stdout, stderr } = await runCli(t, ['convert', classifier!, path]).ended;
    assert.equal(code, 0, stderr);
    const [what, rest] = stdout.split('\n');
    assert.match(what!, /words\.onnx\.strings \(\d.*\) and \S*words\.onnx \(\d.*\): takes input_layer, gives dense\./);
    assert.match(what!, /\. keras-serve serves them together: keep them side by side\.$/);
    assert.match(
      rest!,
      /to other programs words\.onnx is not the whole model: by itself it takes \S+strings\S*, gives dense\.$/,
    );
    assert.deepEqual(readdirSync(place).sort(), ['text.json', 'words.onnx', 'words.onnx.strings']);
    const expected = await predict(classifier!);
    assert.deepEqual([expected.code, expected.stderr], [0, '']);
    assert.deepEqual(await predict(path), expected);
    // The folder, as a server finds it.
    const { url } = await startServer(t, [], place);
    const reply = await fetch(`${url}/v1/models/words:predict`, { method: 'POST', body: readFileSync(text) });
    assert.deepEqual(await reply.json(), JSON.parse(expected.stdout));

    const other = join(place, 'other.onnx');
    assert.equal((await runCli(t, ['convert', labels!, other]).ended).code, 0);
    renameSync(`${other}.strings`, `${path}.strings`);
    const mixed = await predict(path);
    assert.equal(mixed.code, 1);
    assert.match(
      mixed.stderr,
      /words\.onnx\.strings belongs to another model, or has changed\. words\.onnx takes or gives numbers/,
    );
    for (const command of ['predict', 'inspect']) {
      const alone = await runCli(t, [command, other, ...(command === 'predict' ? ['--json', text] : [])]).ended;
      assert.equal(alone.code, 1);
      assert.match(alone.stderr, /other\.onnx\.strings can't be read: there is no such file\. .* lay it beside it/);
    }
  });

  it('inspects what it wrote as the model that it was', async (t) => {
    const { model } = strings.cases.find((one) => one.name === 'string_lookup_invert')!;
    const path = join(temporaryFolder('convert-inspect'), 'words.onnx');
    assert.equal((await runCli(t, ['convert', model, path]).ended).code, 0);
    const [before, after] = await Promise.all(
      [model, path].map(async (one) => JSON.parse((await runCli(t, ['inspect', '--json', one]).ended).stdout)),
    );
    assert.deepEqual([after.inputs, after.outputs], [before.inputs, before.outputs]);
    assert.equal(after.outputs[0].type, 'string');
  });

  for (const [name, args, code, message] of [
    ['a name that is no .onnx', ['out.keras'], 2, /should end in \.onnx/],
    ['a folder that is not there', [join(output, 'none', 'out.onnx')], 1, /there is no such folder/],
    [
      'no output',
      [],
      2,
      /Usage: keras-serve convert <model> <out\.onnx>\nName the file to write, too: keras-serve convert \S+ \S+\.onnx\n/,
    ],
  ] as const) {
    it(`refuses ${name}`, async (t) => {
      const ended = await runCli(t, ['convert', fixture('sequential').model, ...args]).ended;
      assert.equal(ended.code, code);
      assert.match(ended.stderr, message);
      assert.ok(!existsSync('out.keras'));
    });
  }

  it('refuses a model that is ONNX already', async (t) => {
    const path = doublingModel();
    const { code, stderr } = await runCli(t, ['convert', path, join(output, 'again.onnx')]).ended;
    rmSync(join(path, '..'), { recursive: true });
    assert.equal(code, 1);
    assert.match(stderr, /an ONNX model already/);
  });
});
