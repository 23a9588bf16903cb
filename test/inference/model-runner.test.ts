import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { InferenceError } from '../../src/inference/errors.js';
import { ModelRunner, type RunnerEvents, type RunnerOptions } from '../../src/inference/model-runner.js';
import type { Tensors } from '../../src/tensor.js';
import { doublingModel, lookupModel, loopingModel, mixingModel } from '../helpers/onnx-models.js';

const defaults: RunnerOptions = { processes: 1, maxBatch: 4, maxQueue: 100, deadline: 20_000 };
const cleanups: (() => unknown)[] = [];
after(async () => {
  for (const cleanup of cleanups) await cleanup();
});

async function start(
  path: string,
  options: Partial<RunnerOptions> = {},
  events: RunnerEvents = {},
): Promise<ModelRunner> {
  const model = { path, threads: 1, optimized: false };
  const runner = await ModelRunner.start(model, { ...defaults, ...options });
  runner.events = events;
  cleanups.push(async () => {
    await runner.close();
    rmSync(dirname(path), { recursive: true });
  });
  return runner;
}

const rows = (...values: number[][]): Tensors => ({
  x: { type: 'float32', shape: [values.length, values[0]!.length], data: Float32Array.from(values.flat()) },
});
const numbers = ({ outputs }: { outputs: Tensors }) => Array.from(outputs.y!.data as Float32Array);
const failsWith = (code: string) => (error: unknown) => error instanceof InferenceError && error.code === code;
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
    const runner = await start(doublingModel(), {}, { onBatch: (size) => batches.push(size) });
    const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => runner.predict(rows([n, 0, 0]))));
    assert.deepEqual(
      answers.map((answer) => numbers(answer)[0]),
      [2, 4, 6, 8, 10],
    );
    assert.deepEqual(batches, [1, 4]);
  });

  it('splits a request with more rows than a batch', async () => {
    const runner = await start(doublingModel());
    const prediction = await runner.predict(rows(...Array.from({ length: 10 }, (_, n) => [n, n, n])));
    assert.deepEqual(prediction.outputs.y!.shape, [10, 3]);
    assert.equal(numbers(prediction)[27], 18);
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
    const runner = await start(doublingModel(), {}, { onRestart: () => restarts++ });
    const answers = [1, 2, 3, 4, 5, 6].map((n) => runner.predict(rows([n, 0, 0])));
    process.kill(runner.processes[0]!.pid!, 'SIGKILL');
    assert.deepEqual(
      (await Promise.all(answers)).map((answer) => numbers(answer)[0]),
      [2, 4, 6, 8, 10, 12],
    );
    assert.equal(restarts, 1);
    assert.ok(runner.ready);
  });

  it('cuts a run that never ends at the deadline; others go on', async () => {
    const runner = await start(loopingModel(), { processes: 2, deadline: 3_000 });
    const endless = assert.rejects(runner.predict(rows([forever])), failsWith('deadline_exceeded'));
    for (let n = 0; n < 5; n++) assert.deepEqual(numbers(await runner.predict(rows([n]))), [2 * n]);
    await endless;
    while (runner.processes.length < 2) await sleep(20);
    assert.deepEqual(numbers(await runner.predict(rows([7]))), [14]);
  });

  it('refuses at once what the queue has no room for', async () => {
    const runner = await start(loopingModel(), { maxQueue: 2, maxBatch: 1, deadline: 2_000 });
    const accepted = Promise.allSettled([1, 2, 3].map(() => runner.predict(rows([forever]))));
    assert.equal(runner.queued, 2);
    await assert.rejects(runner.predict(rows([1])), failsWith('queue_full'));
    await accepted;
  });

  it('takes a request that is given up out of the queue', async () => {
    const runner = await start(loopingModel(), { deadline: 3_000, maxBatch: 1 });
    const endless = runner.predict(rows([forever])).catch((error) => error);
    const controller = new AbortController();
    const waiting = runner.predict(rows([1]), { signal: controller.signal });
    assert.equal(runner.queued, 1);
    controller.abort();
    await assert.rejects(waiting, failsWith('request_aborted'));
    assert.equal(runner.queued, 0);
    await assert.rejects(runner.predict(rows([1]), { signal: AbortSignal.abort() }), failsWith('request_aborted'));
    await endless;
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
    assert.deepEqual(runner.processes, []);
  });

  it('says why a model does not load', async () => {
    const model = { path: '/nowhere/model.onnx', threads: 1, optimized: false };
    await assert.rejects(ModelRunner.start(model, defaults), failsWith('model_load_failed'));
  });
});
