import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Label } from '../../datapoints/label.js';
import { nameOfLabel } from '../../datapoints/labels.js';
import { imageFileName } from '../../images/formats.js';
import { InternalSignal } from '../../support/errors.js';

/** Examples that can't be used. */
export class ExamplesError extends InternalSignal {}

/** A picture of which it is known what is on it. */
export interface Example {
  path: string;
  /** The number of its class. */
  class: number;
}

/** Examples of the classes of a model. */
export interface Examples {
  examples: Example[];
  /** The names of the classes in the model's order. */
  labels: string[];
  /** Where that order is from. */
  order: 'labels' | 'alphabet';
  /** Pictures beyond the most that are taken. */
  passedOver: number;
}

/** A name as it is compared: people write folders in small letters, with underscores. */
const plain = (name: string): string =>
  name
    .normalize('NFC')
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ')
    .trim();

/**
 * The examples in a folder that has one for each class. These are those of the model's labels; where it has none, they are in the order of
 * the alphabet, as Keras's `image_dataset_from_directory` numbers them, unless they are called by their numbers.
 * @param labels of the model, if it has any
 * @param most examples that are taken, as many of each class as can be
 * @throws ExamplesError whose message goes on after the folder's name
 */
export async function examplesIn(
  folder: string,
  { labels, classes, most }: { labels: readonly Label[]; classes: number; most: number },
): Promise<Examples> {
  const entries = await readdir(folder, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
  const names = labels.map(nameOfLabel);
  const numbers = names.length === 0 && folders.every((name) => /^\d{1,6}$/.test(name) && Number(name) < classes);
  const known = names.length > 0 ? new Map(names.map((name, index) => [plain(name), index])) : undefined;
  if (!known && !numbers && folders.length !== classes)
    throw new ExamplesError(
      `has ${folders.length} folders where the model has ${classes} classes. It should have a folder of pictures for each.`,
    );
  const sorted = [...folders].sort((one, other) => (one < other ? -1 : 1));
  const strange = known && folders.find((name) => !known.has(plain(name)));
  if (strange !== undefined)
    throw new ExamplesError(
      `has the folder ${strange}, which is none of the labels: ${names.slice(0, 10).join(', ')}.`,
    );
  const classOf = (name: string) => known?.get(plain(name)) ?? (numbers ? Number(name) : sorted.indexOf(name));
  const all = await Promise.all(folders.map((name) => picturesIn(join(folder, name), classOf(name))));
  const found = all.flat().length;
  if (found === 0)
    throw new ExamplesError('has no pictures in its folders. It should have a folder of them for each class.');
  const examples = spread(all, most);
  const unnamed = numbers ? Array.from({ length: classes }, (_, index) => String(index)) : sorted;
  return {
    examples,
    labels: known ? names : unnamed,
    order: known || numbers ? 'labels' : 'alphabet',
    passedOver: found - examples.length,
  };
}

async function picturesIn(folder: string, number: number): Promise<Example[]> {
  const names = await readdir(folder);
  const pictures = names.filter((name) => imageFileName.test(name) && !name.startsWith('.')).sort();
  return pictures.map((name) => ({ path: join(folder, name), class: number }));
}

/** So many examples in turns, one of each class after the other. */
function spread(all: readonly Example[][], most: number): Example[] {
  const longest = Math.max(...all.map(({ length }) => length));
  const turns = Array.from({ length: longest }, (_, turn) => all.flatMap((examples) => examples[turn] ?? []));
  return turns.flat().slice(0, most);
}
