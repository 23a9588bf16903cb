/** What `keras-serve card --examples` tells of models, on pictures of known classes. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { encodeOnnx } from '../../src/onnx/encode.js';
import { GraphBuilder } from '../../src/onnx/graph.js';
import { constant, matmul, mul, reduceMean, softmax } from '../../src/onnx/operators/index.js';
import { temporaryFolder } from '../helpers/folder.js';
import { pngOf } from '../helpers/pictures.js';
import { runCli } from '../helpers/server.js';

type Colour = readonly [red: number, green: number, blue: number];
const colours: Record<string, Colour> = { red: [200, 40, 40], green: [40, 200, 40], blue: [40, 40, 200] };

/** A model that says which of three channels an image has most of, by an order of its classes. */
function modelIn(folder: string, order: readonly number[], labels?: readonly string[]): void {
  const graph = new GraphBuilder();
  const image = graph.input('image', 'float32', [null, 16, 16, 3]);
  const weights = order.flatMap((_, channel) => order.map((of) => (of === channel ? 1 : 0)));
  const means = matmul(reduceMean(image, [1, 2]), constant(graph, 'float32', [3, 3], weights));
  graph.output('y', softmax(mul(means, 5), 1));
  writeFileSync(join(folder, 'model.onnx'), encodeOnnx(graph).toBuffer());
  if (labels) writeFileSync(join(folder, 'labels.txt'), labels.join('\n'));
}

/** A folder of pictures for each colour. */
async function picturesIn(folder: string, count = 10): Promise<string> {
  for (const [name, colour] of Object.entries(colours)) {
    mkdirSync(join(folder, 'pictures', name), { recursive: true });
    for (let at = 0; at < count; at++) {
      const data = Array.from({ length: 20 * 20 * 3 }, (_, index) => colour[index % 3]! + ((index * (at + 7)) % 50));
      writeFileSync(
        join(folder, 'pictures', name, `${at}.png`),
        await pngOf({ height: 20, width: 20, channels: 3, data }),
      );
    }
  }
  return join(folder, 'pictures');
}

const tell = (t: TestContext, folder: string, ...args: string[]) =>
  runCli(t, ['card', folder, '--examples', join(folder, 'pictures'), '--no-cache', ...args]).ended;
const cardIn = (folder: string) => JSON.parse(readFileSync(join(folder, 'serve.json'), 'utf8'));

describe('keras-serve card --examples', () => {
  it('finds how images were prepared, and writes it', async (t) => {
    const folder = temporaryFolder('examples');
    // Its first channel is blue.
    modelIn(folder, [0, 1, 2], ['blue', 'green', 'red']);
    await picturesIn(folder);
    const { code, stdout, stderr } = await tell(t, folder);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^30 examples of 3 classes; accuracy/);
    assert.match(stdout, /^100\.0 % +88\.6 % to 100\.0 % +unit +bgr +false +stretch +bicubic$/m);
    assert.match(stdout, /^33\.3 % .* unit +rgb +false +stretch +bicubic +as served$/m);
    assert.match(
      stdout,
      /Significantly better than what is served: \{"color":"bgr"\}\.\nOf \d+ ways that are as good it differs least/,
    );
    assert.ok(!existsSync(join(folder, 'serve.json')));

    const written = await tell(t, folder, '--write');
    assert.equal(written.code, 0, written.stderr);
    assert.equal(cardIn(folder).image.color, 'bgr');
    const again = await tell(t, folder, '--write');
    assert.match(again.stdout, /What is served is the best\.\nThere is nothing to write\.$/);
  });

  it('finds the order of labels, where a model has none or they are another', async (t) => {
    const folder = temporaryFolder('examples');
    modelIn(folder, [1, 2, 0]);
    await picturesIn(folder);
    const alphabet = await tell(t, folder);
    assert.match(
      alphabet.stdout,
      /The labels seem to be in another order: with green, blue, red in place of blue, green, red/,
    );
    await tell(t, folder, '--write');
    assert.deepEqual(cardIn(folder).labels, ['green', 'blue', 'red']);
    const again = await tell(t, folder);
    assert.match(again.stdout, /What is served is the best\.$/);
  });

  it('says where nothing is better than guessing, and what it can’t be used for', async (t) => {
    const folder = temporaryFolder('examples');
    const graph = new GraphBuilder();
    const image = graph.input('image', 'float32', [null, 16, 16, 3]);
    graph.output('y', softmax(mul(reduceMean(image, [1, 2]), 0), 1));
    writeFileSync(join(folder, 'model.onnx'), encodeOnnx(graph).toBuffer());
    await picturesIn(folder, 4);
    const { stdout } = await tell(t, folder, '--write');
    assert.match(stdout, /None is better than guessing: .*\nThere is nothing to write\.$/);
    writeFileSync(join(folder, 'labels.txt'), 'a\nb\nc\n');
    const strange = await tell(t, folder);
    assert.equal(strange.code, 1);
    assert.match(strange.stderr, /pictures has the folder blue, which is none of the labels: a, b, c\./);

    const none = await runCli(t, ['card', folder, '--examples', join(folder, 'nowhere'), '--no-cache']).ended;
    assert.match(none.stderr, /nowhere: there is no such file/);
    const file = await runCli(t, ['card', folder, '--examples', join(folder, 'labels.txt'), '--no-cache']).ended;
    assert.match(file.stderr, /labels\.txt is a file: examples are a folder/);
    for (const flag of ['--stdout', '--force', '--output=x']) {
      const { code, stderr } = await tell(t, folder, flag);
      assert.equal(code, 2);
      assert.match(stderr, /doesn't go with --examples/);
    }
    const alone = await runCli(t, ['card', folder, '--write']).ended;
    assert.equal(alone.code, 2);
    assert.match(alone.stderr, /--write goes with --examples/);
  });
});
