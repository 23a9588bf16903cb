/**
 * Measures what an image costs as a binary tensor of the Open Inference Protocol, over the same image as JPEG: one request at a
 * time, each way in turn. `docs/benchmarks.md` says how to read and repeat it.
 * Usage: npm run bench:binary -- --model <file or folder> [--rounds 100]
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { packageRoot } from '../src/package.js';
import { median, table, writeResults } from './results.js';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: join(packageRoot, 'models', 'efficientnet-lite0') },
    rounds: { type: 'string', default: '100' },
    image: { type: 'string', default: join(packageRoot, 'examples', 'cat.jpg') },
  },
});
const rounds = Number(values.rounds);
/** Requests of each way that aren't counted: code is compiled. */
const warmUp = 10;

const cli = join(packageRoot, 'dist', 'src', 'cli.js');
const server = spawn(process.execPath, [cli, values.model, '--port', '0', '--log-format', 'json']);
server.stderr.pipe(process.stderr);
const address = await new Promise<string>((resolve, reject) => {
  server.once('exit', () => reject(new Error('The server ended.')));
  createInterface(server.stdout).on('line', (line) => {
    const { url } = JSON.parse(line);
    if (url) resolve(url);
  });
});
const { models } = (await (await fetch(`${address}/models`)).json()) as { models: { name: string }[] };
const infer = `/v2/models/${models[0]!.name}`;
const metadata = (await (await fetch(address + infer)).json()) as {
  inputs: { name: string; datatype: string; shape: number[] }[];
};
const { name, shape } = metadata.inputs[0]!;

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

interface Way {
  path: string;
  headers: Record<string, string | number>;
  body: Buffer;
}

/** Milliseconds from the first byte sent to the last received. */
const post = ({ path, headers, body }: Way): Promise<number> =>
  new Promise((resolve, reject) => {
    const started = performance.now();
    const options = { method: 'POST', agent, headers: { ...headers, 'content-length': body.length } };
    const sent = request(address + path, options, (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - started);
        else reject(new Error(`${path} was answered with ${response.statusCode}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });

/** An image as a tensor whose elements follow the JSON; what they are makes no difference to the time. */
function binary(datatype: string, elementSize: number): Way {
  const sizes = [1, ...shape.slice(1)];
  const count = sizes.reduce((product, size) => product * size, 1);
  const input = { name, shape: sizes, datatype, parameters: { binary_data_size: count * elementSize } };
  const json = Buffer.from(JSON.stringify({ inputs: [input], parameters: { binary_data_output: true } }));
  return {
    path: `${infer}/infer`,
    headers: { 'content-type': 'application/octet-stream', 'inference-header-content-length': json.length },
    body: Buffer.concat([json, Buffer.alloc(count * elementSize)]),
  };
}

const ways: Record<string, Way> = {
  JPEG: { path: '/predict', headers: { 'content-type': 'image/jpeg' }, body: readFileSync(values.image) },
  'binary tensor, FP32': binary('FP32', 4),
  'binary tensor, FP16': binary('FP16', 2),
};

const times = new Map<string, number[]>(Object.keys(ways).map((way) => [way, []]));
for (let round = -warmUp; round < rounds; round++)
  for (const [way, request] of Object.entries(ways)) {
    const time = await post(request);
    if (round >= 0) times.get(way)!.push(time);
  }
server.kill();
agent.destroy();

const base = median(times.get('JPEG')!);
const figures = Object.fromEntries(
  [...times].map(([way, all]) => [
    way,
    { bytes: ways[way]!.body.length, milliseconds: median(all), over: median(all) - base },
  ]),
);
const text = table(
  ['one image as', 'bytes', 'ms (median)', 'ms over JPEG'],
  Object.entries(figures).map(([way, { bytes, milliseconds, over }]) => [
    way,
    String(bytes),
    milliseconds.toFixed(1),
    over.toFixed(1),
  ]),
);
console.log(text);
const model = values.model.split(/[\\/]/).findLast((part) => part !== 'model.keras' && part !== '');
writeResults(
  join(packageRoot, 'bench', 'results'),
  'binary-tensors',
  'What an image costs as a binary tensor',
  { model, rounds, figures },
  `Model: ${model}; ${rounds} rounds.\n\n${text}\n`,
);
