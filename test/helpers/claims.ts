import type { FoundLabels, KindCard } from '../../src/datapoints/kind.js';
import { inputKind, kindsOf, outputKind } from '../../src/datapoints/kinds.js';
import type { ModelHints, OutputHints } from '../../src/inference/model-hints.js';
import type { TensorInfo, TensorType } from '../../src/support/tensor.js';

/** An input with rows, called x. */
export const input = (shape: (number | null)[], type: TensorType = 'float32', name = 'x'): TensorInfo => ({
  name,
  type,
  shape: [null, ...shape],
});
/** An output with rows, called y. */
export const output = (...shape: (number | null)[]): TensorInfo => input(shape, 'float32', 'y');
/** Two numbers, and pictures in colour and grey. */
export const [numbers, picture, grey] = [input([2]), input([8, 9, 3]), input([8, 9, 1])];

/** What is known of an input or output beside its shape and the model's hints. */
export interface Given {
  card?: KindCard;
  found?: FoundLabels;
  /** Inputs beside it. */
  more?: TensorInfo[];
}

/** All that is assumed: key, value, how sure, what speaks for it, and the value as the log has it where that isn't its JSON. */
export type Assumed = [key: string, value: unknown, certainty: string, basis: string, text?: string];

const assumed = (list: readonly { key: string; value: unknown; certainty: string; basis: string; text?: string }[]) =>
  list.map(({ key, value, certainty, basis, text }) => [
    key.slice(key.lastIndexOf('.') + 1),
    value,
    certainty,
    basis,
    ...(text === undefined ? [] : [text]),
  ]);

/** What is claimed of an input, all that is assumed of it, and how a card says the same. */
export const inputClaim = (one: TensorInfo, hints: ModelHints | null, { card, found, more = [] }: Given) => {
  const signature = { inputs: [one, ...more], outputs: [] };
  const { kinds, assumptions } = kindsOf({ signature, hints, found }, { inputs: card && { x: card } });
  const { kind, spec } = kinds.inputs.x!;
  const own = assumptions.filter(({ key }) => key.startsWith('inputs.x.'));
  return { kind, spec, spelled: inputKind(kind).spell?.(spec), assumed: assumed(own) };
};

/** The same of an output, with the schema of what is in a reply. */
export const outputClaim = (one: TensorInfo, of: OutputHints | null, { card, found }: Given, given = picture) => {
  const signature = { inputs: [given], outputs: [one] };
  const hints = of && { outputs: [of] };
  const { kinds, assumptions } = kindsOf({ signature, hints, found }, { outputs: card && { y: card } });
  const { kind, spec } = kinds.outputs.y!;
  const own = assumptions.filter(({ key }) => key.startsWith('outputs.y.'));
  const { schema } = outputKind(kind).describe(one, spec);
  return { kind, spec, spelled: outputKind(kind).spell?.(spec), assumed: assumed(own), schema: schema as object };
};
