/**
 * Measures what it costs to look for nonsense in what a request sends and gets, beside a whole request of the same model over HTTP.
 * Usage: npm run bench:monitoring
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp } from '../src/app.js';
import type { Claimed } from '../src/datapoints/kinds.js';
import { Monitor } from '../src/monitoring/monitor.js';
import { encodeOnnx } from '../src/onnx/encode.js';
import { GraphBuilder } from '../src/onnx/graph.js';
import { constant, matmul, softmax } from '../src/onnx/operators/index.js';
import type { Tensor, TensorInfo } from '../src/support/tensor.js';

const rounds = 5000;

/** Microseconds of the median call. */
async function median(count: number, call: (index: number) => unknown): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < count; index++) {
    const start = performance.now();
    await call(index);
    times.push(performance.now() - start);
  }
  return 1000 * times.sort((one, other) => one - other)[count >> 1]!;
}

const info = (name: string, shape: number[]): TensorInfo => ({ name, type: 'float32', shape: [null, ...shape] });
const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
const tensorOf = (type: 'float32' | 'uint8', shape: number[], value: (index: number) => number): Tensor => {
  const values = Array.from({ length: sizeOf(shape) }, (_, index) => value(index));
  return { type, shape, data: type === 'uint8' ? Uint8Array.from(values) : Float32Array.from(values) };
};
const image: Claimed = { kind: 'image', spec: { preparation: { type: 'uint8', mean: [0, 0, 0], std: [1, 1, 1] } } };
const classes = (count: number): Claimed => ({ kind: 'classes', spec: { labels: [], count } });

/** Microseconds of the median look at a request, of which no two are alike and nothing is nonsense. */
function lookAt(rows: number, shape: number[], count: number, type: 'float32' | 'uint8', input: Claimed) {
  const columns = shape.at(-1)!;
  const statistics = { layer: '', mean: Array<number>(columns).fill(0), deviation: Array<number>(columns).fill(1) };
  const monitor = new Monitor(
    { inputs: [info('x', shape)], outputs: [info('y', [count])] },
    { inputs: { x: input }, outputs: { y: classes(count) } },
    { inputs: [{ statistics }] },
  );
  const xs = Array.from({ length: 50 }, () =>
    tensorOf(type, [rows, ...shape], () => (type === 'uint8' ? 255 : 1) * Math.random()),
  );
  const y = tensorOf('float32', [rows, count], (index) => (index % (count + 1) === 0 ? 1 : 0));
  return median(rounds, (index) => {
    const x = xs[index % xs.length]!;
    for (let row = 0; row < rows; row++)
      x.data[(row * x.data.length) / rows] = type === 'uint8' ? index % 256 : index / rounds;
    monitor.observe({ x }, { y }, type === 'uint8' ? ['x'] : []);
  });
}

/** Microseconds of the median request of a model of one dense layer. */
async function request(columns: number, count: number, rows: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'keras-serve-bench-'));
  const graph = new GraphBuilder();
  const kernel = constant(
    graph,
    'float32',
    [columns, count],
    Array.from({ length: columns * count }, () => Math.random()),
  );
  graph.output('y', softmax(matmul(graph.input('x', 'float32', [null, columns]), kernel), 1));
  writeFileSync(join(folder, 'model.onnx'), encodeOnnx(graph).toBuffer());
  const app = await buildApp({ model: folder, processes: 1, noCache: true });
  const address = await app.listen({ port: 0 });
  const bodies = Array.from({ length: 50 }, () =>
    JSON.stringify({ instances: Array.from({ length: rows }, () => Array.from({ length: columns }, Math.random)) }),
  );
  const headers = { 'content-type': 'application/json' };
  const taken = await median(rounds / 5, async (index) =>
    (await fetch(`${address}/predict`, { method: 'POST', headers, body: bodies[index % 50]! })).text(),
  );
  await app.close();
  rmSync(folder, { recursive: true });
  return taken;
}

const tensor: Claimed = { kind: 'tensor', spec: null };
console.log('| request | looked at in | of a request of the smallest model |\n| --- | --- | --- |');
for (const [name, rows, columns, count] of [
  ['a row of 4 columns, 3 classes', 1, 4, 3],
  ['a row of 30 columns, 12 classes', 1, 30, 12],
  ['8 rows of 30 columns, 12 classes', 8, 30, 12],
  ['64 rows of 30 columns, 12 classes', 64, 30, 12],
  ['1000 rows of 30 columns, 12 classes', 1000, 30, 12],
] as const) {
  const own = await lookAt(rows, [columns], count, 'float32', tensor);
  const all = await request(columns, count, rows);
  console.log(
    `| ${name} | ${own.toFixed(1)} µs | ${((100 * own) / all).toFixed(2)} % of ${(all / 1000).toFixed(2)} ms |`,
  );
}
for (const [size, count] of [
  [28, 10],
  [224, 1000],
] as const)
  console.log(
    `| a picture of ${size} × ${size}, ${count} classes | ${(await lookAt(1, [size, size, 3], count, 'uint8', image)).toFixed(1)} µs | |`,
  );
