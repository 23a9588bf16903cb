import type { Signature } from '../support/tensor.js';
import type { Assumption } from './kind.js';
import { type ModelKinds, outputKind } from './kinds.js';
import type { Label } from './label.js';

/** A model's kinds, with what of them no card says. */
interface Worked extends Pick<Signature, 'outputs'> {
  kinds: Pick<ModelKinds, 'outputs'>;
  assumptions: readonly Assumption[];
}

/** The labels of a model's only output, in the order of its numbers; undefined where there are none, or nothing names them. */
export function namedLabels({ outputs, kinds, assumptions }: Worked): readonly Label[] | undefined {
  const [output, ...others] = outputs;
  if (!output || others.length > 0) return undefined;
  const isUnnamed = assumptions.some(({ key, value }) => key === `outputs.${output.name}.labels` && value === null);
  const { kind, spec } = kinds.outputs[output.name]!;
  return isUnnamed ? undefined : (outputKind(kind).spell?.(spec).labels as readonly Label[] | undefined);
}
