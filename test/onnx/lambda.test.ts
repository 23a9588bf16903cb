/** Lambdas: what their functions are given, what is refused and what is said of it. What Keras answers is in the fixtures. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Config, ConfigValue, KerasDType, KerasModel, Layer } from '../../src/keras/index.js';
import { ModelFileError, readKerasModel, TensorReference } from '../../src/keras/index.js';
import { compile } from '../../src/onnx/compile.js';
import { frontOf } from '../../src/onnx/front.js';
import { functionCases } from '../helpers/functions.js';
import { runs } from '../helpers/runs.js';
import { input, sequential, temporaryFolder, writeArchive } from '../keras/files.js';

const layer = (className: string, config: Config, layers: Record<string, Layer> = {}): Layer => ({
  name: 'code',
  className,
  module: '',
  config,
  weights: new Map(),
  layers,
});

/** The code of a function by Python 3.11. Lambdas have `n=1` after `x`, and `c`, `d` and `mean` around them. */
const codeOf = (source: string): string => {
  const found = functionCases.find((one) => one.source === source);
  assert.ok(found, source);
  return found.codes['3.11']!;
};

interface Given {
  defaults?: ConfigValue;
  closure?: ConfigValue;
  config?: Config;
  dtype?: KerasDType;
  shape?: (number | null)[];
}

function model(called: Layer, { dtype = 'float32', shape = [null, 4] }: Given = {}): KerasModel {
  return {
    name: 'model',
    container: 'json',
    kerasVersion: '3.0.0',
    className: 'Functional',
    graph: {
      inputs: [{ name: 'x', shape, dtype, id: 'x:0' }],
      calls: [{ layer: called, args: [new TensorReference('x:0')], kwargs: {}, output: 'y' }],
      outputs: new TensorReference('y:0'),
    },
  };
}

const lambda = (source: string, { defaults = [1], closure = null, config = {} }: Given = {}) =>
  layer('Lambda', { function: [codeOf(source), defaults, closure], ...config });

/** The type and shape of what a Lambda gives. */
const given = (source: string, what: Given = {}) => {
  const [output] = compile(model(lambda(source, what), what)).outputs;
  return { type: output!.type, shape: output!.shape };
};

const refused = (source: string, message: RegExp, what: Given = {}) =>
  assert.throws(() => compile(model(lambda(source, what), what)), message);

const float = (value: number): ConfigValue => ({ class_name: '__float__', config: { value } });

describe('a Lambda', () => {
  it('is read in each form in which Keras has kept it', () => {
    const code = codeOf('x * 2');
    const forms: ConfigValue[] = [
      [code, [1], null],
      { class_name: '__tuple__', items: [code, { class_name: '__tuple__', items: [1] }, null] },
      { class_name: '__lambda__', config: { value: [code, [1], null] } },
      { class_name: '__lambda__', config: { code, defaults: [1], closure: null } },
    ];
    for (const form of forms)
      assert.deepEqual(compile(model(layer('Lambda', { function: form }))).outputs[0]!.shape, [null, 4]);
  });

  it('keeps integers, and takes what fits them alone', () => {
    assert.deepEqual(given('x * 2', { dtype: 'int32' }), { type: 'int32', shape: [null, 4] });
    refused('x / 255.0', /lambda x, n: x \/ 255\.0`.* int32 and the float 255/, { dtype: 'int32' });
    refused('x * 2', /"\*" of uint8 tensors/, { dtype: 'uint8' });
    refused('x - (x - 1)', /"-" of bool tensors|depends on the framework/, { dtype: 'bool' });
    assert.equal(given('x <= 1', { dtype: 'int64' }).type, 'bool');
  });

  it('knows the values of variables around it, whole numbers and floats apart', () => {
    const closure = [float(2), 3];
    assert.equal(given('x * c + d', { closure }).type, 'float32');
    refused('x * c + d', /int32 and the float 2/, { closure, dtype: 'int32' });
    assert.equal(given('x * c + d', { closure: [2, 3], dtype: 'int32' }).type, 'int32');
    assert.deepEqual(given('x - mean', { closure: [[1, 2, 3, 4]] }).shape, [null, 4]);
    refused('x - mean', /has not the values of the variables around it/);
    refused('x - mean', /value of its mean is no number/, { closure: [{ class_name: 'Dense', config: {} }] });
  });

  it('knows its arguments and defaults', () => {
    const source = 'def f(x, scale=2.0):\n    y = x * scale\n    return y + y';
    assert.equal(given(source, { defaults: [float(2)] }).type, 'float32');
    refused(source, /no value for its scale/, { defaults: null });
    assert.equal(given(source, { defaults: null, config: { arguments: { scale: 3 } } }).type, 'float32');
    refused(source, /an argument that it doesn't take, other/, { config: { arguments: { other: 3 } } });
    refused(source, /its first parameter twice/, { config: { arguments: { x: 3 } } });
    refused(source, /more defaults than parameters/, { defaults: [1, 2, 3] });
  });

  it('has floats that are whole told from whole numbers by its file', async () => {
    const source = 'def f(x, scale=2.0):\n    y = x * scale\n    return y + y';
    const config = { name: 'code', trainable: true, function: [codeOf(source), [1], null], arguments: { scale: 2 } };
    const integers = input([null, 2], 'int32');
    const entry = { module: 'keras.layers', class_name: 'Lambda', config, registered_name: null };
    const text = JSON.stringify(sequential(integers, entry));
    const read = async (json: string) =>
      compile(await readKerasModel(await writeArchive(join(temporaryFolder(), 'm.keras'), json))).outputs[0]!.type;
    assert.equal(await read(text), 'int32');
    await assert.rejects(read(text.replace('"scale":2', '"scale":2.0')), /int32 and the float 2/);
  });

  it('uses numbers that are known', () => {
    assert.deepEqual(given('x + K.int_shape(x)[1]', { dtype: 'int32' }), { type: 'int32', shape: [null, 4] });
    assert.equal(given('x * K.ndim(x)', { dtype: 'int32' }).type, 'int32');
    assert.equal(given('x * abs(c)', { dtype: 'int32', closure: [-1] }).type, 'int32');
    assert.equal(given('x * float(c)', { closure: [2] }).type, 'float32');
    refused('x * float(c)', /int32 and the float 2/, { dtype: 'int32', closure: [2] });
  });

  it('uses sizes that are known', () => {
    const source = 'tf.reshape(x, (-1, x.shape[1] * x.shape[2]))';
    assert.deepEqual(given(source, { shape: [null, 4, 3] }).shape, [null, 12]);
    refused(source, /is not supported|leaves open/, { shape: [null, null, 3] });
  });

  const pairOf = functionCases.find(({ source }) => source.includes('x, y = v'))!.source;
  const messages: [what: string, source: string, message: RegExp, given?: Given][] = [
    [
      'a name that could be anything',
      'f(x, n, key=d)',
      /`lambda x, n: f\(x, n, key=d\)`.*it uses f, a name/,
      { closure: [1] },
    ],
    ['a method of a tensor', 'x.mean(axis=1)', /uses the attribute mean of a tensor/],
    ['what compares objects on old tensors', 'x != 1', /its "!=" of float32 tensors is not supported/],
    [
      'a list that is changed in its place',
      'def f(x):\n    y = [x]\n    y += [x]\n    return y',
      /changes a list in its place/,
      { defaults: null },
    ],
    ['parts of a table', 'tf.nn.embedding_lookup([[1.5, 2.5]], x)', /takes for parts of a table/, { dtype: 'int32' }],
    ['bits of floats', 'x & x | x ^ x', /its "&" of float32 tensors/],
    ['a whole number that is no float', 'x + 12345678901234567890', /a whole number that is too large/],
    ['what branches, with the names that it uses', '[y for y in x]', /Python code, which is never run, and /],
    [
      'bytes',
      'tf.abs(x)',
      /calls tf\.abs with a tensor of uint8; cast it with keras\.ops\.cast first/,
      { dtype: 'uint8' },
    ],
    ['whole numbers divided', 'tf.divide(x, x)', /calls tf\.divide with tensors of int32; cast/, { dtype: 'int32' }],
    ['bounds the wrong way round', 'tf.clip_by_value(x, 2.0, 1.0)', /with a least value above the greatest/],
    ['rows that a vector chooses', 'tf.where(x[:, 0] > 0.5, x, x)', /calls tf\.where with a vector, by which/],
    ['a constant of another shape', 'tf.constant([1.5, 2.5], tf.float32, [2, 1])', /calls tf\.constant with a shape/],
    ['what is called and no function', 'c(x)', /it calls what is no function/, { closure: [1] }],
    ['an item of a number', 'c[0]', /an item of what is no tensor and no list/, { closure: [1] }],
    ['a slice up to numbers', 'x[x:]', /it has a slice whose ends are not known/],
    ['an item that there is not', '[x, x][2]', /takes an item that its list has not/],
    ['every other item', '[x, x][::2]', /takes a slice of a list that is not known/],
    ['a pair that is none', pairOf, /it takes 2 values from what is no list of 2/, { defaults: null }],
    ['a mask that it takes', 'def f(x, mask=None):\n    return x', /it takes mask/, { defaults: [null] }],
    ['a mask of its own', 'x * 2', /makes a mask of its own/, { config: { mask: true } }],
  ];
  for (const [what, source, message, options] of messages)
    it(`is refused for ${what}`, () => refused(source, message, options));

  const text: Given = { closure: ['text'] };
  const whole: Given = { dtype: 'int32' };
  const negative: Given = { closure: [-1] };
  const reasons: [source: string, reason: string, given?: Given][] = [
    ['x.shape[0]', 'it gives a size; '],
    ['K.epsilon()', 'it gives something other than tensors; '],
    ['x.dtype', 'it gives something other than tensors; '],
    ['c.name', 'it uses the attribute name of a value, which is not supported; ', negative],
    ['tf.reshape(x, [x.shape[0], -1])', 'it uses the size of an axis that the model leaves open; '],
    ['tf.nonsense(x)', 'it calls tf.nonsense, which is not supported; '],
    ['K.batch_dot(x, x)', 'it calls backend.batch_dot, which is not supported: use keras.layers.Dot(axes)([x, y]); '],
    ['abs(x, x)', 'it calls abs with 2 arguments; '],
    ['len(x, x)', 'it calls len with 2 arguments; '],
    ['x * len(x)', 'it calls len with what is no list; '],
    ['x * float(x, x)', 'it calls float with 2 arguments; '],
    ['x * int(x)', 'it calls int with what is no number; '],
    ['x * math.log(c)', 'its math.log is no number; ', negative],
    ['x * np.sqrt(x, x)', 'it calls np.sqrt with 2 arguments; '],
    ['K.int_shape(c)', 'it calls int_shape with what is no tensor; ', negative],
    ['x * K.ndim(c)', 'it calls ndim with what is no tensor; ', negative],
    ['tf.cast(x, tf.something)', 'it uses tf.something, which is not known; '],
    ['x ** x', 'its "**" of int32 tensors is not supported; ', whole],
    ['x @ 1', 'its "@" of int32 tensors is not supported; ', whole],
    ['x * np.sqrt(4.0)', 'its "*" has a tensor of int32 and the float 2, whose common type depends', whole],
    ['x + mean', 'its "+" has a tensor of float32 and something else, whose common type', text],
    ['x[mean]', 'it is indexed by something other than whole numbers, slices and None; ', text],
    ['-mean', 'its "-" is not supported; ', text],
    ['tf.abs(x, y=1)', 'it has an argument that is not known, "y"; '],
    ['K.sqrt(x, y=1)', 'it calls backend.sqrt with y, which is not known; '],
  ];
  for (const [source, reason, what = {}] of reasons)
    it(`says of ${source} that ${reason}`, () =>
      assert.throws(
        () => compile(model(lambda(source, what), what)),
        ({ message }: Error) => message.includes(`That can't be served, for ${reason}`),
      ));

  it('is refused where its code is missing or too large, or what it is called with is no tensor', () => {
    const coded = (code: ConfigValue) => model(layer('Lambda', { function: [code, null, null] }));
    assert.throws(() => compile(coded(7)), /never run, and its code is missing; rewrite it/);
    assert.throws(() => compile(coded('A'.repeat(2 ** 15 + 1))), /never run, and its code is too large; rewrite it/);
    const { graph, ...rest } = model(lambda('x'));
    const calls = [{ ...graph.calls[0]!, args: [[new TensorReference('x:0'), 1]] }];
    assert.throws(() => compile({ ...rest, graph: { ...graph, calls } }), /called with something other than tensors/);
  });

  it('is told with the line in its place, where there is one that does the same', () => {
    const line = (source: string, what: Given = {}) => {
      try {
        compile(model(lambda(source, what), what));
      } catch (error) {
        return /`y = (.*)`$/m.exec((error as Error).message)?.[1];
      }
      throw new Error('is served');
    };
    assert.equal(line('x * 2', { dtype: 'uint8' }), 'x * 2');
    assert.equal(
      line('tf.transpose(x, perm=order) + K.concatenate([x, x], axis=1)'),
      'keras.ops.transpose(x, axes=order) + keras.ops.concatenate([x, x], axis=1)',
    );
    // The axis that is meant where none is given is another one.
    assert.equal(line('K.concatenate([x, x]) * unknown'), undefined);
    assert.equal(line('x.mean(axis=1)'), undefined);
    // What is compared as objects, what no tensor of Keras is indexed by, and what no tensor is in.
    assert.equal(line('x == 0'), 'keras.ops.equal(x, 0)');
    assert.equal(line('x != 1'), 'keras.ops.not_equal(x, 1)');
    assert.equal(line('x[x > 0]'), undefined);
    assert.equal(line('n + 1'), undefined);
  });

  it('that gives its input as it is has no mask that could stay or go', () => {
    const masking = { ...layer('Masking', { mask_value: 0 }), name: 'masking' };
    const { graph, ...rest } = model(lambda('x'), { shape: [null, 3, 4] });
    const calls = [
      { layer: masking, args: [new TensorReference('x:0')], kwargs: {}, output: 'm' },
      { ...graph.calls[0]!, args: [new TensorReference('m:0')] },
    ];
    assert.throws(() => compile({ ...rest, graph: { ...graph, calls } }), /gives an input with a mask as it is/);
    assert.deepEqual(given('x').shape, [null, 4]);
  });

  it('is refused in a TimeDistributed, which makes other samples of its steps', () => {
    const wrapped = layer('TimeDistributed', {}, { layer: { ...lambda('x * 2'), name: 'inner' } });
    assert.throws(() => compile(model(wrapped, { shape: [null, 3, 4] })), /wraps a Lambda/);
  });

  it('is told without what a terminal would act on, though its file is hostile', () => {
    const code = Buffer.from(codeOf('f(x, n, key=d)'), 'base64');
    const at = code.indexOf('\xda\x01f', 'latin1');
    assert.ok(at > 0);
    code[at + 2] = 0x1b;
    const called = layer('Lambda', { function: [code.toString('base64'), [1], [1]] });
    assert.throws(
      () => compile(model(called)),
      (error: Error) => !error.message.includes('\x1b') && error.message.includes('\uFFFD'),
    );
  });

  it('is compiled or refused, whatever its bytes', () => {
    const codes = functionCases.flatMap((one) => Object.values(one.codes).map((code) => Buffer.from(code, 'base64')));
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 });
    const shapes = fc.constantFrom([null, 4], [null, null], [null, 4, 3, 2], [], [2, 2]);
    const types = fc.constantFrom<KerasDType>('float32', 'int32', 'uint8', 'bool');
    const value: fc.Arbitrary<ConfigValue> = fc.constantFrom(
      1,
      float(2),
      null,
      'float32',
      [1, 2, 3, 4],
      [[1], [2]],
      {},
    );
    const closures = fc.array(value, { maxLength: 3 });
    fc.assert(
      fc.property(
        fc.constantFrom(...codes),
        changes,
        shapes,
        types,
        closures,
        (code, places, shape, dtype, closure) => {
          const bytes = Buffer.from(code);
          for (const [place, byte] of places) bytes[place % bytes.length] = byte;
          const called = layer('Lambda', { function: [bytes.toString('base64'), [1], closure] });
          try {
            compile(model(called, { shape: [...shape], dtype }));
          } catch (error) {
            if (!(error instanceof ModelFileError)) throw error;
          }
        },
      ),
      runs(20),
    );
  });

  it('that is arithmetic scales pixels', () => {
    const shape = [null, 8, 8, 3];
    const scaling = (source: string) => frontOf(model(lambda(source), { shape })).scaling.length;
    assert.equal(scaling('(x - 127.5) / 127.5'), 1);
    assert.equal(scaling('x[:, -1]'), 0);
  });
});
