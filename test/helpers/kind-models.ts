import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeOnnx } from '../../src/onnx/encode.js';
import { GraphBuilder, type Value } from '../../src/onnx/graph.js';
import {
  add,
  constant,
  matmul,
  mul,
  reduceMean,
  reduceSum,
  reshape,
  sigmoid,
  softmax,
  sub,
  transpose,
} from '../../src/onnx/operators/index.js';
import { temporaryFolder } from './folder.js';

/** A small model, and what its card says of it. */
export interface KindModel {
  build(graph: GraphBuilder): void;
  card: object;
}

const weights = (graph: GraphBuilder, shape: [number, number], numbers: number[]): Value =>
  constant(graph, 'float32', shape, numbers);

/** Models of a few numbers whose answers can be worked out by hand, one for each way in which a person is asked or answered. */
export const kindModels = {
  /** A price that is 3 × area + 50 × (rooms − 2), in thousands of dollars. */
  houses: {
    build(graph) {
      const home = graph.input('home', 'float32', [null, 2]);
      graph.output('dense_3', matmul(home, weights(graph, [2, 1], [3, 50])));
    },
    card: {
      description: 'What a house sells for, by its size.',
      inputs: { home: { columns: [{ name: 'area' }, { name: 'rooms', offset: 2 }] } },
      outputs: { dense_3: { kind: 'number', name: 'price', unit: 'thousand dollars' } },
    },
  },
  /** Whether somebody is ill: of a photo the darker and of a person the older, the likelier. */
  clinic: {
    build(graph) {
      const photo = graph.input('photo', 'float32', [null, 8, 8, 3]);
      const person = graph.input('person', 'float32', [null, 2]);
      const light = reshape(reduceMean(photo, [1, 2, 3]), [-1, 1]);
      const age = reduceSum(mul(person, constant(graph, 'float32', [2], [1, 0.25])), [1], true);
      graph.output('ill', sigmoid(sub(age, light)));
    },
    card: {
      inputs: {
        photo: { kind: 'image', scaling: 'unit' },
        person: {
          columns: [
            { name: 'age', offset: 50, scale: 10 },
            { name: 'pulse', offset: 70, scale: 10 },
          ],
        },
      },
      outputs: { ill: { kind: 'binary', labels: ['healthy', 'ill'], threshold: 0.3 } },
    },
  },
  /** Which genres a film is of, and how long people watch it on each of three days. */
  films: {
    build(graph) {
      const film = graph.input('film', 'float32', [null, 3]);
      graph.output('genres', sigmoid(film));
      graph.output('minutes', mul(film, 10));
      graph.output('stars', softmax(film, 1));
      graph.output('rest', add(film, 1));
    },
    card: {
      inputs: { film: { columns: [{ name: 'laughs' }, { name: 'tears' }, { name: 'shots' }] } },
      outputs: {
        genres: { kind: 'multi-label', labels: ['comedy', 'drama', 'action_film'], threshold: 0.6 },
        minutes: { kind: 'number', names: ['Monday', 'Tuesday', 'Wednesday'], unit: 'minutes' },
        stars: { kind: 'classes', labels: ['one', 'two', 'three'] },
        rest: { kind: 'tensor' },
      },
    },
  },
  /** How many claims a contract brings: 1 of a van, 2 more for each tenth year of age, and the sum of the last months. */
  contracts: {
    build(graph) {
      const owner = graph.input('owner', 'float32', [null, 3]);
      const months = graph.input('months', 'float32', [null, 3]);
      const own = matmul(owner, weights(graph, [3, 1], [0, 1, 2]));
      graph.output('claims', add(own, reduceSum(months, [1], true)));
    },
    card: {
      inputs: {
        owner: {
          columns: [
            { name: 'vehicle', categories: ['car', 'van'], encoding: 'one-hot' },
            { name: 'driver age', scale: 10, missing: 40 },
          ],
        },
        months: { kind: 'sequence' },
      },
      outputs: { claims: { kind: 'number' } },
    },
  },
  /** Which of the three colours each pixel has most of, whether it is bright, and the picture's negative. */
  colours: {
    build(graph) {
      const photo = graph.input('photo', 'float32', [null, 16, 16, 3]);
      graph.output('most', softmax(mul(photo, 10), 3));
      graph.output('bright', sigmoid(mul(sub(reduceMean(photo, [3], true), 0.5), 100)));
      graph.output('negative', sub(1, photo));
    },
    card: {
      inputs: { photo: { kind: 'image', scaling: 'unit' } },
      outputs: {
        most: { kind: 'mask', labels: ['red', 'green', 'blue'] },
        bright: { kind: 'mask', labels: ['bright'] },
        negative: { kind: 'image', scaling: 'unit' },
      },
    },
  },
  /** What somebody thinks of a film: the more good words and the fewer bad ones, the better. */
  reviews: {
    build(graph) {
      const words = graph.input('words', 'float32', [null, 4]);
      graph.output('mood', sigmoid(matmul(words, weights(graph, [4, 1], [2, -2, 0, 0]))));
    },
    card: {
      inputs: { words: { tokenizer: { vocabulary: ['good', 'bad', 'film', 'plot'] }, encoding: 'count' } },
      outputs: { mood: { kind: 'binary', labels: ['negative', 'positive'] } },
    },
  },
  /** Which of two a film is more of, in numbers that are no probabilities. */
  ratings: {
    build(graph) {
      graph.output('most', mul(graph.input('film', 'float32', [null, 2]), 1));
    },
    card: {
      inputs: { film: { columns: [{ name: 'wit' }, { name: 'length' }] } },
      outputs: { most: { kind: 'classes', labels: ['funny', 'long'], logits: false } },
    },
  },
  /** A matrix of 2 × 3 numbers turned round. */
  matrix: {
    build(graph) {
      graph.output('turned', transpose(graph.input('matrix', 'float32', [null, 2, 3]), [0, 2, 1]));
    },
    card: { outputs: { turned: { kind: 'tensor' } } },
  },
} satisfies Record<string, KindModel>;

/** A folder with models, each by its name, that a server can serve. */
export function folderOf(models: Record<string, KindModel>): string {
  const root = temporaryFolder('kinds');
  for (const [name, { build, card }] of Object.entries(models)) {
    const folder = join(root, name);
    mkdirSync(folder);
    const graph = new GraphBuilder();
    build(graph);
    writeFileSync(join(folder, 'model.onnx'), encodeOnnx(graph).toBuffer());
    writeFileSync(join(folder, 'serve.json'), JSON.stringify(card));
  }
  return root;
}
