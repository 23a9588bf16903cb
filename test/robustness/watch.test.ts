/** A real server whose models change under load: `--watch`. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadServedModel } from '../../src/catalog/served-model.js';
import { drive, post, type Reply } from '../helpers/load.js';
import { fixture, inputsOf, type ModelFolder, useModelFolders } from '../helpers/model-folder.js';
import { runCli, startServer } from '../helpers/server.js';
import { sideFolders } from '../helpers/side-folders.js';

const newFolder = useModelFolders();

/** The request that asks a model of a fixture what Keras was asked. */
function askAs(name: string) {
  const { shape, data } = Object.values(inputsOf(name))[0]!;
  const columns = shape.slice(1).reduce((product, size) => product * size, 1);
  const rows = Array.from({ length: shape[0]! }, (_, row) =>
    Array.from((data as Float32Array).subarray(row * columns, (row + 1) * columns)),
  );
  const payload = Buffer.from(JSON.stringify({ instances: rows }));
  return { headers: { 'content-type': 'application/json' }, payload };
}

/** Two models that take the same, with what each gives for the inputs of the first. */
const [one, other] = ['sequential', 'sequential_input_shape'] as const;
const answers = new Map<string, number[]>();

before(async () => {
  for (const name of [one, other]) {
    const model = await loadServedModel(fixture(name).model, { processes: 1 });
    const { outputs } = await model.predict(inputsOf(one));
    answers.set(name, Array.from(Object.values(outputs)[0]!.data as Float32Array));
    await model.close();
  }
});

/** Which of the two gives a reply. */
function whoAnswered({ status, body }: Reply): string {
  if (status !== 200) return `${status} ${body}`;
  // One gives classes, whose labels are their places, the other numbers.
  const rows: (number | { label: string; probability: number })[][] = JSON.parse(body).predictions;
  const numbers = rows.flatMap((row) => {
    const placed = row.map((value, place) =>
      typeof value === 'number' ? [place, value] : [Number(value.label), value.probability],
    );
    return placed.sort(([a], [b]) => a! - b!).map(([, value]) => value!);
  });
  const isNear = (expected: number[]) => expected.every((value, index) => Math.abs(value - numbers[index]!) < 1e-4);
  return [...answers].find(([, expected]) => isNear(expected))?.[0] ?? `neither: ${body.slice(0, 200)}`;
}

async function start(t: TestContext, folder: ModelFolder, ...args: string[]) {
  const server = runCli(t, [folder.path, '--watch', '--port', '0', '--log-format', 'json', ...args]);
  const { url } = JSON.parse(await server.line('"url":"http://'));
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const models = async () => {
    const response = await fetch(`${url}/models`);
    const { models } = (await response.json()) as {
      models: { name: string; versions: { version: number; state: string; error?: { code: string } }[] }[];
    };
    return models.flatMap(({ name, versions }) =>
      versions.map(({ version, state, error }) => [name, version, state, ...(error ? [error.code] : [])].join(' ')),
    );
  };
  /** Waits until the models are these. */
  const modelsBecome = async (...expected: string[]) => {
    const isSo = async () => (await models()).join() === expected.join();
    for (const end = Date.now() + 60_000; !(await isSo()) && Date.now() < end; ) await sleep(50);
    assert.deepEqual(await models(), expected);
  };
  const ask = (path: string, name: string) => post(url + path, agent, askAs(name));
  const metrics = async () => (await fetch(`${url}/metrics`)).text();
  return { ...server, url, models, modelsBecome, ask, metrics };
}

describe('keras-serve --watch', { timeout: 300_000 }, () => {
  it('swaps a model again and again under load and fails no request', async (t) => {
    const folder = newFolder();
    folder.put('model.keras', one);
    const { url, lines } = await start(t, folder);
    const counts = new Map<string, number>();
    let swapping = true;
    const swaps = (async () => {
      for (let round = 0; round < 6; round++) {
        const next = round % 2 === 0 ? other : one;
        // By a rename, and by writing into the file.
        if (round < 3) folder.replace('model.keras', next);
        else folder.put('model.keras', next);
        while (lines.filter((line) => line.includes('in the place of')).length <= round) await sleep(20);
      }
      swapping = false;
    })();
    await drive(
      `${url}/predict`,
      8,
      () => (swapping ? askAs(one) : undefined),
      (reply) => {
        const who = whoAnswered(reply);
        counts.set(who, (counts.get(who) ?? 0) + 1);
      },
    );
    await swaps;
    assert.deepEqual([...counts.keys()].sort(), [one, other].sort());
    t.diagnostic([...counts].map(([who, times]) => `${who}: ${times}`).join(', '));
  });

  it('lets a request that came before the swap finish on the model that it found', async (t) => {
    const folder = newFolder();
    folder.put('model.keras', 'functional_residual');
    folder.write('serve.json', JSON.stringify({ labels: ['a', 'b', 'c'] }));
    const { url, line } = await start(t, folder);
    // A form that arrives in two parts, with the swap between them.
    const image = readFileSync(join(import.meta.dirname, '../../examples/cat.jpg'));
    let finish = () => {};
    const body = new ReadableStream({
      async start(controller) {
        controller.enqueue(image.subarray(0, 1000));
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        controller.enqueue(image.subarray(1000));
        controller.close();
      },
    });
    const headers = { 'content-type': 'image/jpeg' };
    const sent = fetch(`${url}/predict`, { method: 'POST', headers, body, duplex: 'half' } as RequestInit);
    await sleep(200);
    folder.replace('model.keras', one);
    await line('in the place of');
    assert.equal((await post(`${url}/predict`, new Agent(), { headers, payload: image })).status, 400);
    finish();
    const response = await sent;
    assert.equal(response.status, 200);
    assert.match(await response.text(), /"label":"[abc]"/);
  });

  it('warns where what was inferred of a model is no more, as its scaler is gone, not where its card says it now', async (t) => {
    const flowers = join(sideFolders().path, 'flowers');
    const server = await startServer(t, ['--watch'], flowers);
    writeFileSync(join(flowers, 'serve.json'), '{"labels": ["a", "b", "c"]}');
    await server.line('serves in the place of');
    assert.doesNotMatch(server.lines.join('\n'), /labels was/);
    rmSync(join(flowers, 'scaler.pkl'));
    const { msg, level } = JSON.parse(await server.line('no longer inferred'));
    assert.match(msg, /: inputs\.x\.transform was "scaler\.pkl", and is no longer inferred$/);
    assert.equal(level, 40);
  });

  it('goes on with the scaler before when the new one is damaged and nothing may be guessed, says so, and starts with none', async (t) => {
    const flowers = join(sideFolders().path, 'flowers');
    const whole = readFileSync(join(flowers, 'scaler.pkl'));
    const server = await startServer(t, ['--watch', '--no-guess'], flowers);
    const ask = async () => {
      const body = JSON.stringify({ instances: [[5, 3, 4]] });
      const headers = { 'content-type': 'application/json' };
      return (await fetch(`${server.url}/predict`, { method: 'POST', headers, body })).text();
    };
    const answer = await ask();
    writeFileSync(join(flowers, 'scaler.pkl'), whole.subarray(0, -20));
    const failed = JSON.parse(await server.line("has changed and can't be loaded"));
    const why = /inputs\.x\.transform \(null\), for .*: scaler\.pkl may be it, and ends in the middle of a pickle/;
    assert.match(JSON.stringify(failed), why);
    assert.equal(await ask(), answer);
    const { models } = (await (await fetch(`${server.url}/models`)).json()) as { models: unknown[] };
    assert.match(JSON.stringify(models), /"state":"AVAILABLE"/);
    const again = runCli(t, [flowers, '--no-guess', '--port', '0']);
    const { code, stdout, stderr } = await again.ended;
    assert.notEqual(code, 0);
    assert.match(stdout + stderr, why);
    writeFileSync(join(flowers, 'scaler.pkl'), whole);
    await server.line('serves in the place of');
    assert.equal(await ask(), answer);
  });

  it('goes on with the model before when the new one is broken, says so, and takes the next that is whole', async (t) => {
    const folder = newFolder();
    folder.put('a.keras', one);
    folder.put('b.keras', one);
    const { ask, modelsBecome, metrics, lines, url } = await start(t, folder);
    folder.write('a.keras', readFileSync(fixture(other).model).subarray(0, 5000));
    await modelsBecome('a 1 AVAILABLE model_damaged', 'b 1 AVAILABLE');
    assert.equal(whoAnswered(await ask('/models/a/predict', one)), one);
    assert.equal((await fetch(`${url}/health/ready`)).status, 200);
    assert.match(await metrics(), /keras_serve_model_load_failures_total\{model="a",version="1"\} 1\n/);
    assert.match(await metrics(), /keras_serve_model_state\{model="a",version="1",state="AVAILABLE"\} 1\n/);
    // The same again is not tried again.
    await sleep(3500);
    const tries = lines.filter((line) => line.includes("has changed and can't be loaded"));
    assert.equal(tries.length, 1);
    assert.equal(JSON.parse(tries[0]!).code, 'model_damaged');
    folder.put('a.keras', other);
    await modelsBecome('a 1 AVAILABLE', 'b 1 AVAILABLE');
    assert.equal(whoAnswered(await ask('/models/a/predict', one)), other);
  });

  it('waits for a file that is being written', async (t) => {
    const folder = newFolder();
    folder.put('a.keras', one);
    folder.put('b.keras', one);
    const { modelsBecome, lines, ask } = await start(t, folder);
    const bytes = readFileSync(fixture(other).model);
    for (let part = 1; part <= 10; part++) {
      folder.write('a.keras', bytes.subarray(0, Math.ceil((bytes.length * part) / 10)));
      folder.write('c/model.keras', bytes.subarray(0, Math.ceil((bytes.length * part) / 10)));
      await sleep(400);
    }
    await modelsBecome('a 1 AVAILABLE', 'b 1 AVAILABLE', 'c 1 AVAILABLE');
    // Until then the file that was there first answers.
    for (const end = Date.now() + 60_000; whoAnswered(await ask('/models/a/predict', one)) !== other; await sleep(50))
      assert.ok(Date.now() < end, 'the new file is not loaded');
    assert.deepEqual(
      lines.filter((line) => line.includes("can't be loaded")),
      [],
    );
  });

  it('serves models, versions and cards as they come and go', async (t) => {
    const folder = newFolder();
    folder.put('pets/1/model.keras', one);
    const { modelsBecome, ask, url, lines } = await start(t, folder);
    const isDocumented = async (path: string) => {
      const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object };
      return Object.hasOwn(paths, path);
    };
    await modelsBecome('pets 1 AVAILABLE');
    assert.equal(await isDocumented('/models/houses/predict'), false);
    folder.put('pets/2/model.keras', other);
    folder.put('houses.keras', one);
    await modelsBecome('houses 1 AVAILABLE', 'pets 2 AVAILABLE', 'pets 1 AVAILABLE');
    assert.equal(await isDocumented('/models/houses/predict'), true);
    assert.equal(await isDocumented('/models/pets/versions/2/predict'), true);
    assert.equal(whoAnswered(await ask('/predict', one)), other, 'pets is still the default');
    assert.equal(whoAnswered(await ask('/models/pets/versions/1/predict', one)), one);

    folder.write('pets/serve.json', JSON.stringify({ description: 'New words.' }));
    for (const version of [1, 2]) {
      const isSwapped = (line: string) =>
        line.includes(`pets version ${version} is`) && line.includes('in the place of');
      while (!lines.some(isSwapped)) await sleep(20);
    }
    // Of the same models, which are otherwise.
    assert.match(await (await fetch(`${url}/openapi.json`)).text(), /New words\./);
    const details = (await (await fetch(`${url}/models/pets`)).json()) as { description: string };
    assert.equal(details.description, 'New words.');

    folder.remove('pets/2');
    folder.remove('houses.keras');
    await modelsBecome('pets 1 AVAILABLE');
    assert.equal(whoAnswered(await ask('/predict', one)), one);
    assert.equal((await ask('/models/houses/predict', one)).status, 404);
    assert.equal(await isDocumented('/models/houses/predict'), false);

    folder.remove('pets');
    await sleep(3000);
    await modelsBecome('pets 1 AVAILABLE');
    assert.ok(lines.some((line) => line.includes('has no model file')));
    assert.equal(lines.filter((line) => line.includes('has no model file')).length, 1, 'said once');
  });

  it('ends while it loads', async (t) => {
    const folder = newFolder();
    folder.put('a.keras', one);
    folder.put('b.keras', one);
    const { child, line, ended } = await start(t, folder, '--no-cache');
    folder.put('c.keras', 'functional_vision_transformer');
    await sleep(2300);
    child.kill('SIGTERM');
    await line('SIGTERM');
    const { code, stderr } = await ended;
    assert.deepEqual([code, stderr], [0, '']);
  });
});

describe('keras-serve with several models', { timeout: 120_000 }, () => {
  it('serves files and folders together, and is ready with one broken', async (t) => {
    const [folder, more] = [newFolder(), newFolder()];
    folder.put('pets.keras', one);
    more.put('a/model.keras', other);
    more.put('b.h5', one);
    more.write('c.keras', 'broken');
    const args = [
      join(folder.path, 'pets.keras'),
      more.path,
      '--port',
      '0',
      '--log-format',
      'json',
      '--default-model',
      'pets',
    ];
    const { line, lines } = runCli(t, args);
    const { url, msg } = JSON.parse(await line('"url":"http://'));
    assert.match(msg, /^3 models are served/);
    assert.equal((await fetch(`${url}/health/ready`)).status, 200);
    assert.equal(whoAnswered(await post(`${url}/predict`, new Agent(), askAs(one))), one);
    const failure = JSON.parse(lines.find((text) => text.includes("c can't be loaded"))!);
    assert.deepEqual([failure.level, failure.code], [50, 'model_format_unknown']);
  });

  const refused: [what: string, args: string[], message: RegExp][] = [
    [
      'strict',
      ['--strict'],
      /^keras-serve: 1 of 2 models can't be served, and --strict asks for all:\n {2}b: The file is/,
    ],
    [
      'without its default model',
      ['--default-model', 'x'],
      /^keras-serve: There is no model "x" to be the default\. There is a, b\.\n/,
    ],
    [
      'for a path that is not there',
      ['/nowhere/x.keras'],
      /^keras-serve: There is no file or folder "\/nowhere\/x\.keras"\.\n/,
    ],
    ['for weights of which', ['--weights', 'x.h5'], /^keras-serve: Weights and an input shape are for one model/],
  ];
  for (const [what, args, message] of refused) {
    it(`does not start ${what}`, async (t) => {
      const folder = newFolder();
      folder.put('a.keras', one);
      folder.write('b.keras', '');
      const { code, stderr } = await runCli(t, [folder.path, '--port', '0', ...args]).ended;
      assert.equal(code, 1);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\bat \w+ \(/);
    });
  }

  it('does not start with two models of one name', async (t) => {
    const folder = newFolder();
    folder.put('pets.keras', one);
    folder.put('pets/model.keras', one);
    folder.put('a.keras', one);
    const { code, stderr } = await runCli(t, [folder.path, '--port', '0']).ended;
    assert.equal(code, 1);
    assert.match(stderr, /two models called pets: \S+\/pets\.keras and \S+\/pets\/model\.keras\. Give each/);
  });

  it('serves twenty models', async (t) => {
    const folder = newFolder();
    for (let model = 0; model < 20; model++) folder.put(`model-${model}.keras`, model % 2 ? one : other);
    const { modelsBecome, ask } = await start(t, folder);
    const names = Array.from({ length: 20 }, (_, model) => `model-${model}`);
    await modelsBecome(...[...names].sort().map((name) => `${name} 1 AVAILABLE`));
    const answers = await Promise.all(names.map((name) => ask(`/models/${name}/predict`, one)));
    answers.forEach((reply, model) => {
      assert.equal(whoAnswered(reply), model % 2 ? one : other);
    });
  });
});
