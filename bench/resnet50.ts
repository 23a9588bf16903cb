/**
 * Measures ResNet50 as keras-serve compiles it against ResNet50 written by hand with ONNX's operators, with the same weights,
 * run after run in turns. `docs/benchmarks.md` says how to read and repeat it.
 * Usage: npm run bench:resnet50 -- --python <environment> [--runs 200] [--threads 1,2]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { onnxEngine, optimize } from '../src/inference/onnx-engine.js';
import { type KerasModel, readKerasModel } from '../src/keras/index.js';
import { compile } from '../src/onnx/compile.js';
import { encodeOnnx } from '../src/onnx/encode.js';
import { float, GraphBuilder, type Value } from '../src/onnx/graph.js';
import { node } from '../src/onnx/operators/index.js';
import { weightConstant } from '../src/onnx/weights.js';
import { packageRoot } from '../src/support/package.js';
import type { Tensor } from '../src/support/tensor.js';
import { makeModel } from './models.js';
import { median, table, writeResults } from './results.js';

const { values } = parseArgs({
  options: {
    python: { type: 'string' },
    runs: { type: 'string', default: '200' },
    threads: { type: 'string', default: [...new Set([1, availableParallelism()])].join() },
  },
});
if (!values.python) throw new Error('Name a Python environment that has bench/requirements.txt: --python <folder>');

/** How far the compiled model may be behind the one that is written by hand. */
const bound = 1.05;

/** ResNet50 as its authors drew it, channels first, as one would write it for ONNX. */
function handWritten({ graph: { calls } }: KerasModel): Uint8Array {
  const graph = new GraphBuilder();
  const layers = new Map(calls.map(({ layer }) => [layer.name, layer]));
  const weight = (layer: string, name: string, perm?: number[]) =>
    weightConstant(graph, `${layer}/${name}`, layers.get(layer)!.weights.get(name)!, perm);
  const sizes = (x: Value, stride: number) => x.shape.slice(2).map((size) => Math.ceil(size! / stride));

  const convolution = (x: Value, name: string, size: number, stride = 1): Value => {
    const kernel = weight(`${name}_conv`, 'kernel', [3, 2, 0, 1]);
    const shape = [null, kernel.shape[0]!, ...sizes(x, stride)];
    const pads = Array(4).fill(Math.floor(size / 2));
    const attributes = { kernel_shape: [size, size], strides: [stride, stride], pads };
    const convolved = node('Conv', [x, kernel, weight(`${name}_conv`, 'bias')], attributes, 'float32', shape);
    const statistics = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((key) => weight(`${name}_bn`, key));
    const epsilon = float(1.001e-5);
    return node('BatchNormalization', [convolved, ...statistics], { epsilon }, 'float32', shape);
  };
  const relu = (x: Value): Value => node('Relu', [x], {}, 'float32', x.shape);
  const block = (x: Value, name: string, stride: number, first: boolean): Value => {
    const shortcut = first ? convolution(x, `${name}_0`, 1, stride) : x;
    const narrow = relu(convolution(x, `${name}_1`, 1, stride));
    const middle = relu(convolution(narrow, `${name}_2`, 3));
    const wide = convolution(middle, `${name}_3`, 1);
    return relu(node('Add', [shortcut, wide], {}, 'float32', wide.shape));
  };

  let x = relu(convolution(graph.input('image', 'float32', [null, 3, 224, 224]), 'conv1', 7, 2));
  const pooling = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
  x = node('MaxPool', [x], pooling, 'float32', [null, 64, 56, 56]);
  [3, 4, 6, 3].forEach((count, stack) => {
    for (let index = 1; index <= count; index++)
      x = block(x, `conv${stack + 2}_block${index}`, index === 1 && stack > 0 ? 2 : 1, index === 1);
  });
  const pooled = node('GlobalAveragePool', [x], {}, 'float32', [null, 2048, 1, 1]);
  const flat = node('Flatten', [pooled], {}, 'float32', [null, 2048]);
  const classifier = [weight('predictions', 'kernel'), weight('predictions', 'bias')];
  const scores = node('Gemm', [flat, ...classifier], {}, 'float32', [null, 1000]);
  graph.output('scores', node('Softmax', [scores], { axis: 1 }, 'float32', [null, 1000]));
  return encodeOnnx(graph).toBuffer();
}

/** Loads a model as an inference process does: optimised and written first. */
async function open(bytes: Uint8Array, folder: string, name: string, threads: number) {
  const [plain, path] = [join(folder, `${name}.plain.onnx`), join(folder, `${name}.onnx`)];
  writeFileSync(plain, bytes);
  await optimize(plain, path);
  return onnxEngine.load({ path, threads, optimized: true });
}
type Session = Awaited<ReturnType<typeof open>>;

const size = 224;
const pixels = Float32Array.from({ length: 3 * size * size }, (_, index) => Math.sin(index) * 100);
const images: Record<string, Tensor> = {
  compiled: { type: 'float32', shape: [1, size, size, 3], data: pixels },
  'by hand': { type: 'float32', shape: [1, 3, size, size], data: channelsFirst(pixels) },
};

function channelsFirst(image: Float32Array): Float32Array {
  return image.map((_, index) => image[(index % (size * size)) * 3 + Math.floor(index / (size * size))]!);
}

async function scores(name: string, session: Session): Promise<Float32Array> {
  const outputs = await session.run({ [session.inputs[0]!.name]: images[name]! }, []);
  return Object.values(outputs)[0]!.data as Float32Array;
}

/** Runs the models in turns, one after the other and the other way around. @returns milliseconds of every run */
async function measure(sessions: Record<string, Session>, runs: number): Promise<Record<string, number[]>> {
  const names = Object.keys(sessions);
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]]));
  for (let run = 0; run < runs; run++) {
    for (const name of run % 2 === 0 ? names : names.toReversed()) {
      const start = performance.now();
      await scores(name, sessions[name]!);
      times[name]!.push(performance.now() - start);
    }
  }
  return times;
}

const file = join(makeModel('ResNet50', values.python), 'model.keras');
const model = await readKerasModel(file);
const models = { compiled: compile(model).bytes.toBuffer(), 'by hand': handWritten(model) };
const folder = mkdtempSync(join(tmpdir(), 'keras-serve-resnet50-'));
const results: { threads: number; compiled: number; byHand: number; ratio: number }[] = [];
try {
  for (const threads of values.threads.split(',').map(Number)) {
    const sessions: Record<string, Session> = {};
    for (const [name, bytes] of Object.entries(models)) sessions[name] = await open(bytes, folder, name, threads);
    const [ours, theirs] = [
      await scores('compiled', sessions.compiled!),
      await scores('by hand', sessions['by hand']!),
    ];
    const apart = Math.max(...ours.map((score, index) => Math.abs(score - theirs[index]!)));
    if (!(apart < 1e-4 * Math.max(...theirs))) throw new Error(`The models are not the same: they differ by ${apart}.`);
    await measure(sessions, 10);
    const times = await measure(sessions, Number(values.runs));
    for (const session of Object.values(sessions)) await session.close();
    const pairs = times.compiled!.map((time, run) => time / times['by hand']![run]!);
    const [compiled, byHand, ratio] = [times.compiled!, times['by hand']!, pairs].map(median) as [
      number,
      number,
      number,
    ];
    results.push({ threads, compiled, byHand, ratio });
    console.error(
      `${threads} threads: ${compiled.toFixed(1)} ms compiled, ${byHand.toFixed(1)} ms by hand, ratio ${ratio.toFixed(3)}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}

const rows = results.map(({ threads, compiled, byHand, ratio }) => [
  String(threads),
  `${compiled.toFixed(1)} ms`,
  `${byHand.toFixed(1)} ms`,
  ratio.toFixed(3),
  ratio <= bound ? 'met' : '**missed**',
]);
const head = ['threads', 'compiled by keras-serve', 'written by hand', 'ratio', `≤ ${bound}`];
const text = `One image. Medians of ${values.runs} runs of each, in turns; the ratio is the median of those of the pairs.\n\n${table(head, rows)}\n`;
writeResults(
  join(packageRoot, 'bench/results'),
  'resnet50-by-hand',
  'ResNet50 compiled and by hand',
  { results },
  text,
);
