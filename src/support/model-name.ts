import { basename, extname, resolve } from 'node:path';

/**
 * What a model may be called, as a regular expression: names are parts of addresses, in which what is not ASCII is written in
 * percent signs. A name is of Unicode's normal form C.
 */
export const modelNamePattern = '^[\\p{L}\\p{N}][\\p{L}\\p{M}\\p{N}._-]{0,99}$';

const pattern = new RegExp(modelNamePattern, 'u');
const maxLength = 100;

/** The form in which names are compared: letters and their marks may be written in more than one. */
export const normalName = (name: string): string => name.normalize('NFC');

/** Whether a model may have this name. */
export const isModelName = (name: unknown): name is string =>
  typeof name === 'string' && pattern.test(name) && name === normalName(name);

/** A text as a name, where `others` are characters that become dashes; empty where nothing is left. */
function asName(text: string, others: RegExp, begins: RegExp): string {
  const name = text.replace(others, '-').replace(begins, '');
  return [...name].slice(0, maxLength).join('').replace(/-+$/, '');
}

/** A name for a text without letters and digits: of the numbers of its characters, so that two are called differently. */
const ofSigns = (text: string): string =>
  ['model', ...[...text].map((sign) => sign.codePointAt(0)!.toString(16))]
    .join('-')
    .slice(0, maxLength)
    .replace(/-$/, '');

/**
 * The name of a file or folder as a model's: letters, marks and digits of any script and `._-` stay, all else is a dash.
 */
export const asModelName = (text: string): string => {
  const normal = normalName(text);
  return normalName(asName(normal, /[^\p{L}\p{M}\p{N}._-]+/gu, /^[^\p{L}\p{N}]+/u)) || ofSigns(normal);
};

/** The name that version 0.1 made of a text: in ASCII, without accents. What is called otherwise now has it as an alias. */
export const asciiName = (text: string): string =>
  asName(text.normalize('NFKD').replace(/\p{M}/gu, ''), /[^A-Za-z0-9._-]+/g, /^[^A-Za-z0-9]+/) || 'model';

/** The order of models: that of a dictionary, the same everywhere. */
export const compareNames = new Intl.Collator('en').compare;

/** The version that a text stands for, in an address or as a folder's name; undefined when it is no whole number. */
export const versionOf = (text: string): number | undefined => (/^\d{1,15}$/.test(text) ? Number(text) : undefined);

/** A name for a model without a card: that of its file, or of its folder where the file is called `model`. */
export function nameOf(file: string): string {
  const name = basename(file, extname(file));
  return /^(keras_)?model$/i.test(name) ? basename(resolve(file, '..')) : name;
}
