import { modelNamePattern } from '../../schemas/model-name.js';

const pattern = new RegExp(modelNamePattern, 'u');
const maxLength = 100;

/** The form in which names are compared: letters and their marks may be written in more than one. */
export const normalName = (name: string): string => name.normalize('NFC');

/** Whether a model may have this name. */
export const isModelName = (name: unknown): name is string =>
  typeof name === 'string' && pattern.test(name) && name === normalName(name);

/** A text as a name, where other characters than those that `allowed` is for become dashes. */
function asName(text: string, others: RegExp, begins: RegExp): string {
  const name = text.replace(others, '-').replace(begins, '');
  return [...name].slice(0, maxLength).join('').replace(/-+$/, '') || 'model';
}

/**
 * The name of a file or folder as a model's: letters, marks and digits of any script and `._-` stay, all else is a dash.
 */
export const asModelName = (text: string): string =>
  normalName(asName(normalName(text), /[^\p{L}\p{M}\p{N}._-]+/gu, /^[^\p{L}\p{N}]+/u));

/** The name that version 0.1 made of a text: in ASCII, without accents. What is called otherwise now has it as an alias. */
export const asciiName = (text: string): string =>
  asName(text.normalize('NFKD').replace(/\p{M}/gu, ''), /[^A-Za-z0-9._-]+/g, /^[^A-Za-z0-9]+/);

/** The order of models: that of a dictionary, the same everywhere. */
export const compareNames = (one: string, other: string): number => one.localeCompare(other, 'en');

/** The version that a text stands for, in an address or as a folder's name; undefined when it is no whole number. */
export const versionOf = (text: string): number | undefined => (/^\d{1,15}$/.test(text) ? Number(text) : undefined);
