/** Forms and CSV over real sockets that end midway, stand still or have no end: what is held of them is given back. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import sharp from 'sharp';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import { formOf } from '../helpers/form.js';
import { formModels } from '../helpers/form-models.js';
import { isAtRest, listen, requestBytes, send, until } from '../helpers/raw-client.js';

const megabyte = 2 ** 20;
const options = () => ({ model: formModels() });

/** A photo of a megabyte, and a form with it for the model `mixed`. */
const noise = await sharp({
  create: {
    width: 600,
    height: 600,
    channels: 3,
    background: 'red',
    noise: { type: 'gaussian', mean: 128, sigma: 60 },
  },
})
  .png()
  .toBuffer();
const photo = await formOf(['age', '40'], ['photo', noise, 'a.png'], ['meta.photo', '7']);
const address = '/models/mixed/predict';
const whole = requestBytes('POST', address, photo);
const headEnd = whole.indexOf('\r\n\r\n') + 4;

/** The status of what comes next over a connection. */
async function statusOf(socket: Socket): Promise<number> {
  let text = '';
  socket.setEncoding('utf8').on('data', (part) => {
    text += part;
  });
  await until(() => /^HTTP\/1\.1 \d+ .*\r\n\r\n.*\}/s.test(text), `a reply, but ${text.slice(0, 200)}`);
  return Number(text.slice(9, 12));
}

const endings: Record<string, (socket: Socket) => void> = {
  closes: (socket) => socket.destroy(),
  resets: (socket) => socket.resetAndDestroy(),
  'closes its side alone': (socket) => socket.end(),
};

describe('a form that ends midway', () => {
  /** How much of the request comes. */
  const cuts: Record<string, number> = {
    'in the name of a field': whole.indexOf('name="photo"') + 7,
    'between the head of a part and what is in it': whole.indexOf('\r\n\r\n', whole.indexOf('name="photo"')) + 4,
    'in a file': headEnd + megabyte / 2,
    'in the last boundary': whole.length - 4,
    'behind the head of the request': headEnd,
  };
  for (const [where, length] of Object.entries(cuts))
    it(`is given up: ${where}`, async (t) => {
      const { app, url } = await listen(t, options());
      for (const end of Object.values(endings)) {
        const sockets = await Promise.all(Array.from({ length: 5 }, () => send(url, whole.subarray(0, length))));
        await until(() => kerasServeOf(app).replies.size === 5, 'five forms');
        if (length > headEnd + megabyte / 4) await until(() => kerasServeOf(app).memory.reserved > 0, 'memory');
        for (const socket of sockets) end(socket);
        await until(() => isAtRest(app), 'rest');
        for (const socket of sockets) socket.destroy();
      }
      assert.equal(await statusOf(await send(url, whole)), 200);
      await until(() => isAtRest(app), 'rest');
    });

  it('takes nothing from others that come whole meanwhile', async (t) => {
    const { app, url, gone } = await listen(t, options());
    const halves = await Promise.all(Array.from({ length: 20 }, () => send(url, whole.subarray(0, whole.length / 2))));
    await until(() => kerasServeOf(app).memory.reserved > 0, 'memory');
    const statuses = await Promise.all(Array.from({ length: 5 }, async () => statusOf(await send(url, whole))));
    assert.deepEqual(statuses, Array(5).fill(200));
    for (const socket of halves) socket.resetAndDestroy();
    await until(() => gone() === 20, 'twenty that went');
    await until(() => isAtRest(app), 'rest');
  });
});

describe('CSV with a record without an end', () => {
  const csv = (payload: Buffer) =>
    requestBytes('POST', '/models/table/predict', { headers: { 'content-type': 'text/csv' }, payload });
  const header = 'age,income,größe in cm\n50,3000,1\n';
  /** What its third line is, and what is said of it. */
  const endless: Record<string, [text: string, message: RegExp]> = {
    'a quote that is never closed': [
      `"${'1,2\n'.repeat(5 * megabyte)}`,
      /Line 3: a value begins with a quote and has no other at its end/,
    ],
    'a text that goes on and on': [`"${'1,2\n'.repeat(5 * megabyte)}",1,1`, /Line 3: it has more than 16777216 bytes/],
    'a number that goes on and on': ['1'.repeat(20 * megabyte), /Line 3: it has more than 16777216 bytes/],
  };
  for (const [why, [text, message]] of Object.entries(endless))
    it(`is refused by its line for ${why}, and the server goes on`, async (t) => {
      const { app, url } = await listen(t, options());
      const bytes = csv(Buffer.from(header + text));
      for (let count = 0; count < 2; count++) {
        const socket = await send(url, bytes);
        let reply = '';
        socket.setEncoding('utf8').on('data', (part) => {
          reply += part;
        });
        await until(() => reply.includes('}}'), 'a reply');
        assert.match(reply, /^HTTP\/1\.1 400 /);
        assert.match(reply, message);
        socket.destroy();
      }
      await until(() => isAtRest(app), 'rest');
      assert.equal(await statusOf(await send(url, csv(Buffer.from(header)))), 200);
    });

  it('gives back what is held of it when its client goes while it is read', async (t) => {
    const { app, url, gone } = await listen(t, options());
    const bytes = csv(Buffer.from(header + '50,3000,1\n'.repeat(4 * megabyte)));
    for (let count = 1; count <= 3; count++) {
      const socket = await send(url, bytes);
      await until(() => kerasServeOf(app).memory.reserved > 8 * megabyte, 'reading');
      socket.resetAndDestroy();
      await until(() => gone() === count, 'a line in the log');
    }
    await until(() => isAtRest(app), 'rest');
    assert.equal(await statusOf(await send(url, csv(Buffer.from(header)))), 200);
  });
});
