/**
 * Measures what an image costs as a binary tensor of the Open Inference Protocol, over the same image as JPEG.
 * `docs/benchmarks.md` says how to read and repeat it.
 * Usage: npm run bench:binary -- --model <file or folder> [--rounds 100]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../src/support/package.js';
import { compareWays, type Way } from './one-image.js';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: join(packageRoot, 'models', 'efficientnet-lite0') },
    rounds: { type: 'string', default: '100' },
    image: { type: 'string', default: join(packageRoot, 'examples', 'cat.jpg') },
  },
});

/** An image as a tensor whose elements follow the JSON; what they are makes no difference to the time. */
function binary(path: string, input: { name: string; shape: number[] }, datatype: string, elementSize: number): Way {
  const shape = [1, ...input.shape.slice(1)];
  const bytes = shape.reduce((product, size) => product * size, elementSize);
  const tensor = { name: input.name, shape, datatype, parameters: { binary_data_size: bytes } };
  const json = Buffer.from(JSON.stringify({ inputs: [tensor], parameters: { binary_data_output: true } }));
  return {
    path: `${path}/infer`,
    headers: { 'content-type': 'application/octet-stream', 'inference-header-content-length': json.length },
    body: Buffer.concat([json, Buffer.alloc(bytes)]),
  };
}

await compareWays(
  {
    name: 'binary-tensors',
    title: 'What an image costs as a binary tensor',
    model: values.model,
    rounds: Number(values.rounds),
  },
  async (url) => {
    const { models } = (await (await fetch(`${url}/models`)).json()) as { models: { name: string }[] };
    const path = `/v2/models/${models[0]!.name}`;
    const { inputs } = (await (await fetch(url + path)).json()) as { inputs: { name: string; shape: number[] }[] };
    return {
      JPEG: { path: '/predict', headers: { 'content-type': 'image/jpeg' }, body: readFileSync(values.image) },
      'binary tensor, FP32': binary(path, inputs[0]!, 'FP32', 4),
      'binary tensor, FP16': binary(path, inputs[0]!, 'FP16', 2),
    };
  },
);
