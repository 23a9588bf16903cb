import type { LayerTable } from '../context.js';
import type { Value } from '../graph.js';
import { add, concat, div, max, min, mul, sub, toFloat } from '../operators/index.js';

const all = (combine: (a: Value, b: Value) => Value) => (inputs: Value[]) => inputs.map(toFloat).reduce(combine);

/** https://keras.io/api/layers/merging_layers/ */
export const mergingLayers: LayerTable = {
  Add: all(add),
  Subtract: all(sub),
  Multiply: all(mul),
  Maximum: all(max),
  Minimum: all(min),
  Average: (inputs) => div(all(add)(inputs), inputs.length),
  Concatenate: (inputs, { config }) => concat(inputs, config.number('axis', -1)),
};
