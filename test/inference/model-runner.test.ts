import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { InferenceError } from '../../src/inference/errors.js';
import { InferencePool } from '../../src/inference/inference-pool.js';
import type { ModelRunner, RunnerOptions } from '../../src/inference/model-runner.js';
import type { Tensors } from '../../src/support/tensor.js';
import { doublingModel, lookupModel, loopingModel, mixingModel } from '../helpers/onnx-models.js';
import { threadsOf, timeOf } from '../helpers/proc.js';

const defaults: RunnerOptions = { maxBatch: 4, maxQueue: 100, deadline: 20_000 };
const cleanups: (() => unknown)[] = [];
after(async () => {
  for (const cleanup of cleanups) await cleanup();
});

function startPool(size: number, onRestart: () => void = () => undefined): InferencePool {
  const pool = new InferencePool(size);
  pool.events.on('restart', onRestart);
  cleanups.unshift(() => pool.close());
  return pool;
}

async function load(
  pool: InferencePool,
  path: string,
  options: Partial<RunnerOptions> = {},
  onBatch: (rows: number) => void = () => undefined,
): Promise<ModelRunner> {
  cleanups.push(() => rmSync(dirname(path), { recursive: true }));
  const runner = await pool.load({ path, threads: 1, optimized: false }, { ...defaults, ...options });
  runner.events.on('batch', onBatch);
  return runner;
}

/** Waits until each of a pool's processes has a model, and nothing to do. */
async function inAll(pool: InferencePool, { model }: ModelRunner): Promise<void> {
  while (pool.idleFor(model) < pool.size) await sleep(5);
}

const start = (path: string, options: Partial<RunnerOptions> = {}, onBatch: (rows: number) => void = () => undefined) =>
  load(startPool(1), path, options, onBatch);

const rows = (...values: number[][]): Tensors => ({
  x: { type: 'float32', shape: [values.length, values[0]!.length], data: Float32Array.from(values.flat()) },
});
const numbers = ({ outputs }: { outputs: Tensors }) => Array.from(outputs.y!.data as Float32Array);
const failsWith = (code: string) => (error: unknown) => error instanceof InferenceError && error.code === code;
/** What Linux says of an inference process. */
interface Process {
  pid: number;
  threads: number;
  time: number;
}
const onLinux = process.platform === 'linux' ? {} : { skip: 'threads are counted in /proc, which only Linux has' };
/** A number of additions that no machine gets done in the time of a test. */
const forever = 2 ** 40;

describe('ModelRunner', () => {
  it('answers a lone request', async () => {
    const runner = await start(doublingModel());
    const prediction = await runner.predict(rows([1, 2, 3]));
    assert.deepEqual(numbers(prediction), [2, 4, 6]);
    assert.deepEqual(prediction.outputs.y!.shape, [1, 3]);
    assert.ok(prediction.timings.inference >= 0 && prediction.timings.queue >= 0);
  });

  it('runs together what arrives while the engine is busy, and gives everyone their own rows', async () => {
    const batches: number[] = [];
    const runner = await start(doublingModel(), {}, (size) => batches.push(size));
    const first = runner.predict(rows([1, 0, 0]));
    await turn();
    const others = [2, 3, 4, 5].map((n) => runner.predict(rows([n, 0, 0])));
    assert.deepEqual(
      (await Promise.all([first, ...others])).map((answer) => numbers(answer)[0]),
      [2, 4, 6, 8, 10],
    );
    assert.deepEqual(batches, [1, 4]);
  });

  it('runs together what arrives in one turn of the event loop, though the engine is idle', async () => {
    const batches: number[] = [];
    const runner = await start(doublingModel(), { maxQueue: 2 }, (size) => batches.push(size));
    const three = [1, 2, 3].map((n) => runner.predict(rows([n, 0, 0])));
    await assert.rejects(runner.predict(rows([4, 0, 0])), failsWith('queue_full'));
    assert.deepEqual(
      (await Promise.all(three)).map((answer) => numbers(answer)[0]),
      [2, 4, 6],
    );
    assert.deepEqual(batches, [3]);
  });

  it('splits a request with more rows than a batch', async () => {
    const runner = await start(doublingModel());
    const prediction = await runner.predict(rows(...Array.from({ length: 10 }, (_, n) => [n, n, n])));
    assert.deepEqual(prediction.outputs.y!.shape, [10, 3]);
    assert.equal(numbers(prediction)[27], 18);
  });

  it('takes any number of rows in one request, whatever the queue holds, and fails it as a whole', async () => {
    const runner = await start(lookupModel(), { maxBatch: 2, maxQueue: 1 });
    const indices = (values: number[]): Tensors => ({
      x: { type: 'int64', shape: [values.length, 1], data: BigInt64Array.from(values, BigInt) },
    });
    const values = Array.from({ length: 501 }, (_, n) => n % 3);
    const { outputs } = await runner.predict(indices(values));
    assert.deepEqual(
      Array.from(outputs.y!.data as Float32Array),
      values.map((value) => 10 * (value + 1)),
    );
    await assert.rejects(runner.predict(indices([...values, 99])), failsWith('engine_failed'));
    assert.equal(runner.queued, 0);
  });

  it('runs as many rows together as their size allows', async () => {
    const batches: number[] = [];
    const runner = await start(doublingModel(), { maxBatch: undefined }, (size) => batches.push(size));
    await runner.predict(rows(...Array.from({ length: 1500 }, (_, n) => [n, n, n])));
    assert.deepEqual(batches, [1024, 476]);
  });

  it('fills up the batch of a model whose batch size is fixed', async () => {
    const runner = await start(doublingModel(3));
    const [one, two] = await Promise.all([runner.predict(rows([1, 1, 1])), runner.predict(rows([2, 2, 2], [3, 3, 3]))]);
    assert.deepEqual(numbers(one), [2, 2, 2]);
    assert.deepEqual(numbers(two), [4, 4, 4, 6, 6, 6]);
    assert.equal((await runner.predict(rows([1, 1, 1], [2, 2, 2], [3, 3, 3], [4, 4, 4]))).outputs.y!.shape[0], 4);
  });

  it('finds out that a model mixes its rows, and then runs every request alone', async () => {
    const runner = await start(mixingModel());
    const answers = await Promise.all([1, 2, 3, 4].map((n) => runner.predict(rows([n, 0, 0]))));
    assert.deepEqual(
      answers.map((answer) => numbers(answer)[0]),
      [1, 2, 3, 4],
    );
  });

  it("fails only the request that the engine can't run, not those in its batch", async () => {
    const runner = await start(lookupModel());
    const index = (value: bigint): Tensors => ({ x: { type: 'int64', shape: [1, 1], data: BigInt64Array.of(value) } });
    const settled = await Promise.allSettled([0n, 1n, 99n, 2n].map((value) => runner.predict(index(value))));
    assert.deepEqual(
      settled.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
    );
    await assert.rejects(runner.predict(index(99n)), failsWith('engine_failed'));
  });

  it('refuses tensors that are not what the model takes, before the engine sees them', async () => {
    const runner = await start(doublingModel());
    const x = (shape: number[], data = new Float32Array(3)): Tensors => ({ x: { type: 'float32', shape, data } });
    const wrong: [Tensors, RegExp][] = [
      [{}, /"x" is missing/],
      [{ ...x([1, 3]), z: x([1, 3]).x! }, /no input "z". It takes "x"/],
      [{ x: { type: 'int32', shape: [1, 3], data: new Int32Array(3) } }, /should be float32, but is int32/],
      [x([1, 2]), /should have the shape \(any, 3\), but has \(1, 2\)/],
      [x([3]), /should have the shape/],
      [x([2, 3]), /needs 6 numbers, but has 3/],
      [x([0, 3], new Float32Array(0)), /no axis may be empty/],
    ];
    for (const [inputs, message] of wrong)
      await assert.rejects(runner.predict(inputs), (error: InferenceError) => {
        assert.equal(error.code, 'inputs_invalid');
        assert.match(error.message, message);
        return true;
      });
  });

  it('replaces a process that is killed, and loses no request', async () => {
    let restarts = 0;
    const pool = startPool(1, () => restarts++);
    const runner = await load(pool, doublingModel());
    const answers = [1, 2, 3, 4, 5, 6].map((n) => runner.predict(rows([n, 0, 0])));
    process.kill(pool.processes[0]!.pid!, 'SIGKILL');
    assert.deepEqual(
      (await Promise.all(answers)).map((answer) => numbers(answer)[0]),
      [2, 4, 6, 8, 10, 12],
    );
    assert.equal(restarts, 1);
    assert.ok(runner.ready);
  });

  it('cuts a run that never ends at the deadline; others go on', async () => {
    const pool = startPool(2);
    const runner = await load(pool, loopingModel(), { deadline: 3_000 });
    const endless = assert.rejects(runner.predict(rows([forever])), failsWith('deadline_exceeded'));
    for (let n = 0; n < 5; n++) assert.deepEqual(numbers(await runner.predict(rows([n]))), [2 * n]);
    await endless;
    while (pool.processes.length < 2) await sleep(20);
    assert.deepEqual(numbers(await runner.predict(rows([7]))), [14]);
  });

  it('refuses at once what the queue has no room for', async () => {
    const runner = await start(loopingModel(), { maxQueue: 2, maxBatch: 1, deadline: 2_000 });
    const accepted = Promise.allSettled([1, 2, 3].map(() => runner.predict(rows([forever]))));
    await turn();
    assert.equal(runner.queued, 2);
    await assert.rejects(runner.predict(rows([1])), failsWith('queue_full'));
    await accepted;
  });

  it('has places for so many requests that are being got ready, those in a run aside', async () => {
    const runner = await start(loopingModel(), { maxQueue: 2, maxBatch: 1, deadline: 2_000 });
    const leave = runner.enter();
    const endless = runner.predict(rows([forever])).finally(leave);
    endless.catch(() => undefined);
    await turn();
    const others = [runner.enter(), runner.enter()];
    assert.throws(() => runner.enter(), failsWith('queue_full'));
    others[0]!();
    runner.enter()();
    await assert.rejects(endless, failsWith('deadline_exceeded'));
  });

  it('takes a request that is given up out of the queue', async () => {
    const runner = await start(loopingModel(), { deadline: 3_000, maxBatch: 1 });
    const endless = runner.predict(rows([forever])).catch((error) => error);
    await turn();
    const controller = new AbortController();
    const waiting = runner.predict(rows([1]), { signal: controller.signal });
    assert.equal(runner.queued, 1);
    controller.abort();
    await assert.rejects(waiting, failsWith('request_aborted'));
    assert.equal(runner.queued, 0);
    await assert.rejects(runner.predict(rows([1]), { signal: AbortSignal.abort() }), failsWith('request_aborted'));
    await endless;
  });

  it('holds nothing of a request that is answered: no timer, and nobody who listens to its signal', async () => {
    const runner = await start(doublingModel());
    const { signal } = new AbortController();
    const timers = () => process.getActiveResourcesInfo().filter((what) => what === 'Timeout').length;
    const before = timers();
    await runner.predict(rows(...Array.from({ length: 100 }, (_, n) => [n, n, n])), { signal });
    assert.equal(timers(), before);
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
  });

  it('answers what was accepted before it closes, and nothing after', async () => {
    const runner = await start(doublingModel());
    const answers = [1, 2, 3].map((n) => runner.predict(rows([n, 0, 0])));
    const closed = runner.close();
    await assert.rejects(runner.predict(rows([1, 1, 1])), failsWith('server_closing'));
    assert.deepEqual(
      (await Promise.all(answers)).map((answer) => numbers(answer)[0]),
      [2, 4, 6],
    );
    await closed;
    assert.equal(runner.ready, false);
  });
});

describe('InferencePool', () => {
  it('says why a model does not load', async () => {
    const model = { path: '/nowhere/model.onnx', threads: 1, optimized: false };
    await assert.rejects(startPool(1).load(model, defaults), failsWith('model_load_failed'));
  });

  it('runs several models in the same processes, and gives every process all of them when it is replaced', async () => {
    const pool = startPool(2);
    const [doubling, lookup] = await Promise.all([load(pool, doublingModel()), load(pool, lookupModel())]);
    const both = async () => {
      const [doubled, found] = await Promise.all([
        doubling.predict(rows([1, 2, 3])),
        lookup.predict({ x: { type: 'int64', shape: [1, 1], data: BigInt64Array.of(2n) } }),
      ]);
      assert.deepEqual(numbers(doubled), [2, 4, 6]);
      assert.deepEqual(numbers(found), [30]);
    };
    await both();
    for (const { pid } of pool.processes) process.kill(pid!, 'SIGKILL');
    await both();
    while (pool.processes.length < 2) await sleep(20);
    for (let round = 0; round < 4; round++) await both();
  });

  it('gives a lone request to the process with most threads, and has one again when that dies', onLinux, async () => {
    const pool = startPool(2);
    const path = doublingModel();
    cleanups.push(() => rmSync(dirname(path), { recursive: true }));
    const runner = await pool.load({ path, threads: 1, loneThreads: 4, optimized: false }, defaults);
    await inAll(pool, runner);
    const byThreads = () =>
      pool.processes
        .map(({ pid }) => ({ pid: pid!, threads: threadsOf(pid!), time: timeOf(pid!) }))
        .sort((a, b) => b.threads - a.threads) as [Process, Process];
    for (const time of ['at first', 'replaced']) {
      const [first, other] = byThreads();
      assert.equal(first.threads - other.threads, 3, time);
      for (let count = 0; count < 50; count++) await runner.predict(rows([count, 0, 0]));
      assert.ok(timeOf(first.pid) - first.time > timeOf(other.pid) - other.time, time);
      process.kill(first.pid, 'SIGKILL');
      while (pool.processes.length === 2) await sleep(5);
      while (pool.processes.length < 2) await sleep(5);
    }
  });

  it('gives models turns: one that floods its queue holds up no other', async () => {
    const pool = startPool(1);
    const order: string[] = [];
    const flooded = await load(pool, doublingModel(), { maxBatch: 1 }, () => order.push('flooded'));
    const other = await load(pool, doublingModel(), { maxBatch: 1 }, () => order.push('other'));
    const flood = Promise.all(Array.from({ length: 50 }, () => flooded.predict(rows([1, 1, 1]))));
    await other.predict(rows([1, 1, 1]));
    assert.ok(order.indexOf('other') <= 2, order.join());
    await flood;
  });

  it('answers when one process has its model, and the others get it, too', async () => {
    const pool = startPool(3);
    const runner = await load(pool, doublingModel());
    assert.equal(pool.idleFor(runner.model), 1);
    assert.deepEqual(numbers(await runner.predict(rows([1, 2, 3]))), [2, 4, 6]);
    await inAll(pool, runner);
  });

  it('gets into all processes though one dies on its way to it', async () => {
    const pool = startPool(3);
    const runner = await load(pool, doublingModel());
    const loading = pool.processes[1]!.pid!;
    process.kill(loading, 'SIGKILL');
    assert.deepEqual(numbers(await runner.predict(rows([1, 2, 3]))), [2, 4, 6]);
    while (pool.processes.some(({ pid }) => pid === loading)) await sleep(5);
    await inAll(pool, runner);
  });

  it('is in no process when it is closed on its way into them', async () => {
    const pool = startPool(3);
    const runner = await load(pool, doublingModel());
    assert.equal(pool.idleFor(runner.model), 1);
    await runner.close();
    // It goes into each process behind what was on its way there.
    await inAll(pool, await load(pool, doublingModel()));
    assert.equal(pool.has(runner.model), false);
  });

  it('takes one model out and goes on with the other', async () => {
    const pool = startPool(2);
    const going = await load(pool, doublingModel());
    const staying = await load(pool, doublingModel());
    const last = going.predict(rows([1, 1, 1]));
    await going.close();
    assert.deepEqual(numbers(await last), [2, 2, 2]);
    await assert.rejects(going.predict(rows([1, 1, 1])), failsWith('server_closing'));
    assert.deepEqual(numbers(await staying.predict(rows([3, 3, 3]))), [6, 6, 6]);
  });

  it('goes on when a model that is added does not load', async () => {
    const pool = startPool(2);
    const runner = await load(pool, doublingModel());
    const broken = { path: '/nowhere/model.onnx', threads: 1, optimized: false };
    const failing = assert.rejects(pool.load(broken, defaults), failsWith('model_load_failed'));
    assert.deepEqual(numbers(await runner.predict(rows([3, 3, 3]))), [6, 6, 6]);
    await failing;
    assert.deepEqual(numbers(await runner.predict(rows([4, 4, 4]))), [8, 8, 8]);
  });

  it('loads a model though the process that it waits for is killed', { timeout: 60_000 }, async () => {
    const pool = startPool(1);
    const looping = await load(pool, loopingModel());
    const endless = looping.predict(rows([forever])).catch((error) => error);
    await turn();
    const loading = load(pool, doublingModel());
    // Twice, for a run that was on one that died is tried once more.
    for (let count = 0; count < 2; count++) {
      const { pid } = pool.processes[0]!;
      process.kill(pid!, 'SIGKILL');
      while (pool.processes[0]?.pid === pid || pool.processes.length === 0) await sleep(5);
    }
    const runner = await loading;
    assert.deepEqual(numbers(await runner.predict(rows([1, 2, 3]))), [2, 4, 6]);
    assert.ok(failsWith('inference_process_died')(await endless));
  });

  it('refuses a model whose first run does not end', async () => {
    const pool = startPool(1);
    const warmUp = { inputs: rows([forever]), raw: [] };
    const model = { path: loopingModel(), threads: 1, optimized: false, warmUp };
    await assert.rejects(pool.load(model, { ...defaults, deadline: 1_000 }), failsWith('model_load_failed'));
  });
});
