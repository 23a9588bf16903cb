/** Many requests to one server: what they leave behind. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import sharp from 'sharp';
import { photo } from '../helpers/app.js';
import { form } from '../helpers/form.js';
import { drive } from '../helpers/load.js';
import { colourModel } from '../helpers/onnx-models.js';
import { inferenceProcesses, openDescriptors, residentMemory } from '../helpers/proc.js';
import { startServer } from '../helpers/server.js';

const onLinux = process.platform === 'linux' ? {} : { skip: 'memory is read from /proc, which only Linux has' };
/** Requests between two looks, and looks. The first is at what starting has left, the second at a server in use. */
const [each, looks] = [1000, 10];
/**
 * Bytes a request by which memory may seem to grow: what the heaps hold after a collection differs from look to look by less than
 * a megabyte; resident memory, which alone has what native code holds, goes on growing by some for thousands of requests.
 */
const mostGrowth = { server: 512, inference: 512, resident: 4096 };
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** The slope of the line that fits the values best, per value. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = sum(values) / values.length;
  const covariance = sum(values.map((value, index) => (index - middle) * (value - mean)));
  return covariance / sum(values.map((_, index) => (index - middle) ** 2));
}

/** Has a process say, when it gets SIGWINCH, what it holds once all garbage is collected: what is left is held for good. */
const report = `process.on('SIGWINCH', () => {
  gc();
  const { heapUsed, external } = process.memoryUsage();
  console.error('held ' + (heapUsed + external));
});`;
const NODE_OPTIONS = `--expose-gc --import=data:text/javascript,${encodeURIComponent(report)}`;

describe('a server that has answered many requests', () => {
  it('holds no more memory or handles than before', onLinux, async (t: TestContext) => {
    const { url, child } = await startServer(t, ['--processes', '1'], colourModel(), { NODE_OPTIONS });
    const small = form(await sharp(photo('cat.jpg')).resize(64, 64).jpeg().toBuffer());
    const [inference] = inferenceProcesses(child.pid!);
    const send = (count: number) =>
      drive(
        `${url}/predict`,
        8,
        () => (count-- > 0 ? small : undefined),
        ({ status, body }) => assert.equal(status, 200, body),
      );
    /** What a process holds. That for inference sees its signals when it has something to do. */
    const heldBy = async (pid: number): Promise<number> => {
      const answer = once(child.stderr!, 'data');
      process.kill(pid, 'SIGWINCH');
      await send(1);
      return Number(/^held (\d+)\n$/.exec((await answer)[0])![1]);
    };
    const held = { server: [] as number[], inference: [] as number[] };
    const resident: number[] = [];
    const descriptors: number[] = [];
    for (let look = 0; look < looks; look++) {
      await send(each);
      held.server.push(await heldBy(child.pid!));
      held.inference.push(await heldBy(inference!));
      resident.push(sum(residentMemory(child.pid!)));
      descriptors.push(openDescriptors(child.pid!));
    }
    const kilobytes = (values: readonly number[]) => values.map((value) => Math.round(value / 1024)).join(' ');
    t.diagnostic(`KB held by the server: ${kilobytes(held.server)}`);
    t.diagnostic(`KB held by the inference process: ${kilobytes(held.inference)}`);
    t.diagnostic(`KB resident: ${kilobytes(resident)}`);
    t.diagnostic(`open descriptors: ${descriptors.join(' ')}`);
    const perRequest = (values: readonly number[]) => Math.round(slopeOf(values.slice(1)) / each);
    const growth = {
      server: perRequest(held.server),
      inference: perRequest(held.inference),
      resident: perRequest(resident),
    };
    t.diagnostic(`bytes a request: ${JSON.stringify(growth)}`);
    assert.ok(Math.max(...descriptors) <= descriptors[0]! + 4);
    for (const [what, most] of Object.entries(mostGrowth))
      assert.ok(
        growth[what as keyof typeof growth] < most,
        `${what}: grows by ${JSON.stringify(growth)} bytes a request`,
      );
  });
});
