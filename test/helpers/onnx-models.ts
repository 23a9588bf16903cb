import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeOnnx } from '../../src/onnx/encode.js';
import { type Dimension, GraphBuilder } from '../../src/onnx/graph.js';
import {
  add,
  cast,
  constant,
  gather,
  matmul,
  mul,
  reduceMean,
  reduceSum,
  reshape,
  slice,
} from '../../src/onnx/operators/index.js';
import type { TensorType } from '../../src/support/tensor.js';
import { temporaryFolder } from './folder.js';

function write(graph: GraphBuilder): string {
  const path = join(temporaryFolder('model'), 'model.onnx');
  writeFileSync(path, encodeOnnx(graph).toBuffer());
  return path;
}

/** A model that doubles `x` (batch, 3). */
export function doublingModel(batch: Dimension = null): string {
  const graph = new GraphBuilder();
  graph.output('y', mul(graph.input('x', 'float32', [batch, 3]), 2));
  return write(graph);
}

/** A model that takes rows without a number. */
export function emptyModel(): string {
  const graph = new GraphBuilder();
  graph.output('y', mul(graph.input('x', 'float32', [null, 0]), 2));
  return write(graph);
}

/** A model that adds up `a` and `b` (batch, 100, 120), more numbers than anybody writes. */
export function largeModel(): string {
  const graph = new GraphBuilder();
  const [a, b] = ['a', 'b'].map((name) => graph.input(name, 'float32', [null, 100, 120]));
  graph.output('y', reduceMean(add(a!, b!), [1, 2]));
  return write(graph);
}

/** A model of matrices of 16 MB, as many as are asked for, which gives the sum of each row of `x` (batch, 2048), twice. */
export function heavyModel(matrices: number): string {
  const graph = new GraphBuilder();
  let rows = graph.input('x', 'float32', [null, 2048]);
  for (let count = 0; count < matrices; count++) {
    // Equal ones would be kept once.
    const matrix = new Float32Array(2048 * 2048).fill(2 ** (count - matrices / 2) / (count === 0 ? 1 : 2048));
    rows = matmul(rows, graph.constant('float32', [2048, 2048], matrix));
  }
  graph.output('y', mul(slice(rows, [{ axis: 1, end: 2 }]), 2 ** (matrices / 2)));
  return write(graph);
}

/** A model that takes images of 32 × 32 and gives their mean colour: next to no work. */
export function colourModel(): string {
  const graph = new GraphBuilder();
  graph.output('scores', reduceMean(graph.input('image', 'float32', [null, 32, 32, 3]), [1, 2]));
  return write(graph);
}

/** A model that takes grey images of 8 × 8 and gives each of their pixels. */
export function greyModel(type: TensorType = 'float32'): string {
  const graph = new GraphBuilder();
  const pixels = cast(graph.input('image', type, [null, 8, 8, 1]), 'float32');
  graph.output('pixels', reshape(pixels, [-1, 64]));
  return write(graph);
}

/** A model that gives its inputs as it takes them: `image` (batch, 3, 2, 2) as `pixels`, `table` (batch, 2) as `numbers`. */
export function passingModel(): string {
  const graph = new GraphBuilder();
  graph.output('pixels', graph.input('image', 'float32', [null, 3, 2, 2]));
  graph.output('numbers', graph.input('table', 'float32', [null, 2]));
  return write(graph);
}

/** A model that gives images without an axis of channels as it takes them: `flat` (batch, 12), `grey` (batch, 2, 3). */
export function flatModel(): string {
  const graph = new GraphBuilder();
  graph.output('numbers', graph.input('flat', 'float32', [null, 12]));
  graph.output('pixels', graph.input('grey', 'float32', [null, 2, 3]));
  return write(graph);
}

/** A model that adds up all rows: what comes out has one row, whatever goes in. */
export function mixingModel(): string {
  const graph = new GraphBuilder();
  const sum = reduceSum(graph.input('x', 'float32', [null, 3]), [0], true);
  graph.output('y', graph.node('Identity', [sum], {}, [{ type: 'float32', shape: [null, 3] }])[0]!);
  return write(graph);
}

/** A model that adds up the 300 elements of `x`, which has no rows. */
export function vectorModel(): string {
  const graph = new GraphBuilder();
  graph.output('y', reduceSum(graph.input('x', 'float32', [300]), [0], true));
  return write(graph);
}

/** A model that looks up `x` (batch, 1) in a table of three; the engine fails on any other index. */
export function lookupModel(): string {
  const graph = new GraphBuilder();
  const table = constant(graph, 'float32', [3], [10, 20, 30]);
  graph.output('y', gather(table, graph.input('x', 'int64', [null, 1]), 0));
  return write(graph);
}

/**
 * A model that adds 1 to `x` (batch, 1) as many times as the greatest of its numbers says, so that one request can take next
 * to no time and another forever.
 */
export function loopingModel(): string {
  const graph = new GraphBuilder();
  const x = graph.input('x', 'float32', [null, 1]);
  const times = graph.node('ReduceMax', [x], { keepdims: 0 }, [{ type: 'float32', shape: [] }])[0]!;
  const body = graph.subgraph();
  body.input('iteration', 'int64', []);
  const condition = body.input('condition', 'bool', []);
  const state = body.input('state', 'float32', [null, 1]);
  body.output(body.reserve('condition_out'), condition);
  body.output(body.reserve('state_out'), add(state, 1));
  const result = { type: 'float32', shape: [null, 1] } as const;
  const [y] = graph.node('Loop', [cast(times, 'int64'), undefined, x], { body }, [result]);
  graph.output('y', y!);
  return write(graph);
}
