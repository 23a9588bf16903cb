/**
 * The limit: decoding one JPEG and running the model in a bare loop, with no HTTP, no queue and no other process.
 * Prints one line of JSON. Arguments: compiled model, name of its input, image, seconds, threads.
 */
import { readFileSync } from 'node:fs';
import { decodeImage } from '../../src/images/decode.js';
import { onnxEngine } from '../../src/inference/onnx-engine.js';
import type { Preparation } from '../../src/support/preparation.js';

const [path, name, image, seconds, threads] = process.argv.slice(2) as [string, string, string, string, string];
const bytes = readFileSync(image);
const preparation: Preparation = { type: 'uint8', mean: [127, 127, 127], std: [128, 128, 128] };
const prepare = { [name]: preparation };
const session = await onnxEngine.load({ path, threads: Number(threads), optimized: true, prepare });

async function once(): Promise<void> {
  const { data, shape } = await decodeImage(bytes, { size: [224, 224] }, { maxPixels: 50_000_000, timeoutSeconds: 10 });
  await session.run({ [name]: { type: 'uint8', shape: [1, ...shape], data } }, [name]);
}

for (let index = 0; index < 5; index++) await once();
const times: number[] = [];
const start = performance.now();
const { user, system } = process.cpuUsage();
while (performance.now() - start < Number(seconds) * 1000) {
  const before = performance.now();
  await once();
  times.push(performance.now() - before);
}
const elapsed = (performance.now() - start) / 1000;
const cpu = process.cpuUsage({ user, system });
times.sort((a, b) => a - b);
const percentile = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))];
console.log(
  JSON.stringify({
    requests: times.length,
    seconds: elapsed,
    p50: percentile(0.5),
    p99: percentile(0.99),
    cpu: (cpu.user + cpu.system) / 1e6,
    memory: process.resourceUsage().maxRSS * 1024,
  }),
);
