import type { Value } from '../graph.js';
import { graphOf } from './elementwise.js';

/** What a loop goes over, and how. */
export interface Scan {
  /** What goes from step to step: as it is before the first one. */
  states: readonly Value[];
  /** (batch, time, …): a step gets what stands at its time, without the time axis. */
  sequences: readonly Value[];
  /** Takes the last step first. */
  reverse?: boolean;
}

/** What a step of a loop leaves: states of the shapes that it got, and outputs. */
export interface ScanResult {
  states: Value[];
  outputs: Value[];
}

/**
 * Runs `body` once for each element of the sequences' time axis. It is built once, as a graph of its own, and may use all that
 * is outside.
 * @returns the states after the last step, and each output of the steps as (batch, time, …) in the order of the steps
 */
export function scan(
  { states, sequences, reverse = false }: Scan,
  body: (states: Value[], steps: Value[]) => ScanResult,
): ScanResult {
  const graph = graphOf([...states, ...sequences]);
  const inner = graph.subgraph();
  const carried = states.map(({ type, shape }) => inner.input('state', type, shape));
  const steps = sequences.map(({ type, shape: [batch, , ...rest] }) => inner.input('step', type, [batch!, ...rest]));
  const result = body(carried, steps);
  for (const state of result.states) inner.output(inner.reserve('next_state'), state);
  for (const output of result.outputs) inner.output(inner.reserve('output'), output);
  const time = sequences[0]!.shape[1]!;
  const everywhere = (count: number, value: number) => Array<number>(count).fill(value);
  const outputs = graph.node(
    'Scan',
    [...states, ...sequences],
    {
      body: inner,
      num_scan_inputs: sequences.length,
      scan_input_axes: everywhere(sequences.length, 1),
      scan_input_directions: everywhere(sequences.length, reverse ? 1 : 0),
      scan_output_axes: everywhere(result.outputs.length, 1),
    },
    [
      ...states.map(({ type, shape }) => ({ type, shape })),
      ...result.outputs.map(({ type, shape: [batch, ...rest] }) => ({ type, shape: [batch!, time, ...rest] })),
    ],
  );
  return { states: outputs.slice(0, states.length), outputs: outputs.slice(states.length) };
}
