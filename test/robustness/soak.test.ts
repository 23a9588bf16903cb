/** Many requests to one server: what they leave behind. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import sharp from 'sharp';
import { photo } from '../helpers/app.js';
import { form } from '../helpers/form.js';
import { drive } from '../helpers/load.js';
import { colourModel } from '../helpers/onnx-models.js';
import { openDescriptors, residentMemory } from '../helpers/proc.js';
import { startServer } from '../helpers/server.js';

const onLinux = process.platform === 'linux' ? {} : { skip: 'memory is read from /proc, which only Linux has' };
const requests = 20_000;
const megabytes = (bytes: number) => Math.round(bytes / 2 ** 20);
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** The slope of the line that fits the values best, per value. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = sum(values) / values.length;
  const covariance = sum(values.map((value, index) => (index - middle) * (value - mean)));
  return covariance / sum(values.map((_, index) => (index - middle) ** 2));
}

describe('a server that has answered many requests', () => {
  it('holds no more memory or handles than after the first thousand', onLinux, async (t: TestContext) => {
    const { url, child } = await startServer(t, [], colourModel());
    const small = form(await sharp(photo('cat.jpg')).resize(64, 64).jpeg().toBuffer());
    const memory: number[][] = [];
    const descriptors: number[] = [];
    let sent = 0;
    await drive(
      `${url}/predict`,
      8,
      () => (sent < requests ? small : undefined),
      ({ status, body }) => {
        assert.equal(status, 200, body);
        if (++sent % 1000 !== 0) return;
        memory.push(residentMemory(child.pid!));
        descriptors.push(openDescriptors(child.pid!));
      },
    );
    const [, ...settled] = memory.map(sum);
    const slope = slopeOf(settled);
    for (const index of memory[0]!.keys())
      t.diagnostic(`process ${index}, MB a thousand: ${memory.map((each) => megabytes(each[index]!)).join(' ')}`);
    t.diagnostic(`slope: ${(slope / 2 ** 20).toFixed(3)} MB a thousand requests`);
    t.diagnostic(`open descriptors: ${descriptors.join(' ')}`);
    assert.ok(Math.max(...descriptors) <= descriptors[0]! + 4);
    assert.ok(slope < 2 * 2 ** 20, `memory grows by ${slope} bytes a thousand requests`);
  });
});
