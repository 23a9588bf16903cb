import type { LayerHandler, LayerTable } from '../context.js';
import type { Value } from '../graph.js';
import { add, concat, div, mul, reverseTime } from '../operators/index.js';
import { refuseWrapped } from './quantized.js';
import { recurrentInputs, runRecurrent } from './recurrent.js';
import { mergeTime, splitTime } from './time.js';

const merges: Record<string, (forward: Value, backward: Value) => Value[]> = {
  concat: (forward, backward) => [concat([forward, backward], -1)],
  sum: (forward, backward) => [add(forward, backward)],
  mul: (forward, backward) => [mul(forward, backward)],
  ave: (forward, backward) => [div(add(forward, backward), 2)],
  none: (forward, backward) => [forward, backward],
};

/**
 * Two recurrent layers, one of which goes backwards. Of masked steps of sequences they give zeros, whatever their own
 * `zero_output_for_mask` says.
 */
const bidirectional: LayerHandler = (tensors, call) => {
  const { forward_layer: forward, backward_layer: backward } = call.layer.layers;
  if (!forward || !backward) return call.unsupported('it wraps no layer');
  const inputs = recurrentInputs(tensors, call);
  const { config } = call.of(forward);
  const returnSequences = config.boolean('return_sequences', false);
  const goBackwards = config.boolean('go_backwards', false);
  const half = inputs.states.length / 2;
  const run = (layer: typeof forward, states: Value[], backwards: boolean) =>
    call.graph.scope(layer.name, () =>
      runRecurrent(
        call.of(layer),
        { ...inputs, states },
        { goBackwards: backwards, zeroOutputForMask: returnSequences },
      ),
    );
  const there = run(forward, inputs.states.slice(0, half), goBackwards);
  const back = run(backward, inputs.states.slice(half), !goBackwards);
  const mode =
    call.config.raw('merge_mode') === null ? 'none' : call.config.choice('merge_mode', Object.keys(merges), 'concat');
  const outputs = merges[mode]!(there.output, returnSequences ? reverseTime(back.output) : back.output);
  if (returnSequences) for (const output of outputs) output.mask = inputs.outputMask;
  return config.boolean('return_state', false) ? [...outputs, ...there.states, ...back.states] : outputs;
};

/** Any layer or model, called on each step: on a batch of all of them, since no layer looks at another sample. */
const timeDistributed: LayerHandler = (inputs, call) => {
  const { layer } = call.layer.layers;
  if (!layer) return call.unsupported('it wraps no layer');
  refuseWrapped(layer, call);
  if (layer.className === 'Lambda')
    return call.unsupported('it wraps a Lambda, which may look at other samples; call keras.ops on the whole sequence');
  const [x] = inputs as [Value];
  const mask = call.tensor('mask') ?? x.mask;
  const steps = inputs.map(mergeTime);
  // A mask of steps alone says nothing about what is in a step.
  if (mask && mask.rank > 2) steps[0]!.mask = mergeTime(mask);
  return call.call(layer, steps).map((output) => {
    const sequence = splitTime(output, x);
    sequence.mask = call.previousMasks[0];
    return sequence;
  });
};

/** https://keras.io/api/layers/recurrent_layers/ */
export const recurrentWrappers: LayerTable = {
  Bidirectional: bidirectional,
  TimeDistributed: timeDistributed,
};
