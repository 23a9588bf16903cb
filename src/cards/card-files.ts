import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { CardFile } from '../datapoints/kind.js';
import type { KindCards, PlaceOf } from '../datapoints/kinds.js';
import { CardError } from '../support/card-error.js';
import { filePart } from '../support/file-part.js';
import { FileSizeError, NoFileError, readWhole, reasonOf } from '../support/files.js';
import { cardReaders } from './card-readers.js';
import type { FileContents } from './contents/file-contents.js';
import type { CardReader } from './contents/read-messages.js';
import { checkValue } from './kind-cards.js';

/** The largest file that a card may name, in bytes, and the milliseconds that reading one may take. */
const [maxBytes, maxTime] = [64 * 2 ** 20, 30_000];

/** A folder in which files that belong to a model may be, and what is in it. */
export interface Beside {
  folder: string;
  names: readonly string[];
}

/** The model's own folder, and another one. */
export async function besidesOf({ file, folder }: { file: string; folder?: string }): Promise<Beside[]> {
  const isFolder = (await stat(file).catch(() => undefined))?.isDirectory();
  const folders = [isFolder ? file : path.dirname(file), ...(folder === undefined ? [] : [folder])];
  return Promise.all(folders.map(async (one) => ({ folder: one, names: await readdir(one).catch(() => []) })));
}

const fileKeys = new Set(Object.keys(cardReaders).map((reader) => reader.split('.')[1]));

/** The names of files, or parts of them, that are in the text of a card, whatever else is wrong with it. */
export function filesNamedIn(card: string): string[] {
  const names: string[] = [];
  try {
    JSON.parse(card, (key, value) => {
      if (fileKeys.has(key) && typeof value === 'string') names.push(value);
      return value;
    });
  } catch {
    // Who reads the card says what is wrong with it.
  }
  return names;
}

/**
 * Reads the files that a card names: in the place of a name there is a `CardFile` then.
 * @param folders where they may be, the first that has one counts
 * @param contents reads them
 * @throws CardError
 */
export async function readCardFiles(
  cards: KindCards,
  place: PlaceOf,
  folders: readonly string[],
  contents: FileContents,
): Promise<KindCards> {
  const readAll = (side: 'inputs' | 'outputs') =>
    mapped(cards[side] ?? {}, (card, name) =>
      mapped(card, (value, key) => readValue(value, `${side}.${key}`, place(side)(name)(key), folders, contents)),
    );
  const [inputs, outputs] = await Promise.all([readAll('inputs'), readAll('outputs')]);
  return { ...cards, ...(cards.inputs && { inputs }), ...(cards.outputs && { outputs }) };
}

async function mapped<From, To>(
  values: Record<string, From>,
  to: (value: From, key: string) => Promise<To>,
): Promise<Record<string, To>> {
  const entries = Object.entries(values).map(async ([key, value]) => [key, await to(value, key)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** What a key has: the file that it names, where it names one. @throws CardError */
async function readValue(
  value: unknown,
  reader: CardReader,
  place: string,
  folders: readonly string[],
  contents: FileContents,
): Promise<unknown> {
  const known = Object.hasOwn(cardReaders, reader) && typeof value === 'string' ? cardReaders[reader] : undefined;
  if (!known || known.words?.includes(value as string)) return value;
  const file = value as string;
  const where = `${place} names ${file.slice(0, 100)}, which`;
  const { file: whole, part } = filePart(file);
  const bytes = await readBytes(whole, folders, where);
  let content: unknown;
  try {
    content = await contents.read(reader, bytes, { left: maxTime }, part);
  } catch (cause) {
    throw new CardError(`${where} ${(cause as Error).message}.`, { cause });
  }
  checkValue(`${place} (${file.slice(0, 100)})`, content, known.schema);
  return { file, content } satisfies CardFile;
}

/** @throws CardError */
async function readBytes(file: string, folders: readonly string[], where: string): Promise<Uint8Array> {
  if (path.isAbsolute(file) || path.normalize(file).startsWith('..'))
    throw new CardError(`${where} isn't below the model's folder.`);
  for (const folder of folders) {
    try {
      const bytes = await readWhole(path.join(folder, file), maxBytes);
      if (Buffer.from(bytes.subarray(0, 30)).toString('latin1').startsWith('version https://git-lfs'))
        throw new CardError(`${where} is a pointer of Git LFS, not the file itself: run "git lfs pull".`);
      return bytes;
    } catch (error) {
      if (error instanceof CardError) throw error;
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      if (error instanceof NoFileError) throw new CardError(`${where} is ${error.what}, no file.`, { cause: error });
      if (error instanceof FileSizeError)
        throw new CardError(`${where} is larger than ${maxBytes / 2 ** 20} MB.`, { cause: error });
      throw new CardError(`${where} can't be read: ${reasonOf(error as NodeJS.ErrnoException)}.`, { cause: error });
    }
  }
  throw new CardError(`${where} isn't there.`);
}
