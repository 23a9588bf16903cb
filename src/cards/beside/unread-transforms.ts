import type { Assumption } from '../../datapoints/kind.js';
import { speaksOf } from './file-words.js';
import { rowWidth } from './input-offers.js';
import { noTransform, type Served } from './offers.js';
import { isQuantity } from './output-offers.js';
import type { SideFiles } from './side-files.js';

/** Names of what was fitted to numbers. */
const ofNumbers = /scal(?:er|ing)|pre-?process|transform|pipe|normali[sz]|standard|min-?max|imput/i;

/**
 * That numbers are taken or given as they are, where a file beside the model that can't be used is called like what may have prepared them: that is a
 * guess, for once it can be read the model's numbers are others.
 * @param settled keys of which something else is known or assumed
 */
export function missedTransforms(
  { files, unread }: SideFiles,
  served: Served,
  settled: ReadonlySet<string>,
): Assumption[] {
  const empty = files.filter((one) => Object.keys(one).every((key) => key === 'file' || key === 'what'));
  const all = [...unread, ...empty.map(({ file, what }) => ({ file, reason: what }))];
  const { inputs, outputs } = served.signature;
  const open = {
    inputs: inputs.filter((input) => input.type !== 'string' && rowWidth(input, served) !== undefined),
    outputs: outputs.filter((output) => isQuantity(output, served)),
  };
  const found = new Map<string, Assumption>();
  for (const { file, reason } of all.filter((one) => ofNumbers.test(one.file))) {
    const side = speaksOf(file, 'output') ? 'outputs' : 'inputs';
    for (const { name } of open[side]) {
      const key = `${side}.${name}.transform`;
      if (!settled.has(key) && !found.has(key)) found.set(key, noTransform(key, `${file} may be it, and ${reason}`));
    }
  }
  return [...found.values()];
}
