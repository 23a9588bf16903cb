/**
 * What rows cost as CSV over the same rows as raw instances in JSON, and what memory many of them take: `npm run bench:csv`. The
 * model is a small dense one that takes a table of ten columns and gives three classes.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encodeOnnx } from '../src/onnx/encode.js';
import { GraphBuilder } from '../src/onnx/graph.js';
import { metadataNames } from '../src/onnx/metadata.js';
import { constant, matmul, relu, softmax } from '../src/onnx/operators/index.js';
import { packageRoot } from '../src/support/package.js';
import { post, startServer, type Way } from './one-image.js';
import { median, table, writeResults } from './results.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '25' },
    rows: { type: 'string', default: '10000' },
    many: { type: 'string', default: '100000' },
  },
});
const [rounds, rows, many] = [values.rounds, values.rows, values.many].map(Number) as [number, number, number];
const names = Array.from({ length: 10 }, (_, index) => `column ${index + 1}`);
const warmUp = 5;
/** What the others are held against: tensors to and fro, by TensorFlow Serving's route. */
const base = 'raw instances';

/** Ten columns, a layer of 32 units, and three classes. */
function writeModel(folder: string): string {
  const graph = new GraphBuilder();
  const weights = (...shape: [number, number]) =>
    constant(
      graph,
      'float32',
      shape,
      Array.from({ length: shape[0] * shape[1] }, (_, i) => Math.sin(i)),
    );
  const hidden = relu(matmul(graph.input('x', 'float32', [null, names.length]), weights(names.length, 32)));
  graph.output('y', softmax(matmul(hidden, weights(32, 3)), -1));
  const path = join(folder, 'rows.onnx');
  writeFileSync(path, encodeOnnx(graph, { [metadataNames.batchDependent]: 'false' }).toBuffer());
  const card = {
    inputs: { x: { columns: names.map((name) => ({ name, offset: 1, scale: 2 })) } },
    outputs: { y: { labels: ['low', 'middle', 'high'] } },
  };
  writeFileSync(join(folder, 'serve.json'), JSON.stringify(card));
  return path;
}

const valuesOf = (count: number) =>
  Array.from({ length: count }, (_, row) =>
    names.map((_name, column) => Number((Math.sin(row * names.length + column) * 100).toFixed(4))),
  );

function waysOf(count: number): Record<string, Way> {
  const all = valuesOf(count);
  const json = (path: string, instances: unknown[]): Way => ({
    path,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ instances })),
  });
  const lines = [names, ...all].map((line) => line.join(','));
  const csv = (accept: string): Way => ({
    path: '/predict',
    headers: { 'content-type': 'text/csv', accept },
    body: Buffer.from(`${lines.join('\r\n')}\r\n`),
  });
  return {
    [base]: json('/v1/models/rows:predict', all),
    CSV: csv('*/*'),
    'CSV, answered in CSV': csv('text/csv'),
    'JSON, lists': json('/predict', all),
    'JSON, objects': json(
      '/predict',
      all.map((row) => Object.fromEntries(row.map((value, column) => [names[column]!, value]))),
    ),
  };
}

const memoryOf = (pid: number, key: 'VmRSS' | 'VmHWM') =>
  Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

async function timesOf(model: string): Promise<Record<string, { bytes: number; milliseconds: number; ratio: number }>> {
  const { server, url } = await startServer(model);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ways = waysOf(rows);
  const times = new Map<string, number[]>(Object.keys(ways).map((way) => [way, []]));
  try {
    for (let round = -warmUp; round < rounds; round++)
      for (const [way, request] of Object.entries(ways)) {
        const time = await post(agent, url, request);
        if (round >= 0) times.get(way)!.push(time);
      }
  } finally {
    server.kill();
    agent.destroy();
  }
  const baseTimes = times.get(base)!;
  return Object.fromEntries(
    [...times].map(([way, all]) => {
      // What else the machine does strikes neighbours alike.
      const ratio = median(all.map((time, round) => time / baseTimes[round]!));
      return [way, { bytes: ways[way]!.body.length, milliseconds: median(all), ratio }];
    }),
  );
}

/** Megabytes of the server's process: idle, and at most while it answered. */
async function peakOf(
  model: string,
  way: string,
): Promise<{ bytes: number; idle: number; peak: number; milliseconds: number }> {
  const { server, url } = await startServer(model);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const request = waysOf(many)[way]!;
  try {
    const idle = memoryOf(server.pid!, 'VmRSS');
    const times: number[] = [];
    for (let round = 0; round < 3; round++) times.push(await post(agent, url, request));
    return { bytes: request.body.length, idle, peak: memoryOf(server.pid!, 'VmHWM'), milliseconds: median(times) };
  } finally {
    server.kill();
    agent.destroy();
  }
}

const folder = mkdtempSync(join(tmpdir(), 'keras-serve-csv-'));
try {
  const model = writeModel(folder);
  const times = await timesOf(model);
  const peaks: Record<string, Awaited<ReturnType<typeof peakOf>>> = {};
  for (const way of [base, 'CSV', 'CSV, answered in CSV']) peaks[way] = await peakOf(model, way);
  const text = [
    table(
      [`${rows} rows as`, 'bytes', 'ms (median)', 'times raw instances'],
      Object.entries(times).map(([way, { bytes, milliseconds, ratio }]) => [
        way,
        String(bytes),
        milliseconds.toFixed(1),
        ratio.toFixed(2),
      ]),
    ),
    table(
      [`${many} rows as`, 'bytes', 'ms (median)', 'MB idle', 'MB at most'],
      Object.entries(peaks).map(([way, { bytes, milliseconds, idle, peak }]) => [
        way,
        String(bytes),
        milliseconds.toFixed(0),
        idle.toFixed(0),
        peak.toFixed(0),
      ]),
    ),
  ].join('\n\n');
  console.log(text);
  const results = join(packageRoot, 'bench', 'results');
  writeResults(results, 'csv', 'What rows cost as CSV', { rounds, times, peaks }, `${rounds} rounds.\n\n${text}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
