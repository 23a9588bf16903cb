/**
 * Measures what an image costs as JSON, over the same image as JPEG: one request at a time, each way in turn.
 * `docs/benchmarks.md` says how to read and repeat it.
 * Usage: npm run bench:json -- --model <file or folder> [--rounds 100]
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { packageRoot } from '../src/package.js';
import { median, table, writeResults } from './results.js';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: join(packageRoot, 'models', 'efficientnet-lite0') },
    rounds: { type: 'string', default: '100' },
    image: { type: 'string', default: join(packageRoot, 'examples', 'cat.jpg') },
    size: { type: 'string', default: '224' },
  },
});
const rounds = Number(values.rounds);
const size = Number(values.size);
/** Requests of each way that aren't counted: threads start, code is compiled. */
const warmUp = 10;

const server = spawn(process.execPath, [
  join(packageRoot, 'dist', 'src', 'cli.js'),
  ...[values.model, '--port', '0', '--log-format', 'json'],
]);
server.stderr.pipe(process.stderr);
const url = await new Promise<string>((resolve, reject) => {
  server.once('exit', () => reject(new Error('The server ended.')));
  createInterface(server.stdout).on('line', (line) => {
    const { url } = JSON.parse(line);
    if (url) resolve(url);
  });
});

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** Milliseconds from the first byte sent to the last received. */
const post = (type: string, body: Buffer): Promise<number> =>
  new Promise((resolve, reject) => {
    const started = performance.now();
    const sent = request(
      `${url}/predict`,
      { method: 'POST', agent, headers: { 'content-type': type, 'content-length': body.length } },
      (response) => {
        response.resume();
        response.on('end', () => {
          if (response.statusCode === 200) resolve(performance.now() - started);
          else reject(new Error(`${type} was answered with ${response.statusCode}`));
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });

const jpeg = readFileSync(values.image);
const { data: pixels } = await sharp(jpeg).resize(size, size, { fit: 'fill' }).removeAlpha().raw().toBuffer({
  resolveWithObject: true,
});

/** The image as nested arrays of what its pixels become. */
const instances = (value: (pixel: number) => number): Buffer => {
  const image = Array.from({ length: size }, (_, y) =>
    Array.from({ length: size }, (_, x) =>
      Array.from({ length: 3 }, (_, channel) => value(pixels[(y * size + x) * 3 + channel]!)),
    ),
  );
  return Buffer.from(JSON.stringify({ instances: [image] }));
};

const ways: Record<string, [type: string, body: Buffer]> = {
  JPEG: ['image/jpeg', jpeg],
  'JSON, float32 to the last digit': ['application/json', instances((pixel) => Math.fround(pixel / 127.5 - 1))],
  'JSON, 4 digits': ['application/json', instances((pixel) => Number((pixel / 127.5 - 1).toFixed(4)))],
  'JSON, whole numbers': ['application/json', instances((pixel) => pixel)],
  'JSON, JPEG in base64': ['application/json', Buffer.from(JSON.stringify({ image: jpeg.toString('base64') }))],
};

const times = new Map<string, number[]>(Object.keys(ways).map((way) => [way, []]));
for (let round = -warmUp; round < rounds; round++)
  for (const [way, [type, body]] of Object.entries(ways)) {
    const time = await post(type, body);
    if (round >= 0) times.get(way)!.push(time);
  }
server.kill();
agent.destroy();

const base = median(times.get('JPEG')!);
const figures = Object.fromEntries(
  [...times].map(([way, all]) => [
    way,
    { bytes: ways[way]![1].length, milliseconds: median(all), over: median(all) - base },
  ]),
);
const rows = Object.entries(figures).map(([way, { bytes, milliseconds, over }]) => [
  way,
  String(bytes),
  milliseconds.toFixed(1),
  over.toFixed(1),
]);
const text = table(['one image as', 'bytes', 'ms (median)', 'ms over JPEG'], rows);
console.log(text);
writeResults(
  join(packageRoot, 'bench', 'results'),
  'json',
  'What an image costs as JSON',
  { model: values.model.split(/[\\/]/).findLast((part) => part !== 'model.keras' && part !== ''), rounds, figures },
  `${text}\n`,
);
