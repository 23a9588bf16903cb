import type { ServedModel } from '../catalog/served-model.js';
import { describeInputs } from '../datapoints/describe-inputs.js';
import type { Assumption } from '../datapoints/kind.js';
import { isImage } from '../datapoints/kinds.js';

/** What inputs of a kind are called. */
export const inputWords: Readonly<Record<string, string>> = {
  image: 'an image',
  table: 'named values',
  text: 'a text',
  sequence: 'a sequence',
  tensor: 'numbers',
};

/** What a model with outputs of a kind does with its inputs, and what it replies with. */
export const outputWords: Readonly<Record<string, readonly [does: string, gives: string]>> = {
  classes: ['Classify', 'the labels that the model finds likeliest'],
  binary: ['Choose between two labels for', 'two labels, the decision first, with how likely each is'],
  'multi-label': ['Label', 'labels, each with how likely it is and whether it holds'],
  number: ['Predict a number from', 'a number, or several'],
  mask: ['Find areas in', 'a mask, which has the class of each pixel, as PNG, and how large each area is'],
  image: ['Make an image from', 'an image, as PNG'],
  tensor: ['Run the model on', 'nested arrays of numbers'],
};

const several = ['Predict from', 'each output by its name'] as const;

type Worded = Pick<ServedModel, 'kinds'>;

/** What a model does, in a few words: `Predict a number from named values`. */
export function summaryOf({ kinds }: Worded): string {
  const [does] = wordsOf(kinds.outputs);
  return `${does} ${inputsText(kinds.inputs)}`;
}

const kindNames = (claimed: ServedModel['kinds']['inputs']): string[] => [
  ...new Set(Object.values(claimed).map(({ kind }) => kind)),
];

/** Of several kinds there is no word. */
function wordsOf(outputs: ServedModel['kinds']['outputs']): readonly [does: string, gives: string] {
  const [kind, ...others] = kindNames(outputs);
  return (others.length === 0 && outputWords[kind!]) || several;
}

function inputsText(inputs: ServedModel['kinds']['inputs']): string {
  const words = kindNames(inputs).map((kind) => {
    const count = Object.values(inputs).filter((input) => input.kind === kind).length;
    return count > 1 && kind === 'image' ? `${count} images` : (inputWords[kind] ?? `a ${kind}`);
  });
  return [words.slice(0, -1).join(', '), words.at(-1)!].filter(Boolean).join(' and ');
}

/** What an operation of a model says: what to send in which form, what it replies with, and what of that is a guess. */
export function descriptionOf(model: ServedModel): string {
  const own = isImage(model.kinds) ? imageTexts(model) : otherTexts(model);
  return [...own, ...guessesText(model.assumptions)].join('\n\n');
}

const untold = (what: string): string =>
  `A body without a content type, or with one that says nothing (\`application/x-www-form-urlencoded\`, as curl -d sends it, or ` +
  `\`application/octet-stream\`), is ${what} by its first bytes. It may be compressed (\`Content-Encoding\`: gzip, deflate or br).`;

const imageTexts = ({ kinds }: Worded): string[] => [
  'Takes one image, as the field `image` of a form, as the body itself, or as base64 in JSON, and replies with ' +
    `${wordsOf(kinds.outputs)[1]}. JPEG, PNG, WebP, GIF (its first frame), TIFF and AVIF are understood.`,
  'Several images are taken as `{"instances": [{"b64": "…"}, …]}`, and tensors as `{"instances": […]}`, which the model gets ' +
    'as they are, without the scaling that images get. The reply then has an element for each instance.',
  untold('JSON or an image'),
];

/** Keys that the texts name. */
const mostKeys = 20;

function otherTexts(model: ServedModel): string[] {
  const names = model.inputs.slice(0, mostKeys).map(({ name }) => `${JSON.stringify(name)}: […]`);
  const lists = `{${[...names, ...(model.inputs.length > mostKeys ? ['…'] : [])].join(', ')}}`;
  return [
    describeInputs(model),
    'The list alone is taken as well, one datapoint alone as an object by the names of inputs and columns, and by the same names lists ' +
      `of the values of all datapoints: \`{"inputs": ${lists}}\`, or that alone.`,
    ...formsText(model.kinds),
    `Replies with ${wordsOf(model.kinds.outputs)[1]}: for one datapoint alone, or a list with an element for each instance. NaN and ` +
      'infinities, which JSON lacks, are null in it, and are refused in a request.',
    untold(Object.values(model.kinds.inputs).every(({ kind }) => kind === 'tensor') ? 'JSON' : 'JSON or a form'),
  ];
}

/** Of models that know what people call what they take, or take files. */
function formsText({ inputs }: ServedModel['kinds']): string[] {
  const kinds = kindNames(inputs);
  if (kinds.every((kind) => kind === 'tensor')) return [];
  const form =
    'A form has a field for each of these names: a file for an image, else the text of the value, or its JSON.';
  const csv = ' So do the columns of `text/csv`, which may be the file of a form as well: a row for each datapoint.';
  return [kinds.includes('image') ? form : form + csv];
}

/** Guesses that a description lists. */
const mostGuesses = 50;

function guessesText(assumptions: readonly Assumption[]): string[] {
  const guesses = assumptions.filter(({ certainty }) => certainty === 'guess');
  if (guesses.length === 0) return [];
  const lines = guesses
    .slice(0, mostGuesses)
    .map(({ key, value, basis, text = JSON.stringify(value) }) => `- \`${key}\`: ${text}, for ${basis}`);
  return [
    'These are guesses, which may be wrong: `serve.json` can say what is right.',
    [...lines, ...(guesses.length > mostGuesses ? ['- …'] : [])].join('\n'),
  ];
}
