import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Argument,
  type Call,
  type Config,
  type KerasModel,
  type Layer,
  TensorReference,
} from '../../src/keras/model.js';
import { compile } from '../../src/onnx/compile.js';
import { UnsupportedLayersError } from '../../src/onnx/unsupported.js';

const layer = (name: string, className: string, config: Config = {}, more: Partial<Layer> = {}): Layer => ({
  name,
  className,
  module: '',
  config,
  weights: new Map(),
  layers: {},
  ...more,
});

/** A chain of calls: each layer is called with what the one before returns, or with the outputs that are named. */
function chain(...layers: (Layer | [Layer, ...string[]])[]): KerasModel['graph'] {
  let last = 'x/0:0';
  const calls = layers.map((entry): Call => {
    const [one, ...from] = Array.isArray(entry) ? entry : [entry, last];
    last = `${one.name}/0:0`;
    return { layer: one, args: [from.map((id) => new TensorReference(id))], kwargs: {}, output: `${one.name}/0` };
  });
  return {
    inputs: [{ name: 'x', shape: [null, 4], dtype: 'float32', id: 'x/0:0' }],
    calls,
    outputs: new TensorReference(last),
  };
}

const model = (graph: KerasModel['graph']): KerasModel => ({
  name: 'model',
  container: 'keras',
  kerasVersion: '3.0.0',
  className: 'Functional',
  graph,
});

const relu = (name: string) => layer(name, 'ReLU');

function refusals(graph: KerasModel['graph']): { refused: string[]; compiled: string[] } {
  const compiled: string[] = [];
  try {
    compile(model(graph), (call) => compiled.push(call.layer.name));
  } catch (error) {
    assert.ok(error instanceof UnsupportedLayersError, String(error));
    assert.equal(error.code, 'model_unsupported_layers');
    const refused = error.layers.map(({ name, className, reason }) => {
      assert.ok(error.message.includes(`${name} (${className}): ${reason}`));
      return name;
    });
    return { refused, compiled };
  }
  return { refused: [], compiled };
}

describe('compile', () => {
  it('tells of every call with the shape that it gives', () => {
    const shapes = new Map<string, unknown>();
    const graph = chain(relu('first'), layer('twice', 'RepeatVector', { n: 3 }), relu('last'));
    compile(model(graph), (call, outputs) => shapes.set(call.layer.name, outputs));
    assert.deepEqual(
      [...shapes].map(([name, outputs]) => [name, (outputs as { shape: unknown }[])[0]!.shape]),
      [
        ['first', [null, 4]],
        ['twice', [null, 3, 4]],
        ['last', [null, 3, 4]],
      ],
    );
  });

  it('tells of the calls in nested models too', () => {
    const inner = layer('inner', 'Functional', {}, { graph: chain(relu('a'), relu('b')) });
    assert.deepEqual(refusals(chain(inner, relu('c'))).compiled, ['a', 'b', 'inner', 'c']);
  });

  it('names every layer that it refuses: unknown classes, settings, wrapped and nested ones', () => {
    const nested = layer('nested', 'Functional', {}, { graph: chain(layer('deep', 'Mine')) });
    const wrapper = layer('wrapper', 'TimeDistributed', {}, { layers: { layer: layer('wrapped', 'Lambda') } });
    const odd = layer('odd', 'Activation', { activation: 'mystery' });
    const { refused, compiled } = refusals(
      chain(relu('before'), [nested, 'x/0:0'], [wrapper, 'x/0:0'], [odd, 'before/0:0'], relu('behind')),
    );
    assert.deepEqual(refused.sort(), ['deep', 'odd', 'wrapped']);
    assert.deepEqual(compiled, ['before']);
  });

  it('compiles what stands beside a refused layer', () => {
    const { refused, compiled } = refusals(
      chain(
        layer('custom', 'Mine'),
        relu('behind'),
        [relu('beside'), 'x/0:0'],
        [layer('sum', 'Add'), 'behind/0:0', 'beside/0:0'],
      ),
    );
    assert.deepEqual(refused, ['custom']);
    assert.deepEqual(compiled, ['beside']);
  });

  it('names a layer that is called twice once', () => {
    const odd = layer('odd', 'Activation', { activation: 'mystery' });
    const graph = chain(odd);
    graph.calls.push({ ...graph.calls[0]!, output: 'odd/1' });
    assert.deepEqual(refusals(graph).refused, ['odd']);
  });

  it('refuses layers of numbers that are called with strings', () => {
    const graph = chain(relu('a'));
    graph.inputs[0]!.dtype = 'string';
    assert.deepEqual(refusals(graph).refused, ['a']);
  });

  it('refuses a layer that is called without a tensor', () => {
    const graph = chain(relu('a'));
    graph.calls[0]!.args = [[], 'text', 3];
    assert.throws(() => compile(model(graph)), { code: 'model_damaged', message: /"a" \(ReLU\) has no input/ });
  });

  it('takes the tensor that a layer is called with by name', () => {
    const graph = chain(relu('a'));
    graph.calls[0]!.kwargs = { inputs: graph.calls[0]!.args[0]! };
    graph.calls[0]!.args = [];
    assert.deepEqual(compile(model(graph)).outputs, [{ name: 'a', type: 'float32', shape: [null, 4] }]);
  });

  /** Why a layer is refused that is called with these arguments beside its input. */
  const refusalOf = (one: Layer, more: { args?: Argument[]; kwargs?: Call['kwargs'] }): string => {
    const graph = chain(one);
    const [call] = graph.calls;
    graph.calls = [{ ...call!, args: [...call!.args, ...(more.args ?? [])], kwargs: more.kwargs ?? {} }];
    try {
      compile(model(graph));
    } catch (error) {
      assert.ok(error instanceof UnsupportedLayersError, String(error));
      return error.layers.map(({ reason }) => reason).join();
    }
    return '';
  };

  it('names an argument of a call that the layer does not take, by name or place', () => {
    const mask = new TensorReference('x/0:0');
    assert.match(refusalOf(relu('a'), { kwargs: { mask } }), /not supported, mask$/);
    assert.match(refusalOf(relu('a'), { args: [mask] }), /not supported, argument 2$/);
    assert.match(refusalOf(relu('a'), { kwargs: { scale: 2 } }), /not supported, scale$/);
    assert.match(refusalOf(layer('a', 'Softmax'), { args: [mask, mask] }), /not supported, argument 3$/);
    assert.match(refusalOf(layer('a', 'Softmax'), { kwargs: { mask: 'text' } }), /its mask is no tensor/);
    const nested = layer('nested', 'Functional', {}, { graph: chain(relu('b')) });
    assert.match(refusalOf(nested, { kwargs: { style: 2 } }), /not supported, style$/);
  });

  it('takes null for no argument, and training for what every layer takes', () => {
    assert.equal(refusalOf(relu('a'), { args: [null], kwargs: { mask: null, training: true } }), '');
  });

  it('names a setting that no Keras knows, of a layer that stands in for an activation too', () => {
    const setting = { class_name: 'ReLU', config: { name: 're_lu', threshold: 0, output_scale: 2 } };
    assert.match(refusalOf(layer('a', 'ReLU', { output_scale: 2 }), {}), /not known, output_scale of 2;/);
    assert.match(refusalOf(layer('a', 'Activation', { activation: setting }), {}), /not known, output_scale of 2;/);
  });

  for (const className of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
    it(`knows no class ${className}`, () => {
      assert.deepEqual(refusals(chain(layer('odd', className))).refused, ['odd']);
    });
  }
});
