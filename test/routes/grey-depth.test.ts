import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import pino from 'pino';
import sharp from 'sharp';
import { buildApp } from '../../src/app.js';
import type { TensorType } from '../../src/support/tensor.js';
import { greyModel } from '../helpers/onnx-models.js';
import { runCli } from '../helpers/server.js';

const values = Uint16Array.from({ length: 64 }, (_, index) => index * 1000);
const raw = { width: 8, height: 8, channels: 1 } as const;
const deep = await sharp(values, { raw }).toColourspace('grey16').png().toBuffer();
const shallow = await sharp(Uint8Array.from(values.keys()), { raw }).png().toBuffer();

interface Served {
  app: FastifyInstance;
  warnings: string[];
  /** The numbers that the model was given for images. */
  pixels(...images: Buffer[]): Promise<number[][]>;
}

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function modelWith(scaling: unknown, type?: TensorType): string {
  const model = greyModel(type);
  folders.push(dirname(model));
  writeFileSync(join(dirname(model), 'serve.json'), JSON.stringify({ name: 'grey', image: { scaling } }));
  return model;
}

const apps: FastifyInstance[] = [];
after(() => Promise.all(apps.map((app) => app.close())));

async function serve(scaling: unknown, type?: TensorType): Promise<Served> {
  const warnings: string[] = [];
  const write = (line: string) => {
    const { level, msg } = JSON.parse(line);
    if (level === 40 && msg.includes('16-bit')) warnings.push(msg);
  };
  const logger = pino({}, { write });
  const app = await buildApp({ model: modelWith(scaling, type), logger, noCache: true, processes: 1 });
  apps.push(app);
  await app.ready();
  return {
    app,
    warnings,
    async pixels(...images) {
      const payload = { instances: images.map((image) => ({ b64: image.toString('base64') })) };
      const reply = await app.inject({ method: 'POST', url: '/v1/models/grey:predict', payload });
      assert.equal(reply.statusCode, 200, reply.payload);
      return reply.json().predictions;
    },
  };
}

const near = (actual: number[], expected: Iterable<number>) => {
  for (const [index, value] of [...expected].entries())
    assert.ok(Math.abs(actual[index]! - value) <= 1e-6 * Math.max(1, Math.abs(value)), `${index}: ${actual[index]}`);
};

describe('16-bit grey for a model of one channel', () => {
  it('keeps its values, as load_img(color_mode="grayscale") has them', async () => {
    const { app, pixels, warnings } = await serve('none');
    near((await pixels(deep))[0]!, values);
    const headers = { 'content-type': 'image/png' };
    const [top] = (await app.inject({ method: 'POST', url: '/predict', payload: deep, headers })).json().predictions;
    assert.deepEqual(top, { label: '63', probability: 63_000 });
    assert.deepEqual(warnings, []);
  });

  it('keeps them beside images of 8 bits', async () => {
    const { pixels } = await serve('none');
    for (const images of [
      [shallow, deep, shallow],
      [deep, shallow, deep],
    ]) {
      const rows = await pixels(...images);
      for (const [index, image] of images.entries()) near(rows[index]!, image === deep ? values : values.keys());
    }
  });

  it('is scaled like others, and the log says once that it may be meant otherwise', async () => {
    const { pixels, warnings } = await serve({ mean: [1000], std: [500] });
    const scaled = (list: Iterable<number>) => Array.from(list, (value) => (value - 1000) / 500);
    near((await pixels(shallow))[0]!, scaled(values.keys()));
    assert.deepEqual(warnings, []);
    near((await pixels(deep))[0]!, scaled(values));
    await pixels(deep, deep);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /whole, up to 65535.*"mean":\[1000\].*send 8-bit images/);
  });

  it('keeps its high byte for a model that takes bytes', async () => {
    const { pixels, warnings } = await serve('none', 'uint8');
    near(
      (await pixels(deep))[0]!,
      values.map((value) => value >> 8),
    );
    assert.deepEqual(warnings, []);
  });

  it('is told of by keras-serve predict, once', async (t) => {
    const model = modelWith('unit');
    const image = join(dirname(model), 'deep.png');
    writeFileSync(image, deep);
    const { stdout, stderr } = await runCli(t, ['predict', model, image, image, '--top-k', '1']).ended;
    assert.equal(stdout.match(/^1\. 63: 247\.0588$/gm)?.length, 2, stdout);
    assert.equal(stderr.match(/16-bit grey/g)?.length, 1, stderr);
  });
});
