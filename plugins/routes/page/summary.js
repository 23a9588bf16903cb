import { labelText, percent, shortNumber } from './numbers.js';

/** What an output says, in a few words. */
const kinds = {
  classes: ([first]) => (first ? `${labelText(first.label)} ${percent(first.probability)}` : 'nothing'),
  binary: ([first]) => (first ? `${labelText(first.label)} ${percent(first.probability)}` : 'nothing'),
  'multi-label': (labels) =>
    labels
      .filter(({ predicted }) => predicted)
      .map(({ label }) => labelText(label))
      .join(', ') || 'none of them',
  number: ({ value, values, unit }) =>
    [values === undefined ? shortNumber(value) : Object.values(values).slice(0, 3).map(shortNumber).join(', '), unit].filter(Boolean).join(' '),
  mask: ({ areas }) =>
    areas
      .slice(0, 2)
      .map(({ label, fraction }) => `${labelText(label)} ${percent(fraction)}`)
      .join(', '),
  image: ({ width, height }) => `a picture, ${width} × ${height}`,
  tensor: (value) => shorten(JSON.stringify(value), 40),
};

/** A text of no more than so many letters. */
export const shorten = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** What a model says of one datapoint, in a few words. */
export function summaryOf(value, outputs) {
  if (value === undefined) return 'nothing';
  const one = (said, { kind }) => {
    try {
      return (kinds[kind] ?? kinds.tensor)(said);
    } catch {
      return kinds.tensor(said);
    }
  };
  if (outputs.length === 1) return one(value, outputs[0]);
  return outputs
    .slice(0, 3)
    .filter(({ name }) => Object.hasOwn(value, name))
    .map((output) => `${output.name}: ${one(value[output.name], output)}`)
    .join('; ');
}

/** What was asked, in a few words. */
export function questionOf({ form, text, value }) {
  if (text !== undefined) return shorten(text.replace(/\s+/g, ' '), 60);
  const named = Object.entries(form ?? value).map(([key, part]) => {
    const said = part instanceof Blob ? part.name : typeof part === 'string' ? part : JSON.stringify(part);
    return key === 'image' ? said : `${key} ${said}`;
  });
  return shorten(named.join(', '), 60);
}

const both = ([first], { name }) => [
  [name, first && labelText(first.label)],
  [`${name} probability`, first?.probability],
];
/** What an output says of a row, as the columns that a table has for it: numbers are called as replies of CSV have them. */
const columns = {
  classes: both,
  binary: both,
  number({ value, values }, { name, card }, prefix) {
    if (values === undefined) return [[card?.name === undefined ? name : prefix + card.name, value]];
    return Object.entries(values).map(([key, one]) => [Array.isArray(values) ? `${name}[${key}]` : prefix + key, one]);
  },
};
const asText = (value, { name, kind }) => [[name, kinds[kind] ? kinds[kind](value) : JSON.stringify(value)]];

/** The kinds that a table has no room for. */
const pictures = ['mask', 'image'];
/** Whether what a model says fits into a table. */
export const fitsTable = ({ outputs }) => outputs.every(({ kind }) => !pictures.includes(kind));

/** What a model says of one row, by the names of columns. */
export function cellsOf(value, outputs) {
  const isOnly = outputs.length === 1;
  const entries = outputs.flatMap((output) => {
    const cells = columns[output.kind] ?? asText;
    return cells(isOnly ? value : value[output.name], output, isOnly ? '' : `${output.name}.`);
  });
  return Object.fromEntries(entries);
}
