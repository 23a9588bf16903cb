import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GraphBuilder } from '../../src/onnx/graph.js';
import { add, constant, mul, relu } from '../../src/onnx/operators/index.js';
import type { Message } from '../../src/onnx/protobuf.js';

const types = (message: Message) => (message.node as Message[]).map(({ op_type }) => op_type);

describe('a graph as a message', () => {
  it('leaves out nodes and constants that no output needs', () => {
    const graph = new GraphBuilder();
    const x = graph.input('x', 'float32', [null, 2]);
    relu(mul(x, 3));
    graph.output('y', add(x, 2));
    const message = graph.message('model');
    assert.deepEqual(types(message), ['Add', 'Identity']);
    assert.equal((message.initializer as Message[]).length, 1);
  });

  it('keeps what only a subgraph needs', () => {
    const graph = new GraphBuilder();
    const x = graph.input('x', 'float32', [2]);
    const outside = relu(x);
    const body = graph.subgraph();
    body.input('iteration', 'int64', []);
    const condition = body.input('condition', 'bool', []);
    const state = body.input('state', 'float32', [2]);
    body.output(body.reserve('condition_out'), condition);
    body.output(body.reserve('state_out'), add(state, outside));
    const times = constant(graph, 'int64', [], [3]);
    const [y] = graph.node('Loop', [times, undefined, x], { body }, [{ type: 'float32', shape: [2] }]);
    graph.output('y', y!);
    assert.deepEqual(types(graph.message('model')), ['Relu', 'Loop', 'Identity']);
  });
});
