/** What is noticed of models that real Keras wrote, of requests over HTTP: in the log, the metrics and what is told of the model. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import sharp from 'sharp';
import type { Anomaly, ModelDetails } from '../../schemas/models.js';
import { buildApp } from '../../src/app.js';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import { loadModel } from '../../src/protocols/predict/load-model.js';
import '../helpers/checked-replies.js';
import { type FixtureCase, unpackFamily } from '../helpers/fixtures.js';

const { folder, cases } = unpackFamily('monitoring');
const root = join(folder, 'served');

const fixtures = {
  houses: 'normalization_houses',
  measurements: 'batch_normalization_measurements',
  scaled: 'dense_topics',
  topics: 'dense_topics',
  dead: 'dense_dead',
  pictures: 'rescaling_pictures',
};
type Kind = keyof typeof fixtures;
const kinds = Object.keys(fixtures) as Kind[];
const columns = [...'abcdefgh'].map((name) => ({ name, offset: 5000, scale: 25 }));
const cards: Partial<Record<Kind, object>> = {
  houses: {
    inputs: { [inputOf('houses')]: { columns: [{ name: 'area' }, { name: 'rooms' }, { name: 'price' }] } },
  },
  scaled: { inputs: { [inputOf('scaled')]: { columns } } },
  pictures: { image: { scaling: 'none' } },
};

function caseOf(kind: Kind): FixtureCase {
  return cases.find(({ name }) => name === fixtures[kind])!;
}
function inputOf(kind: Kind): string {
  return caseOf(kind).inputs[0]!.name;
}
const outputOf = (kind: Kind): string => caseOf(kind).outputs[0]!.name;

/** What is served: each test has models of its own, `sane-houses`. */
const served = [
  ...kinds.flatMap((kind) => [`sane-${kind}`, `same-${kind}`, `wrong-${kind}`]),
  'frames-pictures',
  'blank-pictures',
  'anew-dead',
];
const kindOf = (name: string): Kind => name.split('-')[1] as Kind;

const log: { level: number; model?: string; anomaly?: string; msg: string; text: string }[] = [];
const logger = pino({ level: 'info' }, { write: (text: string) => log.push({ ...JSON.parse(text), text }) });

/** The same in every run, and never two alike. */
let state = 1;
function random(): number {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return (state >>> 0) / 2 ** 32;
}
/** About normal. */
const normal = (mean: number, deviation: number): number =>
  mean + deviation * Math.sqrt(12 / 6) * (random() + random() + random() + random() + random() + random() - 3);
const list = <Item>(length: number, make: (index: number) => Item): Item[] =>
  Array.from({ length }, (_, index) => make(index));

const sane: Record<Kind, () => unknown> = {
  houses: () => [normal(120, 40), normal(4, 1.5), normal(300000, 80000)],
  measurements: () => [normal(20, 8), normal(1013, 10)],
  scaled: () => list(8, () => normal(5000, 50)),
  topics: () => list(8, () => normal(0, 2)),
  dead: () => list(4, () => normal(500, 100)),
  pictures: () => list(16, () => list(16, () => list(3, () => 255 * random()))),
};

describe('what is noticed while serving', () => {
  let app: FastifyInstance;
  let address: string;
  before(async () => {
    for (const name of served) {
      mkdirSync(join(root, name), { recursive: true });
      cpSync(caseOf(kindOf(name)).model, join(root, name, 'model.keras'));
      const card = cards[kindOf(name)];
      if (card) writeFileSync(join(root, name, 'serve.json'), JSON.stringify(card));
    }
    app = await buildApp({ model: root, processes: 1, cacheFolder: join(folder, 'cache'), logger, watch: true });
    address = await app.listen({ port: 0 });
  });
  after(async () => {
    await app?.close();
    rmSync(folder, { recursive: true });
  });

  const post = async (path: string, body: string | Buffer, type = 'application/json') => {
    const reply = await fetch(address + path, {
      method: 'POST',
      headers: { 'content-type': type },
      body: body as BodyInit,
    });
    const text = await reply.text();
    assert.equal(reply.status, 200, text);
    return text;
  };
  /** Requests of so few rows that all are looked at. */
  const sender = (pathOf: (name: string) => string) => async (name: string, rows: readonly unknown[]) => {
    for (let start = 0; start < rows.length; start += 8)
      await post(pathOf(name), JSON.stringify({ instances: rows.slice(start, start + 8) }));
  };
  const predict = sender((name) => `/models/${name}/predict`);
  const raw = sender((name) => `/v1/models/${name}:predict`);

  const details = async (name: string) => (await (await fetch(`${address}/models/${name}`)).json()) as ModelDetails;
  const warnings = (name: string) => log.filter(({ level, model }) => level === 40 && model === name);
  const counted = async () =>
    (await (await fetch(`${address}/metrics`)).text())
      .split('\n')
      .filter((line) => line.startsWith('keras_serve_anom'));

  /** That a model has this anomaly and no other, and that it is told in all ways, once. */
  async function assertNoticed(name: string, anomaly: Anomaly['anomaly'], key: string, message: RegExp) {
    const { anomalies } = await details(name);
    assert.deepEqual(
      anomalies?.map((one) => [one.key, one.anomaly]),
      [[key, anomaly]],
      name,
    );
    assert.match(anomalies![0]!.message, message);
    const said = warnings(name).filter((one) => one.anomaly);
    assert.deepEqual(
      said.map(({ msg, anomaly }) => [msg, anomaly]),
      [[`${name}: ${key}: ${anomalies![0]!.message}`, anomaly]],
    );
    const labels = `model="${name}",version="1",key="${key}",anomaly="${anomaly}"`;
    assert.deepEqual(
      (await counted()).filter((line) => line.includes(`"${name}"`)),
      [`keras_serve_anomalies{${labels}} 1`],
    );
  }

  async function assertNothing(...names: string[]) {
    for (const name of names) {
      assert.deepEqual((await details(name)).anomalies, [], name);
      assert.deepEqual(
        warnings(name).filter(({ anomaly }) => anomaly),
        [],
      );
    }
    assert.deepEqual(
      (await counted()).filter((line) => names.some((name) => line.includes(`"${name}"`))),
      [],
    );
  }

  it('is nothing where all is as it should be', async () => {
    for (const kind of kinds)
      for (let request = 0; request < 10; request++)
        await (kind === 'pictures' ? raw : predict)(`sane-${kind}`, list(40, sane[kind]));
    await assertNothing(...kinds.map((kind) => `sane-${kind}`));
  });

  it('counts the requests of all protocols, and is told once', async () => {
    // Prices in cents, all else as it was.
    const sent: number[] = [];
    const take = (count: number) => {
      const rows = list(count, () => [normal(120, 40), normal(4, 1.5), normal(3e7, 8e6)]);
      sent.push(...rows.flat());
      return rows;
    };
    await predict('wrong-houses', take(8));
    await raw('wrong-houses', take(8));
    const tensor = { name: inputOf('houses'), shape: [8, 3], datatype: 'FP32', data: take(8).flat() };
    await post('/v2/models/wrong-houses/infer', JSON.stringify({ inputs: [tensor] }));
    const csv = take(7).map((row) => row.join(','));
    await post('/models/wrong-houses/predict', ['area,rooms,price', ...csv].join('\n'), 'text/csv');
    await assertNothing('wrong-houses');
    const [[area, rooms, price]] = take(1) as [number[]];
    await post('/models/wrong-houses/predict', JSON.stringify({ area, rooms, price }));
    const noticed = () =>
      assertNoticed(
        'wrong-houses',
        'training_serving_skew',
        `inputs.${inputOf('houses')}`,
        /half of 32 different datapoints, numbers of price lie over 10 .* what the model's Normalization was fitted on/,
      );
    await noticed();
    for (let request = 0; request < 2; request++) await predict('wrong-houses', take(32));
    await noticed();
    for (const { text } of log)
      for (const value of sent) assert.ok(!text.includes(String(value)), `${value} is in the log: ${text}`);
  });

  it('is what is far from the statistics of batch normalisation, and told with all columns', async () => {
    for (let request = 0; request < 40; request++)
      await predict('wrong-measurements', [[normal(20, 8) + 273.15, normal(101300, 1000)]]);
    await assertNoticed(
      'wrong-measurements',
      'training_serving_skew',
      `inputs.${inputOf('measurements')}`,
      /column 1, column 2 .* the model's BatchNormalization was fitted on/,
    );
  });

  it('is what is far from what a card scales, of raw tensors too', async () => {
    await raw('wrong-scaled', list(20, sane.scaled));
    await raw('wrong-scaled', list(20, sane.scaled));
    await assertNoticed(
      'wrong-scaled',
      'training_serving_skew',
      `inputs.${inputOf('scaled')}`,
      /a, b, c, d, e, 3 more lie over 100 standard deviations from what the card's offset and scale are for/,
    );
  });

  it('is the same probability for 46 classes', async () => {
    await predict(
      'wrong-topics',
      list(49, () => list(8, () => random() / 1000)),
    );
    await assertNothing('wrong-topics');
    await predict(
      'wrong-topics',
      list(1, () => list(8, () => random() / 1000)),
    );
    await assertNoticed(
      'wrong-topics',
      'uniform_predictions',
      `outputs.${outputOf('topics')}`,
      /50 different .* all 46 classes/,
    );
  });

  it('is one answer to all', async () => {
    await predict(
      'wrong-dead',
      list(60, () => list(4, random)),
    );
    await predict(
      'wrong-dead',
      list(60, () => list(4, random)),
    );
    await assertNoticed(
      'wrong-dead',
      'constant_predictions',
      `outputs.${outputOf('dead')}`,
      /100 different datapoints are all the same/,
    );
  });

  it('is one class for pictures of many kinds, which were scaled twice', async () => {
    const unit = () => list(16, () => list(16, () => list(3, random)));
    for (let request = 0; request < 4; request++) await raw('wrong-pictures', list(30, unit));
    await assertNoticed(
      'wrong-pictures',
      'single_class',
      `outputs.${outputOf('pictures')}`,
      /100 datapoints of many kinds .* of 10\./,
    );
  });

  it('is no class that is right for all frames of one scene', async () => {
    const scene = list(16, () => list(16, () => list(3, random)));
    const frame = () => scene.map((row) => row.map((pixel) => pixel.map((value) => value + random() / 50)));
    for (let request = 0; request < 10; request++) await raw('frames-pictures', list(40, frame));
    await assertNothing('frames-pictures');
  });

  it('is pictures of one colour, whichever', async () => {
    const background = (shade: number) => ({ r: shade, g: 2 * shade, b: 7 });
    const file = (shade: number) =>
      sharp({ create: { width: 20, height: 20, channels: 3, background: background(shade) } })
        .png()
        .toBuffer();
    for (let shade = 0; shade < 40; shade++)
      await post('/models/blank-pictures/predict', await file(shade), 'image/png');
    const input = inputOf('pictures');
    await assertNoticed(
      'blank-pictures',
      'blank_images',
      `inputs.${input}`,
      /of 32 different pictures are of one colour/,
    );
  });

  it('is nothing of what one client sends again and again', async () => {
    const [house, topic, dead] = [[0, 0, 0], list(8, () => 1e-4), list(4, () => 0)];
    const black = list(16, () => list(16, () => [0, 0, 0]));
    for (let request = 0; request < 5; request++) {
      await predict(
        'same-houses',
        list(50, () => house),
      );
      await predict(
        'same-topics',
        list(50, () => topic),
      );
      await predict(
        'same-dead',
        list(50, () => dead),
      );
      await raw(
        'same-pictures',
        list(50, () => black),
      );
    }
    await assertNothing('same-houses', 'same-topics', 'same-dead', 'same-pictures');
  });

  it('is told again once a model is loaded anew, and not before', async () => {
    const wrong = () =>
      predict(
        'anew-dead',
        list(64, () => list(4, random)),
      );
    const said = () => warnings('anew-dead').filter(({ anomaly }) => anomaly);
    for (let request = 0; request < 6; request++) await wrong();
    assert.equal(said().length, 1);
    const { catalog } = kerasServeOf(app);
    const loaded = new Promise((resolve) => catalog.once('available', resolve));
    utimesSync(join(root, 'anew-dead', 'model.keras'), new Date(), new Date());
    await loaded;
    assert.deepEqual((await details('anew-dead')).anomalies, []);
    for (let request = 0; request < 6; request++) await wrong();
    assert.equal(said().length, 2);
  });
});

describe('a model in the process', () => {
  it('notices what its library’s calls send', async (t) => {
    const { folder, cases } = unpackFamily('monitoring');
    t.after(() => rmSync(folder, { recursive: true }));
    const { model: file } = cases.find(({ name }) => name === fixtures.dead)!;
    const model = await loadModel(file, { cacheFolder: null });
    t.after(() => model.close());
    const told: Anomaly[] = [];
    model.monitoring.on('anomaly', (anomaly) => told.push(anomaly));
    for (let request = 0; request < 20; request++) {
      const x = { type: 'float32' as const, shape: [5, 4], data: Float32Array.from({ length: 20 }, random) };
      await model.predict({ [model.inputs[0]!.name]: x });
    }
    assert.deepEqual(
      told.map(({ key, anomaly }) => [key, anomaly]),
      [[`outputs.${outputOf('dead')}`, 'constant_predictions']],
    );
    assert.deepEqual(model.anomalies, told);
  });
});
