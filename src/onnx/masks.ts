import { Value } from './graph.js';
import { asMasks, type LayerArguments } from './layer-arguments.js';

/** The inputs of a nested model under the masks that it is called with. */
export function maskedInputs(given: LayerArguments): Value[] {
  const masks = asMasks(given.get('mask'));
  return given.inputs.map((input, index) => withMask(input, masks?.[index] ?? input.mask));
}

/** The same tensor under another mask, and as that of another layer. */
export function withMask(value: Value, mask: Value | undefined, computedIn = value.computedIn): Value {
  if (value.mask === mask && value.computedIn === computedIn) return value;
  const other = new Value(value.graph, value.name, value.type, value.shape, value.data);
  other.mask = mask;
  other.computedIn = computedIn;
  return other;
}
