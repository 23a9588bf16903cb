import { type LayerCall, type LayerHandler, type LayerTable, tensorsIn } from '../context.js';
import { ShapeError, type Value } from '../graph.js';
import {
  allFinite,
  and,
  cast,
  either,
  fill,
  scan,
  sizeOf,
  take,
  toFloat,
  unsqueeze,
  where,
} from '../operators/index.js';
import { type Cell, checkShape } from './recurrent-cell.js';
import { cellOf } from './recurrent-cells.js';
import { operatorOf, type RecurrentOperator, type Sequence } from './recurrent-operators.js';
import { swapTime } from './time.js';

/** What a recurrent layer is called with. */
export interface RecurrentInputs {
  /** (batch, time, …) */
  x: Value;
  /** The states before the first step, flattened; none are zeros. */
  states: Value[];
  /** (batch, time): steps that count. A step that doesn't leaves states and output as they were. */
  mask: Value | undefined;
  /** The mask of the output, where that is a sequence. */
  outputMask: Value | undefined;
}

/**
 * Tells the sequence, states and mask apart. Initial states stand behind the sequence in Keras 2, and are an argument of their
 * own in Keras 3, which then takes no mask from the sequence.
 */
export function recurrentInputs([sequence, ...others]: Value[], call: LayerCall): RecurrentInputs {
  const states = [...others, ...tensorsIn(call.argument('initial_state'))];
  const implied = call.kerasVersion >= 3 && states.length > 0 ? undefined : sequence!.mask;
  const mask = call.tensor('mask') ?? implied;
  return {
    x: toFloat(sequence!),
    states: states.map(toFloat),
    mask: mask && cast(mask, 'bool'),
    outputMask: call.previousMasks[0],
  };
}

/** How a recurrent layer goes over its steps; by default as its config says. */
export interface RecurrentSettings {
  goBackwards?: boolean;
  zeroOutputForMask?: boolean;
}

/** A condition with axes of size 1 behind it until it has those of `x`. */
const alongside = (condition: Value, x: Value): Value =>
  x.rank === condition.rank
    ? condition
    : unsqueeze(
        condition,
        x.shape.map((_, axis) => axis).filter((axis) => axis >= condition.rank),
      );

const select = (condition: Value, yes: Value, no: Value | 0): Value => where(alongside(condition, yes), yes, no);

/** Runs any cell step by step. The outputs are in the order of the steps. */
function runLoop(
  cell: Cell,
  { x, states: given, mask }: RecurrentInputs,
  { goBackwards, zeroOutputForMask }: Required<RecurrentSettings>,
): Sequence {
  if (x.rank !== cell.rank) throw new ShapeError(`its input has ${x.rank} axes instead of ${cell.rank}`);
  const projected = cell.project(x);
  const shapes = cell.shapes(projected);
  // An axis of unknown size is one of images, which the states have where their input has it, behind batch and time.
  const zeros = (shape: readonly (number | null)[]) =>
    fill(x.graph, 'float32', [sizeOf(x, 0), ...shape.map((size, axis) => size ?? sizeOf(projected, axis + 2))], 0);
  if (given.length > 0 && given.length !== shapes.states.length)
    throw new ShapeError(`it is called with ${given.length} initial states and has ${shapes.states.length}`);
  for (const [index, state] of given.entries()) checkShape(state, [null, ...shapes.states[index]!]);
  const initial = given.length > 0 ? given : shapes.states.map(zeros);
  const carriesOutput = mask !== undefined && !zeroOutputForMask;
  const { states, outputs } = scan(
    {
      states: carriesOutput ? [...initial, zeros(shapes.output)] : initial,
      sequences: mask ? [projected, mask] : [projected],
      reverse: goBackwards,
    },
    (carried, [step, counts]) => {
      const before = carried.slice(0, initial.length);
      const after = cell.step(step!, before);
      if (!counts) return { states: after.states, outputs: [after.output] };
      const output = select(counts, after.output, carried[initial.length] ?? 0);
      const kept = after.states.map((state, index) => select(counts, state, before[index]!));
      return { states: carriesOutput ? [...kept, output] : kept, outputs: [output] };
    },
  );
  return { outputs: outputs[0]!, states: states.slice(0, initial.length) };
}

/** Runs an operator for the whole sequence; where what it is given is not finite, a loop if the operator heeds only numbers. */
function runWhole(
  operator: RecurrentOperator,
  inputs: RecurrentInputs,
  loop: (inputs: RecurrentInputs) => Sequence,
): Sequence {
  if (operator.isExact) return operator.run(inputs.x);
  const finite = [inputs.x, ...inputs.states].map(allFinite).reduce(and);
  const parts = ({ outputs, states }: Sequence) => [outputs, ...states];
  const [outputs, ...states] = either(
    finite,
    inputs.x,
    (x) => parts(operator.run(x)),
    (x) => parts(loop({ ...inputs, x })),
  );
  return { outputs: outputs!, states };
}

/**
 * What a recurrent layer computes.
 * @returns the output (the sequence of outputs with `return_sequences`, in the order of the steps), and the last states
 */
export function runRecurrent(
  call: LayerCall,
  inputs: RecurrentInputs,
  settings: RecurrentSettings = {},
): { output: Value; states: Value[] } {
  const { config } = call;
  const inner = call.layer.layers.cell ? call.of(call.layer.layers.cell) : call;
  const goBackwards = settings.goBackwards ?? config.boolean('go_backwards', false);
  const zeroOutputForMask = settings.zeroOutputForMask ?? config.boolean('zero_output_for_mask', false);
  const returnSequences = config.boolean('return_sequences', false);
  const timeMajor = config.boolean('time_major', false);
  const x = timeMajor ? swapTime(inputs.x) : inputs.x;
  const mask = timeMajor && inputs.mask ? swapTime(inputs.mask) : inputs.mask;

  // An unrolled loop of Keras puts the zeros in afterwards, by the mask in the order of time even when it went backwards.
  const zeroLater = mask !== undefined && zeroOutputForMask && returnSequences && config.boolean('unroll', false);
  const whole = { ...inputs, x, mask };
  const operator = mask ? undefined : operatorOf(inner, inputs.states, goBackwards);
  const loop = (given: RecurrentInputs) =>
    runLoop(cellOf(inner), given, { goBackwards, zeroOutputForMask: zeroOutputForMask && !zeroLater });
  const { outputs, states } = operator ? runWhole(operator, whole, loop) : loop(whole);
  if (!returnSequences) return { output: operator ? states[0]! : take(outputs, -1, 1), states };
  const sequence = zeroLater ? select(mask, outputs, 0) : outputs;
  return { output: timeMajor ? swapTime(sequence) : sequence, states };
}

/**
 * A recurrent layer. `stateful` layers begin each request with zeros, as they do in a file that was just loaded: requests don't
 * share states. `implementation`, `unroll` and `use_cudnn` are about speed, dropout about training.
 */
const recurrent: LayerHandler = (tensors, call) => {
  const inputs = recurrentInputs(tensors, call);
  const { output, states } = runRecurrent(call, inputs);
  if (call.config.boolean('return_sequences', false)) output.mask = inputs.outputMask;
  return call.config.boolean('return_state', false) ? [output, ...states] : output;
};

/** A cell that is called like a layer: on the input of one step and the states. */
const cell: LayerHandler = ([x, ...others], call) => {
  const states = [...others, ...tensorsIn(call.argument('states'))];
  const one = cellOf(call);
  const { output, states: next } = one.step(one.project(toFloat(x!)), states.map(toFloat));
  return [output, ...next];
};

/** https://keras.io/api/layers/recurrent_layers/ */
export const recurrentLayers: LayerTable = {
  RNN: recurrent,
  SimpleRNN: recurrent,
  LSTM: recurrent,
  GRU: recurrent,
  ConvLSTM1D: recurrent,
  ConvLSTM2D: recurrent,
  ConvLSTM3D: recurrent,
  SimpleRNNCell: cell,
  LSTMCell: cell,
  GRUCell: cell,
  StackedRNNCells: cell,
};
