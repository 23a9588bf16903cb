import { isDeepStrictEqual } from 'node:util';
import { evidenceOf, widthOf } from '../../datapoints/evidence.js';
import { invertible } from '../../pickle/fitted.js';
import type { TensorInfo } from '../../support/tensor.js';
import { speaksOf, wordsIn } from './file-words.js';
import { isOfOneEnd, makesRows, rowWidth } from './input-offers.js';
import { chooseFile, doubted, type Found, found, isMeant, nothing, type Served, saidOf, undecided } from './offers.js';
import type { SideFile } from './side-files.js';

/** Whether an output is a quantity, of which no card says how it is scaled. */
export function isQuantity(output: TensorInfo, { cards, kinds, ...facts }: Served): boolean {
  const { kind } = kinds.outputs[output.name]!;
  const { activation } = evidenceOf(output, facts);
  const isOpen = kind === 'tensor' && widthOf(output) === 1 && activation !== 'sigmoid' && activation !== 'softmax';
  const said = saidOf(cards, 'outputs', output.name);
  return (
    (kind === 'number' || (isOpen && said.length === 0)) &&
    !said.some((key) => /^(?:offset|scale|transform)$/.test(key))
  );
}

/** What is undone of the answers of an output: what was done to what the model was trained on. */
export function offerInverse(output: TensorInfo, served: Served, files: readonly SideFile[]): Found {
  const width = widthOf(output);
  const { name } = output;
  if (width === undefined || !isQuantity(output, served)) return nothing;
  const fitting = files.filter(
    ({ file, fitted }) =>
      fitted &&
      speaksOf(file, 'output') &&
      (fitted.inputs === 1 || fitted.inputs === width) &&
      invertible(fitted) &&
      isMeant(file, name, served.signature.outputs.length),
  );
  if (fitting.length === 0) return nothing;
  const choice = chooseFile(fitting, ({ file }) => wordsIn(file).includes('y'));
  if ('between' in choice) return undecided(choice.between, `outputs.${name}.transform`);
  const { file, certainty, all, although } = doubted(choice, served.known);
  const basis = `its name says that it scaled what the model was trained to answer${although}`;
  const keys = { transform: { file: file.file, content: file.fitted } };
  return found('outputs', name, keys, all, { value: file.file, basis, certainty });
}

/** A scaler of one column around a forecast of that column's next value: it is for both ends. */
export function offerForecast(served: Served, files: readonly SideFile[]): readonly Found[] | undefined {
  const { inputs, outputs } = served.signature;
  const [input, ...otherInputs] = inputs;
  const [output, ...otherOutputs] = outputs;
  if (!input || !output || otherInputs.length > 0 || otherOutputs.length > 0) return undefined;
  if (input.shape.length !== 3 || rowWidth(input, served) !== 1 || widthOf(output) !== 1) return undefined;
  const [file, ...others] = files.filter((one) => makesRows(one, 1));
  if (!file || others.length > 0 || isOfOneEnd(file)) return undefined;
  if (file.fitted!.inputs !== 1 || !invertible(file.fitted!) || !isQuantity(output, served)) return undefined;
  const basis = 'it is for one column, of which the model takes steps and gives one';
  const keys = { transform: { file: file.file, content: file.fitted } };
  const assumed = { value: file.file, basis, certainty: 'guess' as const };
  return [found('inputs', input.name, keys, [file], assumed), found('outputs', output.name, keys, [file], assumed)];
}

/** How sure a class has to be, where all files that say so say the same. */
export function offerThreshold({ name }: TensorInfo, { cards, kinds }: Served, files: readonly SideFile[]): Found {
  const { kind } = kinds.outputs[name]!;
  const takesOne = kind === 'binary' || kind === 'multi-label';
  if (!takesOne || saidOf(cards, 'outputs', name).includes('threshold')) return nothing;
  const isShare = (value: number) => value >= 0 && value <= 1;
  return offerSaid(name, 'threshold', files, ({ threshold }) =>
    threshold !== undefined && isShare(threshold) ? threshold : undefined,
  );
}

/** Whether an output is a quantity by itself, the only output of a model, and a card leaves one of these open. */
const isOpenNumber = ({ name }: TensorInfo, { cards, kinds, signature }: Served, ...keys: string[]): boolean =>
  kinds.outputs[name]!.kind === 'number' &&
  signature.outputs.length === 1 &&
  !saidOf(cards, 'outputs', name).some((key) => keys.includes(key));

/** What numbers are counted in. */
export const offerUnit = (output: TensorInfo, served: Served, files: readonly SideFile[]): Found =>
  isOpenNumber(output, served, 'unit') ? offerSaid(output.name, 'unit', files, ({ unit }) => unit) : nothing;

/** What numbers are called, where there are as many names. */
export function offerNames(output: TensorInfo, served: Served, files: readonly SideFile[]): Found {
  const width = widthOf(output);
  if (!isOpenNumber(output, served, 'name', 'names')) return nothing;
  const namesIn = ({ targets }: SideFile) => (targets?.length === width ? targets : undefined);
  return width === 1
    ? offerSaid(output.name, 'name', files, (file) => namesIn(file)?.[0])
    : offerSaid(output.name, 'names', files, (file) => namesIn(file));
}

/** What files plainly say under a key of a card: nothing where two of them differ. */
function offerSaid<Value>(
  name: string,
  key: string,
  files: readonly SideFile[],
  valueIn: (file: SideFile) => Value | undefined,
): Found {
  const saying = files.filter((file) => valueIn(file) !== undefined);
  const [file] = saying;
  if (!file || saying.some((one) => !isDeepStrictEqual(valueIn(one), valueIn(file)))) return nothing;
  const value = valueIn(file);
  const basis = `${file.file} says so`;
  return found('outputs', name, { [key]: value }, saying, { value, basis, certainty: 'likely' });
}
