/** Functions on symbolic tensors: Keras's dtypes, sizes that are known, refusals by name, and hostile arguments. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type Argument,
  type Call,
  type Config,
  type KerasModel,
  type Layer,
  ModelFileError,
  readKerasModel,
  TensorReference,
} from '../../src/keras/index.js';
import { compile } from '../../src/onnx/compile.js';
import { UnsupportedLayersError } from '../../src/onnx/unsupported.js';
import { unpackFamily } from '../helpers/fixtures.js';

const layer = (name: string, className: string, config: Config = {}): Layer => ({
  name,
  className,
  module: '',
  config,
  weights: new Map(),
  layers: {},
});

/** A model of one input, (batch, 4), that calls layers one after the other. */
function chain(calls: { layer: Layer; args?: Argument[]; kwargs?: Record<string, Argument> }[]): KerasModel {
  const ids = ['x:0', ...calls.map((_, index) => `call${index}:0`)];
  return {
    name: 'chain',
    container: 'json',
    kerasVersion: '3.0.0',
    className: 'Functional',
    graph: {
      inputs: [{ name: 'x', shape: [null, 4], dtype: 'float32', id: 'x:0' }],
      calls: calls.map(({ layer: called, args = [], kwargs = {} }, index) => ({
        layer: called,
        args: [new TensorReference(ids[index]!), ...args],
        kwargs,
        output: `call${index}`,
      })),
      outputs: new TensorReference(ids.at(-1)!),
    },
  };
}

const families = [
  'factorizations',
  'functions',
  'further-operations',
  'more-operations',
  'operations',
  'singular-values',
  'tensorflow',
  'warping',
];

describe('operations', () => {
  const unpacked = families.map(unpackFamily);
  after(() => {
    for (const { folder } of unpacked) rmSync(folder, { recursive: true });
  });
  const cases = unpacked.flatMap((family) => family.cases).filter(({ refused }) => !refused);
  const read = Promise.all(cases.map(({ model, weights }) => readKerasModel(model, { weights })));

  it("give outputs of Keras's dtypes, every float being float32", async () => {
    for (const [index, model] of (await read).entries()) {
      const { name, outputs } = cases[index]!;
      const wanted = outputs.map(({ dtype }) => (dtype.startsWith('float') ? 'float32' : dtype));
      assert.deepEqual(
        compile(model).outputs.map(({ type }) => type),
        wanted,
        name,
      );
    }
  });

  it('that nobody knows are refused all at once, each by its function', () => {
    const model = chain([
      { layer: layer('a', 'TFOpLambda', { function: 'signal.stft' }) },
      { layer: layer('b', 'TFOpLambda', { function: 'math.add' }), kwargs: { y: 2 } },
      { layer: layer('c', 'TensorFlowOpLayer', { node_def: { op: 'PyFunc' } }) },
      { layer: layer('d', 'ops.Eigh') },
      { layer: layer('e', 'TFOpLambda', {}) },
    ]);
    assert.throws(
      () => compile(model),
      (error: Error) => {
        assert.ok(error instanceof UnsupportedLayersError);
        assert.deepEqual(
          error.layers.map(({ name, className }) => [name, className]),
          [
            ['a', 'TFOpLambda(tf.signal.stft)'],
            ['c', 'TensorFlowOpLayer(PyFunc)'],
            ['d', 'ops.Eigh'],
            ['e', 'TFOpLambda(tf.?)'],
          ],
        );
        return true;
      },
    );
  });

  it('that ONNX can not express are refused with the reason', () => {
    const reasons: [className: string, reason: RegExp][] = [
      ['ops.Eig', /complex numbers/],
      ['ops.Eigh', /which way eigenvectors point/],
      ['ops.Polar', /real and imaginary parts as two tensors/],
      ['ops.VectorizedMap', /Python function, which is never run/],
      ['ops.Histogram', /digitize/],
    ];
    for (const [className, reason] of reasons)
      assert.throws(
        () => compile(chain([{ layer: layer('refused', className) }])),
        (error: Error) => {
          assert.match(error.message, reason);
          assert.ok(error.message.includes(`refused (${className})`), error.message);
          return true;
        },
      );
  });

  it('of matrices, segments and bytes are refused where their arguments have no answer', () => {
    const refusals: [reason: RegExp, called: Layer, args: Argument[]][] = [
      [/not square/, layer('inverse', 'ops.Inv'), []],
      [/a is not square/, layer('solution', 'ops.Solve'), [[[1, 2, 3]]]],
      [/unknown size/, layer('factors', 'ops.Qr'), []],
      [/not a vector/, layer('sums', 'ops.SegmentSum', { num_segments: 3 }), [[[0, 1]]]],
      [/num_segments should be a whole number/, layer('many', 'ops.SegmentMax', { num_segments: 2 ** 40 }), [[0, 1]]],
      [/not whole numbers/, layer('divisor', 'ops.Gcd'), [6]],
      [/opset 26/, layer('bits', 'ops.View', { dtype: 'int32' }), []],
      [
        /sequence_stride is too small/,
        layer('signal', 'ops.ISTFT', { sequence_length: 512, sequence_stride: 1, fft_length: 512 }),
        [],
      ],
    ];
    for (const [reason, called, args] of refusals)
      assert.throws(() => compile(chain([{ layer: called, args }])), reason);
  });

  it('search for no more beams than they can compare, and none of classes that Keras takes twice', () => {
    const search = (config: Config) =>
      compile(
        chain([
          { layer: layer('steps', 'ops.Reshape', { newshape: [-1, 2, 2] }) },
          { layer: layer('beams', 'ops.CTCDecode', { strategy: 'beam_search', ...config }), args: [[2]] },
        ]),
      );
    assert.throws(() => search({ mask_index: -1 }), /takes each class twice/);
    assert.throws(() => search({ mask_index: 2 }), /its mask_index is 2, and it has 2 classes/);
    assert.throws(() => search({ beam_width: 129 }), /beam_width should be a whole number from 0 to 128/);
    assert.throws(() => search({ beam_width: 2, top_paths: 3 }), /top_paths should be a whole number from 0 to 2/);
    assert.deepEqual(search({ beam_width: 128, top_paths: 3 }).outputs[0]!.shape, [3, null, 2]);
  });

  it('of images are refused for what Keras does at random, and for what it has not', () => {
    const refused: [message: RegExp, tested: Layer, args?: Argument[]][] = [
      [
        /elastic \(ops\.ElasticTransform\): it distorts images at random, .*; leave it out/,
        layer('elastic', 'ops.ElasticTransform'),
      ],
      [/its order is 2/, layer('places', 'ops.MapCoordinates', { order: 2 }), [[[1], [2]]]],
      [/list for each of its inputs' axes/, layer('places', 'ops.MapCoordinates', { order: 0 }), [[[1], [2], [3]]]],
      [/rank 2/, layer('turned', 'ops.AffineTransform'), [[1, 0, 0, 0, 1, 0, 0, 0]]],
      [/filter_size is no whole number up to 256/, layer('alike', 'ops.SSIM', { filter_size: 257 }), [[[1, 2, 3, 4]]]],
      [
        /spatial_dims are more than its images' 2 axes/,
        layer('moved', 'ops.ScaleAndTranslate', { spatial_dims: [1, 1, 1], method: 'linear' }),
        [
          [2, 4],
          [1, 1, 1],
          [0, 0, 0],
        ],
      ],
    ];
    for (const [message, tested, args = []] of refused)
      assert.throws(() => compile(chain([{ layer: tested, args }])), message, tested.className);
    const images = layer('images', 'ops.Reshape', { newshape: [-1, 2, 2, 1] });
    const turned = (settings: Config, transform: number[]) =>
      compile(
        chain([{ layer: images }, { layer: layer('turned', 'ops.AffineTransform', settings), args: [transform] }]),
      );
    assert.throws(() => turned({ fill_mode: 'mirror' }, [1, 0, 0, 0, 1, 0, 0, 0]), /its fill_mode is mirror/);
    assert.throws(() => turned({}, [1, 0, 0, 0, 1, 0]), /its transform should be of shape \(8\)/);
    assert.deepEqual(turned({}, [1, 0, 0, 0, 1, 0, 0, 0]).outputs[0]!.shape, [null, 2, 2, 1]);
  });

  it('refuse an argument that they do not know rather than pass it over', () => {
    const model = chain([
      { layer: layer('sum', 'TFOpLambda', { function: 'math.add' }), kwargs: { y: 1, casting: 'same' } },
    ]);
    assert.throws(() => compile(model), /sum \(TFOpLambda\(tf\.math\.add\)\): .*"casting"/);
    const softmax = layer('shares', 'ops.Softmax', { axis: -1, temperature: 2 });
    assert.throws(() => compile(chain([{ layer: softmax }])), /shares \(ops\.Softmax\): .*not known, temperature/);
    const limited = layer('limited', 'ops.Relu');
    assert.throws(() => compile(chain([{ layer: limited, kwargs: { limit: 6 } }])), /not known, limit/);
    assert.ok(compile(chain([{ layer: layer('relu', 'ops.Relu', { name: 'relu', dtype: 'float32', limit: null }) }])));
  });

  it('refuse indices and axes that do not fit their tensors', () => {
    const indices = { class_name: '__numpy__', config: { value: [1, 2], dtype: 'int64' } };
    const taken = layer('taken', 'ops.TakeAlongAxis', { axis: 0 });
    assert.throws(() => compile(chain([{ layer: taken, args: [indices] }])), /indices are of rank 1, not of 2/);
    const product = (axes: number[] | number[][]) =>
      compile(chain([{ layer: layer('product', 'ops.Tensordot', { axes }), args: [[[1, 2, 3, 4]]] }]));
    assert.throws(
      () => product([[1e9, 1e9]]),
      /"product" \(ops.Tensordot\).* a tensor of 2 axes has no axis 1000000000/,
    );
    assert.throws(() => product([0, 1, 1]), /not as many of one tensor as of the other/);
    assert.deepEqual(product([1, 1]).outputs[0]!.shape, [null, 1]);
  });

  it('refuse what is no matrix, no whole number and no end', () => {
    const windows = layer('windows', 'ops.Unfold', { kernel_size: 2, stride: 1.5 });
    const refused: [message: RegExp, tested: Layer, args: Argument[]][] = [
      [/no matrix/, layer('determinant', 'ops.Logdet'), [[]]],
      [
        /its stride is not of whole numbers/,
        windows,
        [
          [
            [
              [
                [1, 2],
                [3, 4],
              ],
            ],
          ],
        ],
      ],
      [/the file has no start/, layer('range', 'ops.Arange'), [null, 5]],
    ];
    for (const [message, tested, args] of refused) {
      const model = chain([{ layer: tested }]);
      model.graph.calls[0]!.args = args;
      assert.throws(() => compile(model), message);
    }
  });

  it('read the bytes of a NodeDef that the first tf.keras wrote as text', () => {
    const mean =
      '\n\u0004Mean\u0012\u0004Mean\u001a\u000bPlaceholder\u001a\u0016Mean/reduction_indices*\n\n\u0004Tidx\u0012\u00020\u0003' +
      '*\u0007\n\u0001T\u0012\u00020\u0001*\u000f\n\tkeep_dims\u0012\u0002(\u0001';
    const squeeze =
      '\n\u0007Squeeze\u0012\u0007Squeeze\u001a\rPlaceholder_1*\u0015\n\fsqueeze_dims\u0012\u0005\n\u0003\u001a\u0001\u0001' +
      '*\u0007\n\u0001T\u0012\u00020\u0001';
    const model = (calls: Layer[]) => chain(calls.map((one) => ({ layer: one })));
    const averaged = layer('mean', 'TensorFlowOpLayer', { node_def: mean, constants: { 1: [1] } });
    assert.deepEqual(compile(model([averaged])).outputs[0]!.shape, [null, 1]);
    const squeezed = layer('squeeze', 'TensorFlowOpLayer', { node_def: squeeze, constants: {} });
    assert.deepEqual(compile(model([averaged, squeezed])).outputs[0]!.shape, [null]);
    const cut = layer('cut', 'TensorFlowOpLayer', { node_def: mean.slice(0, 20), constants: {} });
    assert.throws(() => compile(model([cut])), /TensorFlowOpLayer\(\?\)/);
  });

  it('know the sizes that arithmetic on a shape comes to', () => {
    const shape = layer('shape', 'TFOpLambda', { function: 'compat.v1.shape' });
    const last = layer('last', 'SlicingOpLambda', { function: '__operators__.getitem' });
    const twice = layer('twice', 'TFOpLambda', { function: 'math.multiply' });
    const model = chain([
      { layer: shape },
      { layer: last, kwargs: { slice_spec: -1 } },
      { layer: twice, kwargs: { y: 2 } },
    ]);
    model.graph.calls.push({
      layer: layer('ones', 'TFOpLambda', { function: 'ones' }),
      args: [[3, new TensorReference('call2:0')]],
      kwargs: {},
      output: 'ones',
    });
    model.graph.outputs = new TensorReference('ones:0');
    assert.deepEqual(compile(model).outputs[0]!.shape, [3, 8]);
  });

  it('compile hostile arguments or refuse them, and bound what they ask for', async () => {
    const models = await read;
    const numbers = fc.constantFrom(-1, 0, 1, 2, 3, 7, -5, 1e9, 2 ** 31, -(2 ** 40), 1.5, Number.MAX_VALUE);
    const words = fc.constantFrom<Argument>(
      null,
      true,
      false,
      '',
      'x',
      'same',
      'NaN',
      '-Infinity',
      'int32',
      'complex64',
    );
    const objects = fc.constantFrom<Argument>(
      {},
      { start: null, stop: null, step: 0 },
      { start: 5, stop: 1, step: -1 },
      { class_name: '__slice__', config: {} },
      { class_name: '__ellipsis__', config: {} },
      { class_name: '__numpy__', config: { value: [1, 2], dtype: 'float32' } },
    );
    const leaf = fc.oneof(numbers, words, objects);
    const junk = fc.oneof(
      leaf,
      fc.array(leaf, { maxLength: 5 }),
      fc.array(fc.array(numbers, { maxLength: 3 }), { maxLength: 3 }),
    );
    const spoilt = fc.record({
      model: fc.nat(models.length - 1),
      call: fc.nat(50),
      part: fc.constantFrom('args', 'kwargs', 'config'),
      key: fc.nat(20),
      value: junk,
    });
    fc.assert(
      fc.property(spoilt, ({ model: index, call: position, part, key, value }) => {
        const model = models[index]!;
        const { calls } = model.graph;
        const call = calls[position % calls.length]!;
        const changed = spoil(call, part, key, value);
        const graph = { ...model.graph, calls: calls.map((one) => (one === call ? changed : one)) };
        try {
          compile({ ...model, graph });
        } catch (error) {
          assert.ok(error instanceof ModelFileError, String((error as Error).stack));
        }
      }),
      { numRuns: 1500 },
    );
  });
});

/** The call with one of its arguments or settings replaced. */
function spoil(call: Call, part: 'args' | 'kwargs' | 'config', key: number, value: Argument): Call {
  if (part === 'args')
    return { ...call, args: call.args.map((one, index) => (index === key % call.args.length ? value : one)) };
  const source = part === 'kwargs' ? call.kwargs : call.layer.config;
  const names = Object.keys(source);
  const name = names[key % Math.max(1, names.length)] ?? 'axis';
  if (part === 'kwargs') return { ...call, kwargs: { ...call.kwargs, [name]: value } };
  return { ...call, layer: { ...call.layer, config: { ...call.layer.config, [name]: value } as Config } };
}
