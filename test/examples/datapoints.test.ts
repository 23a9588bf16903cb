/** What docs/datapoints.md says of outputs: its cards are served, its commands run, and the replies are those that it shows. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import sharp from 'sharp';
import { differences } from '../../scripts/wild/compare.js';
import { buildApp } from '../../src/app.js';
import type { GraphBuilder, Value } from '../../src/onnx/graph.js';
import { add, constant, matmul, mul, reduceMean, sigmoid, softmax, sub } from '../../src/onnx/operators/index.js';
import { packageRoot } from '../../src/support/package.js';
import '../helpers/checked-replies.js';
import { sectionsOf } from '../helpers/document.js';
import { temporaryFolder } from '../helpers/folder.js';
import { folderOf } from '../helpers/kind-models.js';
import { run } from '../helpers/run.js';

const weights = (graph: GraphBuilder, shape: [number, number], numbers: number[]): Value =>
  constant(graph, 'float32', shape, numbers);

/** The models that the document speaks of, by their names; the cards are its own. */
const models: Record<string, { kind: string; build(graph: GraphBuilder): void }> = {
  flowers: {
    kind: 'classes',
    build(graph) {
      const flower = graph.input('flower', 'float32', [null, 2]);
      const scores = matmul(flower, weights(graph, [2, 3], [-1, 0.5, 1, -1, 0.5, 1]));
      graph.output('species', softmax(add(scores, constant(graph, 'float32', [3], [5, 0, -2.5])), 1));
    },
  },
  patients: {
    kind: 'binary',
    build(graph) {
      graph.output(
        'ill',
        sigmoid(matmul(graph.input('patient', 'float32', [null, 2]), weights(graph, [2, 1], [1, 1]))),
      );
    },
  },
  films: {
    kind: 'multi-label',
    build: (graph) => graph.output('genres', sigmoid(graph.input('film', 'float32', [null, 3]))),
  },
  houses: {
    kind: 'number',
    build(graph) {
      graph.output('price', matmul(graph.input('house', 'float32', [null, 2]), weights(graph, [2, 1], [0.0625, 0.5])));
    },
  },
  lights: {
    kind: 'mask',
    build(graph) {
      const photo = graph.input('photo', 'float32', [null, 8, 8, 3]);
      graph.output('bright', sigmoid(mul(sub(reduceMean(photo, [3], true), 0.5), 100)));
    },
  },
  negatives: {
    kind: 'image',
    build: (graph) => graph.output('negative', sub(1, graph.input('photo', 'float32', [null, 8, 8, 3]))),
  },
  words: {
    kind: 'tensor',
    build(graph) {
      const word = graph.input('word', 'float32', [null, 2]);
      graph.output('meaning', matmul(word, weights(graph, [2, 3], [0.5, -1, 0.25, 1, 1, 0.5])));
    },
  },
};

const sections = sectionsOf('docs/datapoints.md');
const blocksOf = (kind: string) => sections.get(`\`${kind}\``) ?? [];
const near = { tolerance: 1e-6, steps: 0 };

describe('docs/datapoints.md on outputs', () => {
  let app: FastifyInstance;
  let root: string;
  const output = temporaryFolder('pictures');
  before(async () => {
    root = folderOf(
      Object.fromEntries(
        Object.entries(models).map(([name, { kind, build }]) => [
          name,
          { build, card: JSON.parse(blocksOf(kind)[0]!.text) },
        ]),
      ),
    );
    app = await buildApp({ model: root, processes: 1, noCache: true });
    await app.listen({ port: 0, host: '127.0.0.1' });
  });
  after(async () => {
    await app?.close();
    for (const folder of [root, output]) rmSync(folder, { recursive: true, force: true });
  });

  /** Runs a command of the document against this server. */
  async function reply(command: string): Promise<string> {
    const { port } = app.server.address() as { port: number };
    const here = command
      .trim()
      .replaceAll('http://localhost:5000', `http://127.0.0.1:${port}`)
      .replace('-o ', `-o ${output}/`)
      .replace('=@', `=@${packageRoot}/`);
    const { stdout, stderr, code } = await run('sh', ['-c', `${here} --silent --show-error --fail`]);
    assert.equal(code, 0, stderr);
    return stdout;
  }

  for (const [name, { kind }] of Object.entries(models)) {
    it(`${kind}: its card makes it one, and its commands have the replies that are shown`, async () => {
      const [card, ...blocks] = blocksOf(kind);
      const { outputs } = (await app.inject(`/models/${name}`)).json();
      assert.deepEqual([outputs[0].kind, outputs.length], [kind, 1]);
      assert.ok(card!.language === 'json' && blocks.length >= 3);
      for (const [index, { language, text, after }] of blocks.entries()) {
        if (language !== 'sh') continue;
        const answer = await reply(text);
        const shown = blocks[index + 1];
        const [file] = /(?<=-o )\S+/.exec(text) ?? [];
        if (file) {
          const { format, width, height } = await sharp(readFileSync(join(output, file))).metadata();
          assert.deepEqual(
            [format, `A PNG file of ${width} × ${height} pixels.`],
            ['png', after.trim().split('\n')[0]],
          );
        } else if (shown!.language === 'csv') await agree(cellsOf(answer), cellsOf(shown!.text));
        else {
          const reply = JSON.parse(shown!.text);
          await agree(shortened(JSON.parse(answer), reply), reply);
        }
      }
    });
  }

  it('has a section for each kind of output, and one row of the table', () => {
    const text = readFileSync(join(packageRoot, 'docs/datapoints.md'), 'utf8');
    for (const { kind } of Object.values(models)) {
      assert.ok(blocksOf(kind).length > 0, kind);
      assert.equal(text.match(new RegExp(`^\\| \`${kind}\` \\|`, 'gm'))?.length, 1, kind);
    }
  });
});

/** The lines of CSV without quotes, and the numbers in them. */
const cellsOf = (text: string): (string | number)[][] =>
  text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(',').map((cell) => (Number.isNaN(Number(cell)) ? cell : Number(cell))));

/** Whether each of two has all that the other has. */
async function agree(reply: unknown, shown: unknown): Promise<void> {
  assert.deepEqual(await differences(shown, reply, near), []);
  assert.deepEqual(await differences(reply, shown, near), []);
}

/** A reply as it is shown: of a file in base64 the document has the beginning. */
function shortened(reply: { predictions: { png?: string } }, { predictions: { png } }: typeof reply): typeof reply {
  const start = png?.endsWith('…') ? png.slice(0, -1) : undefined;
  const isThere = start !== undefined && reply.predictions.png?.startsWith(start);
  return isThere ? { ...reply, predictions: { ...reply.predictions, png } } : reply;
}
