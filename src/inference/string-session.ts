import type { StringPlan } from '../strings/plan.js';
import { StringSteps } from '../strings/run-steps.js';
import type { Tensor, TensorInfo, Tensors } from '../support/tensor.js';
import type { Session } from './engine.js';

/** Elements of a shape, where an axis of any size has as many as a short text has words. */
const countOf = (shape: TensorInfo['shape']): number =>
  shape.reduce<number>((product, size) => product * (size ?? 100), 1);

/**
 * A session of a model that takes or gives strings, around that of the engine, which has numbers in their places. It is where the engine
 * is: the server's own process, which answers everybody, reads no texts.
 */
export function withStrings(session: Session, plan: StringPlan): Session {
  const steps = new StringSteps(plan);
  return {
    ...session,
    rowElements: session.inputs.reduce((sum, { shape }) => sum + countOf(shape.slice(1)), 0),
    inputs: plan.inputs,
    outputs: plan.outputs,
    async run(inputs, raw) {
      const values = new Map<string, Tensor>(Object.entries(inputs));
      steps.run(plan.before, values);
      const numbers = session.inputs.map(({ name }) => [name, values.get(name)!] as const);
      const results = session.outputs.length > 0 ? await session.run(Object.fromEntries(numbers), raw) : {};
      for (const [name, tensor] of Object.entries(results)) values.set(name, tensor);
      steps.run(plan.after, values);
      const outputs = plan.outputs.map(({ name }, index) => [name, values.get(plan.results[index]!)!] as const);
      return Object.fromEntries(outputs) as Tensors;
    },
  };
}
