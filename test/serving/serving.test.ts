import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ServedModel } from '../../src/catalog/served-model.js';
import { ReplySizeError } from '../../src/datapoints/tensor-text.js';
import type { ImageTensor, Pixels } from '../../src/images/options.js';
import { InferenceError, type InferenceErrorCode } from '../../src/inference/errors.js';
import { ServingError } from '../../src/serving/errors.js';
import { filesOf, inputOf, rowsIn, tensorsOf } from '../../src/serving/model-input.js';
import type { ServingLimits } from '../../src/serving/serving.js';
import type { Tensor, TensorInfo } from '../../src/support/tensor.js';
import { computedModel, requestContext, servingOf } from '../helpers/computed-model.js';
import { imageOf } from '../helpers/kinds.js';

const info = (name: string, ...shape: (number | null)[]): TensorInfo => ({ name, type: 'float32', shape });
const zeros = (...shape: number[]): Tensor => ({
  type: 'float32',
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
});
const doubled = (tensor: Tensor): Tensor => ({
  ...tensor,
  data: (tensor.data as Float32Array).map((value) => 2 * value),
});

describe('what a model is asked', () => {
  const files = { files: [Buffer.of(1), Buffer.of(2)] };
  it('is tensors, or files, by input name', () => {
    const tensors = { a: zeros(3, 2), b: zeros() };
    const input = { ...inputOf(tensors), c: files };
    assert.deepEqual(input, { a: { tensor: tensors.a }, b: { tensor: tensors.b }, c: files });
    assert.deepEqual(tensorsOf(input), tensors);
    assert.deepEqual(filesOf(input), files.files);
    assert.deepEqual(Object.values(input).map(rowsIn), [3, 1, 2]);
  });
});

describe('a request', () => {
  const x: Tensor = { type: 'float32', shape: [2, 1], data: Float32Array.of(1, 2) };
  const model = (given: Partial<ServedModel> = {}) =>
    computedModel(({ x }) => ({ y: doubled(x!) }), {
      inputs: [info('x', null, 1)],
      outputs: [info('y', null, 1)],
      ...given,
    });

  it('is run while it has a place among those that wait', async () => {
    const places: string[] = [];
    const enter = () => {
      places.push('enter');
      return () => void places.push('leave');
    };
    const serving = servingOf(model({ enter }));
    const lease = serving.lease('model', 1);
    const { context, memory } = requestContext();
    const { y } = await serving.run(lease, inputOf({ x }), lease.model.outputs, context);
    assert.deepEqual(y!.data, Float32Array.of(2, 4));
    assert.deepEqual(context.timings, { queue: 1, inference: 2 });
    assert.deepEqual(places, ['enter', 'leave']);
    assert.equal(memory.reserved, 0);
    const failing = servingOf(model({ enter, predict: () => Promise.reject(new Error('broken')) }));
    await assert.rejects(failing.run(failing.lease(), inputOf({ x }), [], context), { message: 'broken' });
    assert.deepEqual(places, ['enter', 'leave', 'enter', 'leave']);
  });

  it('hands its signal on', async () => {
    const signals: unknown[] = [];
    const predict: ServedModel['predict'] = async (_tensors, { signal } = {}) => {
      signals.push(signal);
      return { outputs: {}, timings: { queue: 0, inference: 0 } };
    };
    const serving = servingOf(model({ predict }));
    const { context } = requestContext();
    await serving.run(serving.lease(), inputOf({ x }), [], context);
    assert.deepEqual(signals, [context.signal]);
  });

  const engine = 'Non-zero status code returned. Status Message: indices element out of bounds';
  const failures: Record<string, [error: Error, code: string | undefined, message: string]> = {
    'tensors that the model doesn’t take': [
      new InferenceError('inputs_invalid', 'The input "x" is missing.'),
      'instances_invalid',
      'The input "x" is missing.',
    ],
    'values that the engine refuses': [
      new InferenceError('engine_failed', engine),
      'instances_refused',
      'The model can’t be run on these instances: indices element out of bounds',
    ],
    'values that the engine refuses at length': [
      new InferenceError('engine_failed', `Status Message: a\n${'b'.repeat(400)}`),
      'instances_refused',
      `The model can’t be run on these instances: a\n${'b'.repeat(298)}`,
    ],
    'values that the engine refuses without a reason': [
      new InferenceError('engine_failed', 'failed'),
      'instances_refused',
      'The model can’t be run on these instances.',
    ],
    'a full queue': [new InferenceError('queue_full', 'full'), 'queue_full', 'full'],
    'a fault': [new Error('Status Message: a fault'), undefined, 'Status Message: a fault'],
  };
  for (const [name, [error, code, message]] of Object.entries(failures))
    it(`fails for ${name}`, async () => {
      const serving = servingOf(model({ predict: () => Promise.reject(error) }));
      await assert.rejects(
        serving.run(serving.lease(), inputOf({ x }), [], requestContext().context),
        (found: Error & { code?: InferenceErrorCode }) => {
          assert.deepEqual([found.code, found.message], [code, message]);
          const isOurs = code === 'instances_invalid' || code === 'instances_refused';
          assert.equal(found instanceof ServingError, isOurs);
          return true;
        },
      );
    });
});

describe('the limits of a request', () => {
  const [row, fixed] = [info('x', null, 2), info('y', 1, 3)];
  const check = async (
    inputs: TensorInfo[],
    outputs: TensorInfo[],
    given: Record<string, Tensor>,
    limits: Partial<ServingLimits>,
    written = outputs,
  ) => {
    const model = computedModel(() => ({}), { inputs, outputs });
    const serving = servingOf(model, limits);
    const { context, memory } = requestContext();
    await serving.run(serving.lease(), inputOf(given), written, context);
    return memory.reserved;
  };
  const y = info('y', null);

  it('are rows', async () => {
    await check([row], [y], { x: zeros(10, 2) }, { maxRows: 10 });
    await assert.rejects(check([row], [y], { x: zeros(11, 2) }, { maxRows: 10 }), {
      code: 'content_too_large',
      message: 'There are 11 rows. The most that one request can have is 10.',
    });
    await assert.rejects(check([row, info('n', null)], [y], { x: zeros(2, 2), n: zeros(11) }, { maxRows: 10 }), {
      message: /^There are 11 rows/,
    });
    await assert.rejects(check([row], [fixed], { x: zeros(11, 2) }, { maxRows: 10 }), {
      message: /^There are 11 rows/,
    });
    // A first axis of one size is none of rows where the outputs have another.
    await check([info('x', 11, 2)], [fixed], { x: zeros(11, 2) }, { maxRows: 10 });
    await assert.rejects(check([info('x', 11, 2)], [info('y', 11)], { x: zeros(11, 2) }, { maxRows: 10 }), {
      message: /^There are 11 rows/,
    });
  });

  it('are bytes of the reply, two for an element at least', async () => {
    const wide = info('y', null, 5, null);
    const given = { x: zeros(10, 2) };
    await check([row], [wide], given, { maxReplySize: 100 });
    await assert.rejects(check([row], [wide], given, { maxReplySize: 99 }), ReplySizeError);
    await assert.rejects(check([row], [wide, y], given, { maxReplySize: 119 }), ReplySizeError);
    await check([row], [wide, y], given, { maxReplySize: 120 });
    await check([row], [wide, y], given, { maxReplySize: 20 }, [y]);
    // One row is written of outputs without rows.
    await assert.rejects(check([info('x')], [info('y', 4, 3)], { x: zeros() }, { maxReplySize: 5 }), ReplySizeError);
    await check([info('x')], [info('y', 4, 3)], { x: zeros() }, { maxReplySize: 6 });
  });

  it('are memory, once a reply is worth counting', async () => {
    const given = { x: zeros(2, 2) };
    assert.equal(await check([row], [info('y', null, 2 ** 14)], given, {}), 0);
    assert.equal(await check([row], [info('y', null, 2 ** 14 + 1)], given, {}), (2 ** 15 + 2) * 28);
  });
});

describe('images', () => {
  /** Scaled, so that deep ones are worth a word. */
  const unit = imageOf([2, 3], 1, { scaling: 'unit' });
  const input = (count: number) => ({
    image: { files: Array.from({ length: count }, (_, index) => Buffer.of(index)) },
  });
  /** Runs a model on so many images, of which those of `deep` have kept their depth. */
  const run = async (count: number, deep: number[] = [], image = unit, limit?: number) => {
    const seen: {
      pixels?: Pixels;
      shape?: number[];
      raw?: string[];
      signal?: unknown;
      warnings: string[];
      signals: Set<unknown>;
    } = {
      warnings: [],
      signals: new Set(),
    };
    const model = computedModel(() => ({}), {
      inputs: [info('image', null, ...image.spec.options.size, 1)],
      outputs: [info('y', null, 1)],
      kinds: { inputs: { image }, outputs: { y: { kind: 'tensor', spec: null } } },
      predict: async ({ image }, { raw, signal } = {}) => {
        Object.assign(seen, { pixels: image!.data, shape: image!.shape, raw, signal });
        return { outputs: {}, timings: { queue: 1, inference: 2 } };
      },
    });
    const { options } = image.spec;
    const each = options.size[0] * options.size[1] * (options.channels ?? 3);
    const serving = servingOf(
      model,
      {},
      {
        preprocess: async (bytes, given, { signal }) => {
          assert.equal(given, options);
          seen.signals.add(signal);
          const index = bytes[0]!;
          const type = deep.includes(index) ? Float32Array : Uint8Array;
          return { shape: [2, 3, 1], data: new type(each).fill(index + 1) } as unknown as ImageTensor;
        },
        warn: (name, message) => seen.warnings.push(`${name}: ${message}`),
      },
    );
    const { context, memory } = requestContext(limit);
    context.timings.decode = 1000;
    const again = () => serving.run(serving.lease(), input(count), [], context);
    await again();
    assert.deepEqual(seen.signals, new Set([context.signal]));
    assert.equal(seen.signal, context.signal);
    return { ...seen, timings: context.timings, reserved: memory.reserved, again };
  };

  it('are decoded one after the other, into one piece', async () => {
    const { pixels, shape, raw, timings, reserved, warnings } = await run(3);
    assert.deepEqual([shape, raw], [[3, 2, 3, 1], ['image']]);
    assert.deepEqual(pixels, Uint8Array.from([1, 2, 3].flatMap((value) => Array(6).fill(value))));
    assert.equal(reserved, 18);
    assert.deepEqual(warnings, []);
    assert.deepEqual([timings.queue, timings.inference], [1, 2]);
    // What reading took before counts too.
    assert.ok(timings.decode! > 1000 && timings.decode! < 10_000, `${timings.decode}`);
  });

  it('take no memory of their own where there is one', async () => {
    const { pixels, reserved } = await run(1);
    assert.deepEqual(pixels, new Uint8Array(6).fill(1));
    assert.equal(reserved, 0);
  });

  it('are float32, all of them, from the first that has kept its depth', async () => {
    const { pixels, raw, warnings, again } = await run(3, [1]);
    // These are prepared already.
    assert.deepEqual(raw, []);
    assert.deepEqual(pixels, Float32Array.from([1, 2, 3].flatMap((value) => Array(6).fill(value))));
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /^model: An image of 16-bit grey/);
    await again();
    assert.equal(warnings.length, 1);
    assert.deepEqual((await run(1, [0])).pixels, new Float32Array(6).fill(1));
    assert.deepEqual((await run(2, [0, 1], imageOf([2, 3]))).warnings, []);
  });

  it('are as many as 64 MB hold once they are decoded', async () => {
    const large = imageOf([4096, 2048]);
    assert.equal((await run(8, [], large)).pixels!.length, 2 ** 26);
    await assert.rejects(run(9, [], large), {
      code: 'content_too_large',
      message: 'There are 9 images. The most that one request can have is 8.',
    });
    await assert.rejects(run(3, [], imageOf([4096, 2048], 3)), { message: /is 2\.$/ });
    // Four bytes for each pixel that has kept its depth.
    await assert.rejects(run(3, [2], large), { message: /^There are 3 images\. The most .* is 2\.$/ });
    await run(2, [1], large);
  });

  it('stand beside other inputs, each with its own size', async () => {
    const [left, right] = [imageOf([1, 2]), imageOf([2, 2], 3)];
    let seen: [inputs: unknown, raw: unknown] | undefined;
    const model = computedModel(() => ({}), {
      inputs: [info('left', null, 1, 2, 1), info('n', null, 1), info('right', null, 2, 2, 3)],
      outputs: [info('y', null, 1)],
      kinds: {
        inputs: { left, n: { kind: 'tensor', spec: null }, right },
        outputs: { y: { kind: 'tensor', spec: null } },
      },
      predict: async (inputs, { raw } = {}) => {
        seen = [Object.entries(inputs).map(([name, { shape, type }]) => [name, type, shape]), raw];
        return { outputs: {}, timings: { queue: 0, inference: 0 } };
      },
    });
    const serving = servingOf(
      model,
      {},
      {
        preprocess: async (_bytes, { size: [height, width], channels = 3 }) =>
          ({ data: new Uint8Array(height * width * channels) }) as ImageTensor,
      },
    );
    const files = [Buffer.of(0), Buffer.of(1)];
    const n = { tensor: zeros(2, 1) };
    await serving.run(serving.lease(), { left: { files }, n, right: { files } }, [], requestContext().context);
    assert.deepEqual(seen, [
      [
        ['left', 'uint8', [2, 1, 2, 1]],
        ['n', 'float32', [2, 1]],
        ['right', 'uint8', [2, 2, 2, 3]],
      ],
      ['left', 'right'],
    ]);
  });
});
