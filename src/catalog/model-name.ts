import { modelNamePattern } from '../../schemas/model-name.js';

const pattern = new RegExp(modelNamePattern);

/** Whether a model may have this name. */
export const isModelName = (name: unknown): name is string => typeof name === 'string' && pattern.test(name);

/** The name of a file or folder as a model's: without accents, and with a dash for what an address can't have. */
export function asModelName(text: string): string {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '');
  const name = plain.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return name.slice(0, 100).replace(/-+$/, '') || 'model';
}

/** The order of models: that of a dictionary, the same everywhere. */
export const compareNames = (one: string, other: string): number => one.localeCompare(other, 'en');

/** The version that a text stands for, in an address or as a folder's name; undefined when it is no whole number. */
export const versionOf = (text: string): number | undefined => (/^\d{1,15}$/.test(text) ? Number(text) : undefined);
