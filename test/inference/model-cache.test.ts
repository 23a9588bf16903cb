import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { ModelCache } from '../../src/inference/model-cache.js';
import type { ModelHints } from '../../src/inference/model-hints.js';
import type { Signature } from '../../src/support/tensor.js';

const signature: Signature = { inputs: [{ name: 'x', type: 'float32', shape: [null, 3] }], outputs: [] };
const hints: ModelHints = { outputs: [{ activation: 'softmax' }] };

describe('ModelCache', () => {
  let folder: string;
  let made: number;
  const make = (content: string) => async (path: string) => {
    made++;
    await writeFile(path, content);
    return { engine: 'onnx' as const, signature, hints };
  };

  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'keras-serve-cache-')), 'made-when-missing');
    made = 0;
  });
  afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

  it('makes a model once, and then finds it with its signature and hints', async () => {
    const cache = new ModelCache(folder, 1000);
    const first = await cache.get('key', make('model'));
    const second = await new ModelCache(folder, 1000).get('key', make('another'));
    assert.equal(made, 1);
    assert.equal(await readFile(second.path, 'utf8'), 'model');
    assert.deepEqual(second, first);
    assert.deepEqual([second.signature, second.hints], [signature, hints]);
  });

  for (const damage of ['model', 'manifest.json']) {
    it(`makes an entry anew whose ${damage} is damaged`, async () => {
      const cache = new ModelCache(folder, 1000);
      const { path } = await cache.get('key', make('model'));
      writeFileSync(join(path, '..', damage), 'damaged');
      assert.equal(await readFile((await cache.get('key', make('again'))).path, 'utf8'), 'again');
    });
  }

  it('makes an entry anew that was found whole before, and then damaged with its size and time kept', async () => {
    const cache = new ModelCache(folder, 1000);
    const { path } = await cache.get('key', make('model'));
    // Files that are as old as this are known by what the system says of them.
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 60_000 });
    try {
      await cache.get('key', make('again'));
      assert.deepEqual([made, existsSync(join(folder, 'checked'))], [1, process.platform === 'linux']);
      const { atime, mtime } = statSync(path);
      writeFileSync(path, 'mode1');
      utimesSync(path, atime, mtime);
      assert.equal(await readFile((await cache.get('key', make('again'))).path, 'utf8'), 'again');
    } finally {
      mock.timers.reset();
    }
  });

  it('makes an entry anew that an older keras-serve left, without hints', async () => {
    const cache = new ModelCache(folder, 1000);
    const { path } = await cache.get('key', make('model'));
    const manifest = join(path, '..', 'manifest.json');
    writeFileSync(manifest, JSON.stringify({ ...JSON.parse(await readFile(manifest, 'utf8')), hints: undefined }));
    assert.equal(await readFile((await cache.get('key', make('again'))).path, 'utf8'), 'again');
  });

  it('leaves nothing behind when making fails', async () => {
    const failing = new ModelCache(folder, 1000).get('key', async (path) => {
      writeFileSync(path, 'half');
      throw new Error('no');
    });
    await assert.rejects(failing, /no/);
    assert.deepEqual(readdirSync(folder), []);
  });

  it('serves several that start at once', async () => {
    const models = await Promise.all([1, 2, 3, 4].map(() => new ModelCache(folder, 1000).get('key', make('model'))));
    for (const { path } of models) assert.equal(await readFile(path, 'utf8'), 'model');
    assert.deepEqual(readdirSync(folder), ['key']);
  });

  it('leaves an entry where it is that another has made meanwhile and may be loading', async () => {
    for (let round = 0; round < 40; round++) {
      const key = `key-${round}`;
      const gone: string[] = [];
      const get = async (turns: number) => {
        for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
        const { path } = await new ModelCache(folder, 1_000_000).get(key, make('model'));
        const { ino } = statSync(path);
        for (let turn = 0; turn < 60; turn++) {
          await new Promise(setImmediate);
          if (statSync(path, { throwIfNoEntry: false })?.ino !== ino) gone.push(`${path} after ${turn} turns`);
        }
      };
      await Promise.all(Array.from({ length: 12 }, (_, index) => get(2 * index)));
      assert.deepEqual(gone, []);
    }
  });

  it('drops what was used longest ago when it is full, but never what was just made', async () => {
    const cache = new ModelCache(folder, 800);
    const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);
    for (const [key, hours] of [
      ['oldest', 3],
      ['older', 2],
      ['old', 1],
    ] as const) {
      await cache.get(key, make('x'.repeat(100)));
      utimesSync(join(folder, key), hoursAgo(hours), hoursAgo(hours));
    }
    assert.deepEqual(readdirSync(folder).sort(), ['old', 'older']);
    await cache.get('large', make('x'.repeat(1000)));
    assert.deepEqual(readdirSync(folder), ['large']);
  });

  it('clears what a process left half written long ago', async () => {
    mkdirSync(join(folder, 'writing-abandoned'), { recursive: true });
    mkdirSync(join(folder, 'writing-in-progress'), { recursive: true });
    const old = new Date(Date.now() - 2 * 3_600_000);
    utimesSync(join(folder, 'writing-abandoned'), old, old);
    await new ModelCache(folder, 1000).get('key', make('model'));
    assert.ok(!existsSync(join(folder, 'writing-abandoned')));
    assert.ok(existsSync(join(folder, 'writing-in-progress')));
  });
});
