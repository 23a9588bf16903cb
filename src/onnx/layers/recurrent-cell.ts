import { activation } from '../activations.js';
import type { LayerCall } from '../context.js';
import { type Dimension, ShapeError, showShape, type Value } from '../graph.js';
import { add, mul, split } from '../operators/index.js';

/** What a cell leaves after a step. */
export interface Step {
  output: Value;
  states: Value[];
}

/** What a recurrent layer does at each step. */
export interface Cell {
  /** How many axes its layer's input has. */
  rank: number;
  /**
   * What a step does with its input alone.
   * @param x (batch, time, …) for a layer, which does it for all steps at once, or (batch, …)
   */
  project(x: Value): Value;
  /** The shapes of the output and the states without the batch axis, for a projected (batch, time, …). */
  shapes(projected: Value): { output: Dimension[]; states: Dimension[][] };
  /**
   * What a step does with the states.
   * @param projected (batch, …)
   */
  step(projected: Value, states: readonly Value[]): Step;
}

/** Builds a cell out of the layer, or the cell of the layer, that `call` shows. */
export type CellMaker = (call: LayerCall) => Cell;

/** A step of an LSTM whose four gates lie in the order i, f, c, o along `axis`. */
export function lstmStep(call: LayerCall, gates: Value, carry: Value, axis: number): Step {
  const size = gates.shape.at(axis)! / 4;
  const gate = activation(call, 'recurrent_activation', 'sigmoid');
  const activate = activation(call, 'activation', 'tanh');
  const [i, f, c, o] = split(gates, [size, size, size, size], axis) as [Value, Value, Value, Value];
  const next = add(mul(gate(f), carry), mul(gate(i), activate(c)));
  const output = mul(gate(o), activate(next));
  return { output, states: [output, next] };
}

/** @throws ShapeError when a tensor does not have the shape that it should have; null is any size */
export function checkShape({ shape }: Value, wanted: readonly Dimension[]): void {
  const fits = shape.every((size, axis) => size === null || wanted[axis] === null || size === wanted[axis]);
  if (shape.length !== wanted.length || !fits)
    throw new ShapeError(`it is given a tensor of the shape ${showShape(shape)} for one of ${showShape(wanted)}`);
}
