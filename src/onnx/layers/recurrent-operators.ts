import { activationName } from '../activations.js';
import type { LayerCall } from '../context.js';
import { floats, type Value } from '../graph.js';
import { reverseTime, squeeze, transpose, unsqueeze } from '../operators/index.js';
import { floats as floatsOf } from '../weights.js';
import { checkShape } from './recurrent-cell.js';
import { resetAfter, unitsOf } from './recurrent-cells.js';
import { swapTime } from './time.js';

/** An operator of ONNX that runs a whole sequence. */
interface Operator {
  opType: 'RNN' | 'LSTM' | 'GRU';
  /** For each of its gates, the place of the same gate in Keras's weights. */
  gates: number[];
  /** The settings that name its activations, in its order. */
  activations: string[];
  states: 1 | 2;
}

const rnn: Operator = { opType: 'RNN', gates: [0], activations: ['activation'], states: 1 };
const lstm: Operator = {
  opType: 'LSTM',
  gates: [0, 3, 1, 2],
  activations: ['recurrent_activation', 'activation', 'activation'],
  states: 2,
};
const gru: Operator = {
  opType: 'GRU',
  gates: [0, 1, 2],
  activations: ['recurrent_activation', 'activation'],
  states: 1,
};

const operators: Record<string, Operator> = {
  SimpleRNN: rnn,
  SimpleRNNCell: rnn,
  LSTM: lstm,
  LSTMCell: lstm,
  GRU: gru,
  GRUCell: gru,
};

/** An activation as these operators call it, with `activation_alpha` and `activation_beta` where it takes them. */
interface Activation {
  name: string;
  alpha?: number;
  beta?: number;
}

/** Keras's activations. */
const activations: Record<string, Activation> = {
  sigmoid: { name: 'Sigmoid' },
  tanh: { name: 'Tanh' },
  relu: { name: 'Relu' },
  linear: { name: 'Affine', alpha: 1, beta: 0 },
  hard_sigmoid: { name: 'HardSigmoid', alpha: 1 / 6, beta: 0.5 },
  hard_sigmoid_keras2: { name: 'HardSigmoid', alpha: 0.2, beta: 0.5 },
  leaky_relu: { name: 'LeakyRelu', alpha: 0.2 },
  elu: { name: 'Elu', alpha: 1 },
  softsign: { name: 'Softsign' },
  softplus: { name: 'Softplus' },
};

const defaults: Record<string, string> = { activation: 'tanh', recurrent_activation: 'sigmoid' };

/** Keras's (inputs, gates · units) as (1, gates · units, inputs), the gates in another order. */
function packKernel(call: LayerCall, name: string, gates: readonly number[], units: number): Value {
  return call.once(`${name}:packed`, () => {
    const weight = call.rawWeight(name);
    const data = floatsOf(weight);
    const inputs = weight.shape[0]!;
    const columns = gates.length * units;
    const packed = new Float32Array(data.length);
    let to = 0;
    for (const gate of gates)
      for (let column = gate * units; column < (gate + 1) * units; column++)
        for (let row = 0; row < inputs; row++) packed[to++] = data[row * columns + column]!;
    return call.graph.constant('float32', [1, columns, inputs], packed, name);
  });
}

/** Keras's bias, one or (for a GRU that resets after) two rows of it, as (1, 2 · gates · units): the input's, the state's. */
function packBias(call: LayerCall, gates: readonly number[], units: number): Value | undefined {
  if (!call.hasWeight('bias')) return undefined;
  return call.once('bias:packed', () => {
    const data = floatsOf(call.rawWeight('bias'));
    const columns = gates.length * units;
    const packed = new Float32Array(2 * columns);
    for (let row = 0; row * columns < Math.min(data.length, packed.length); row++)
      gates.forEach((gate, place) => {
        const from = row * columns + gate * units;
        packed.set(data.subarray(from, from + units), row * columns + place * units);
      });
    return call.graph.constant('float32', [1, 2 * columns], packed, 'bias');
  });
}

/** What an operator gives for a whole sequence. */
export interface Sequence {
  /** (batch, time, units), in the order of the steps. */
  outputs: Value;
  /** After the last step. */
  states: Value[];
}

/** A recurrent layer, or the cell of one, as ONNX's LSTM, GRU or RNN. */
export interface RecurrentOperator {
  /** Whether it is right about what is infinite or no number, too: ONNX Runtime's LSTM and GRU make numbers of it. */
  isExact: boolean;
  /** @param x (batch, time, features) */
  run: (x: Value) => Sequence;
}

/**
 * @param initial the states before the first step; none are zeros
 * @returns undefined when no operator computes what the layer does
 */
export function operatorOf(
  call: LayerCall,
  initial: readonly Value[],
  goBackwards: boolean,
): RecurrentOperator | undefined {
  const { className } = call.layer;
  const operator = Object.hasOwn(operators, className) ? operators[className]! : undefined;
  if (!operator || (initial.length > 0 && initial.length !== operator.states)) return undefined;
  const names = operator.activations.map((key) => activationName(call, key, defaults[key]));
  const known = names.map((name) =>
    name !== undefined && Object.hasOwn(activations, name) ? activations[name]! : undefined,
  );
  const used = known.filter((one) => one !== undefined);
  if (used.length < known.length) return undefined;
  return {
    isExact: operator === rnn,
    run: (x) => runOperator(call, operator, used, x, initial, goBackwards),
  };
}

function runOperator(
  call: LayerCall,
  operator: Operator,
  used: readonly Activation[],
  x: Value,
  initial: readonly Value[],
  goBackwards: boolean,
): Sequence {
  const after = operator === gru && resetAfter(call);
  const units = unitsOf(call, operator.gates.length, after ? 2 : 1);
  checkShape(x, [null, null, call.rawWeight('kernel').shape[0]!]);
  for (const given of initial) checkShape(given, [null, units]);
  const numbers = (key: 'alpha' | 'beta') => {
    const given = used.flatMap((one) => one[key] ?? []);
    return given.length > 0 ? floats(given) : undefined;
  };
  const [batch, time] = [x.shape[0]!, x.shape[1]!];
  const state = { type: 'float32', shape: [1, batch, units] } as const;
  const [outputs, ...states] = x.graph.node(
    operator.opType,
    [
      swapTime(x),
      packKernel(call, 'kernel', operator.gates, units),
      packKernel(call, 'recurrent_kernel', operator.gates, units),
      packBias(call, operator.gates, units),
      undefined,
      ...initial.map((value) => unsqueeze(value, [0])),
    ],
    {
      hidden_size: units,
      direction: goBackwards ? 'reverse' : 'forward',
      activations: used.map(({ name }) => name),
      activation_alpha: numbers('alpha'),
      activation_beta: numbers('beta'),
      linear_before_reset: after ? 1 : undefined,
    },
    [{ type: 'float32', shape: [time, 1, batch, units] }, ...Array(operator.states).fill(state)],
  );
  const inOrder = transpose(squeeze(outputs!, [1]), [1, 0, 2]);
  return {
    outputs: goBackwards ? reverseTime(inOrder) : inOrder,
    states: states.map((value) => squeeze(value, [0])),
  };
}
