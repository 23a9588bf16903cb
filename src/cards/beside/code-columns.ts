import { CARD_FILE } from '../../support/card-file.js';
import { type CodeColumns, type Found, found, nothing } from './offers.js';

/** What names are compared by that are written in two ways: `Blood Pressure`, `blood_pressure`. */
const plain = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
const inOrder = ({ names }: CodeColumns): string => names.map(plain).join('\n');
const sorted = ({ names }: CodeColumns): string => names.map(plain).sort().join('\n');
const where = ({ name, file }: CodeColumns): string => `${name} in ${file}`;

/**
 * What source code beside a model calls the columns of an input: texts rather than what it calls values. Where two differ there are none, nor
 * where one has the same names in another order.
 */
export function offerOfCode(input: string, width: number, code: readonly CodeColumns[]): Found {
  const fitting = code.filter(({ names }) => names.length === width);
  const texts = fitting.filter(({ areVariables }) => !areVariables);
  const [first, ...others] = texts.length > 0 ? texts : fitting;
  if (!first) return nothing;
  const isTurned = (one: CodeColumns) => sorted(one) === sorted(first) && inOrder(one) !== inOrder(first);
  const other = others.find((one) => inOrder(one) !== inOrder(first)) ?? fitting.find(isTurned);
  if (other) {
    const message = `source code beside the model has two lists of ${width} names (${where(first)} and ${where(other)}), and nothing says which are the columns': none are used`;
    const advice = `set inputs.${input}.columns in ${CARD_FILE}`;
    return { ...nothing, notes: [{ level: 'warn', message, advice }] };
  }
  const keys = { columns: first.names.map((name) => ({ name })) };
  const basis = `${first.areVariables ? 'the code calls as many values so' : 'as many names stand there'} as there are columns`;
  const text = `the ${width} of ${where(first)}`;
  return found('inputs', input, keys, [], { value: first.names, text, basis, certainty: 'guess' });
}
