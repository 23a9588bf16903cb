import { activation } from '../activations.js';
import type { LayerCall } from '../context.js';
import { ShapeError, showShape, type Value } from '../graph.js';
import { add, matmul, mul, slice, split, sub, take } from '../operators/index.js';
import { type Cell, type CellMaker, lstmStep } from './recurrent-cell.js';
import { convolutionalLstm } from './recurrent-convolution.js';

/**
 * The units of a cell by its weights, which must have as many columns for each of its gates.
 * @param biasRows how many biases there are for each column: two are the input's and the state's
 * @throws ShapeError
 */
export function unitsOf(call: LayerCall, gates: number, biasRows: 1 | 2 = 1): number {
  const kernel = call.rawWeight('kernel').shape;
  const recurrent = call.rawWeight('recurrent_kernel').shape;
  const [units = 0] = recurrent;
  const columns = gates * units;
  const wanted = { kernel: [kernel[0], columns], recurrent_kernel: [units, columns] };
  const bias = { bias: biasRows === 1 ? [columns] : [biasRows, columns] };
  for (const [name, shape] of Object.entries(call.hasWeight('bias') ? { ...wanted, ...bias } : wanted))
    if (call.rawWeight(name).shape.join() !== shape.join())
      throw new ShapeError(`its ${name} of ${showShape(call.rawWeight(name).shape)} does not fit its ${units} units`);
  return units;
}

function project(x: Value, call: LayerCall, bias: Value | undefined): Value {
  const product = matmul(x, call.weight('kernel'));
  return bias ? add(product, bias) : product;
}

const simple: CellMaker = (call) => {
  const units = unitsOf(call, 1);
  const activate = activation(call, 'activation', 'tanh');
  return {
    rank: 3,
    project: (x) => project(x, call, call.optionalWeight('bias')),
    shapes: () => ({ output: [units], states: [[units]] }),
    step(projected, [h]) {
      const output = activate(add(projected, matmul(h!, call.weight('recurrent_kernel'))));
      return { output, states: [output] };
    },
  };
};

const lstm: CellMaker = (call) => {
  const units = unitsOf(call, 4);
  return {
    rank: 3,
    project: (x) => project(x, call, call.optionalWeight('bias')),
    shapes: () => ({ output: [units], states: [[units], [units]] }),
    step: (projected, [h, c]) => lstmStep(call, add(projected, matmul(h!, call.weight('recurrent_kernel'))), c!, -1),
  };
};

/** Whether a GRU resets the product of the state, not the state: Keras 2 began with the latter and no setting for it. */
export const resetAfter = ({ config, kerasVersion }: LayerCall): boolean =>
  config.boolean('reset_after', kerasVersion >= 3);

const gru: CellMaker = (call) => {
  const after = resetAfter(call);
  const units = unitsOf(call, 3, after ? 2 : 1);
  const gate = activation(call, 'recurrent_activation', 'sigmoid');
  const activate = activation(call, 'activation', 'tanh');
  const bias = call.optionalWeight('bias');
  const [inputBias, recurrentBias] = bias && after ? [take(bias, 0, 0), take(bias, 1, 0)] : [bias, undefined];
  const kernel = call.weight('recurrent_kernel');
  const gateKernel = after ? kernel : slice(kernel, [{ axis: 1, end: 2 * units }]);
  const candidateKernel = slice(kernel, [{ axis: 1, start: 2 * units }]);
  return {
    rank: 3,
    project: (x) => project(x, call, inputBias),
    shapes: () => ({ output: [units], states: [[units]] }),
    step(projected, [h]) {
      const [xz, xr, xh] = split(projected, [units, units, units], -1) as [Value, Value, Value];
      const product = matmul(h!, gateKernel);
      const inner = recurrentBias ? add(product, recurrentBias) : product;
      const [hz, hr, hh] = split(inner, Array<number>(after ? 3 : 2).fill(units), -1) as [Value, Value, Value];
      const z = gate(add(xz, hz));
      const r = gate(add(xr, hr));
      const candidate = activate(add(xh, after ? mul(r, hh) : matmul(mul(r, h!), candidateKernel)));
      const output = add(mul(z, h!), mul(sub(1, z), candidate));
      return { output, states: [output] };
    },
  };
};

/** Each cell's output is the next one's input; the states are those of all cells, in order. */
const stacked: CellMaker = (call) => {
  const cells = Object.entries(call.layer.layers)
    .filter(([name]) => name.startsWith('cells/'))
    .map(([, layer]) => cellOf(call.of(layer)));
  const [first] = cells;
  if (!first) return call.unsupported('it has no cells');
  return {
    rank: first.rank,
    project: (x) => first.project(x),
    shapes(projected) {
      const shapes = cells.map((cell) => cell.shapes(projected));
      return { output: shapes.at(-1)!.output, states: shapes.flatMap(({ states }) => states) };
    },
    step(projected, states) {
      let at = 0;
      let output = projected;
      const next = cells.flatMap((cell, index) => {
        const count = cell.shapes(projected).states.length;
        const step = cell.step(index === 0 ? output : cell.project(output), states.slice(at, at + count));
        at += count;
        output = step.output;
        return step.states;
      });
      return { output, states: next };
    },
  };
};

const cells: Record<string, CellMaker> = {
  SimpleRNN: simple,
  SimpleRNNCell: simple,
  LSTM: lstm,
  LSTMCell: lstm,
  GRU: gru,
  GRUCell: gru,
  StackedRNNCells: stacked,
  ConvLSTM1D: convolutionalLstm(1),
  ConvLSTM2D: convolutionalLstm(2),
  ConvLSTM3D: convolutionalLstm(3),
};

/** The cell of a layer that has its own, or a cell's. Refuses a class that is no cell. */
export function cellOf(call: LayerCall): Cell {
  const { className } = call.layer;
  if (Object.hasOwn(cells, className)) return cells[className]!(call);
  return call.unsupported(`its cell is ${className.slice(0, 60)}, which is not one of Keras's`);
}
