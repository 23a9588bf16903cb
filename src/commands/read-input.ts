import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { imageFileName } from '../images/formats.js';
import { formatBytes } from '../support/bytes.js';
import { decodeText } from '../support/decode-text.js';
import { NoFileError, openFile, reasonOf } from '../support/files.js';
import { lookUp } from '../support/look-up.js';
import { CommandError } from './errors.js';

/** The most bytes of JSON that are read: V8 has no longer strings. */
const maxJsonBytes = 2 ** 29 - 24;

/** JSON in a file; of `-`, on standard input. @throws CommandError */
export async function readJson(file: string): Promise<unknown> {
  const bytes = await readBytes(file);
  if (bytes.length > maxJsonBytes) throw new CommandError(`${file}: more than ${formatBytes(maxJsonBytes)} of JSON`);
  const text = textIn(bytes, file);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CommandError(`${file}: that is no JSON: ${(cause as Error).message}`, { cause });
  }
}

/** The text in a file. @throws CommandError */
export const readText = async (file: string): Promise<string> => textIn(await readBytes(file), file);

function textIn(bytes: Uint8Array, file: string): string {
  const text = decodeText(bytes);
  if (text === undefined) throw new CommandError(`${file}: that is no text in UTF-8 or UTF-16`);
  return text;
}

/** Files that are open already, as `<(…)` of a shell makes them: nobody has to be waited for. */
const openAlready = /^\/(dev\/(stdin|fd\/\d+)|proc\/self\/fd\/\d+)$/;

/** What is in a file; of `-`, on standard input. @throws CommandError */
export async function readBytes(file: string): Promise<Buffer> {
  const content = file === '-' ? buffer(process.stdin) : openAlready.test(file) ? readFile(file) : readRegular(file);
  return content.catch((error: NodeJS.ErrnoException) => {
    if (error instanceof NoFileError)
      throw new CommandError(`${file} is ${error.what}, no file. Standard input is read with -`, { cause: error });
    throw new CommandError(`${file}: ${reasonOf(error)}`, { cause: error });
  });
}

async function readRegular(path: string): Promise<Buffer> {
  const file = await openFile(path);
  return file.readFile().finally(() => file.close());
}

/**
 * The files that are meant: of a folder the images in it, by their names.
 * @throws CommandError where there is no such file, or a folder has no images
 */
export async function inputFiles(paths: readonly string[]): Promise<string[]> {
  const all = paths.map(async (path) => {
    if (path === '-') return [path];
    const found = await stat(path).catch((cause) => {
      // Who gives a text in the place of a file has no ending.
      const hint = /\.\w+$/.test(path) ? '' : '. A text is given in a file that ends in .txt';
      throw new CommandError(`${path}: ${reasonOf(cause)}${hint}`, { cause });
    });
    if (!found.isDirectory()) return [path];
    const images = await imagesIn(path);
    if (images.length === 0)
      throw new CommandError(`${path}: that is a folder without images${await imagesBelow(path)}`);
    return images;
  });
  return (await Promise.all(all)).flat();
}

async function imagesIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => imageFileName.test(name) && !name.startsWith('.'));
  return names.sort().map((name) => join(folder, name));
}

/** The most folders that a message names. */
const mostNamed = 10;

/** Which folders of a folder have images, for a message. */
async function imagesBelow(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  const paths = folders.map(({ name }) => join(folder, name)).sort();
  const counts = await Promise.all(paths.map(async (path) => (await imagesIn(path).catch(() => [])).length));
  const filled = paths.filter((_, index) => counts[index]! > 0);
  const more = filled.length > mostNamed ? ` and ${filled.length - mostNamed} more` : '';
  return filled.length === 0 ? '' : `. Its folders have some: ${filled.slice(0, mostNamed).join(' ')}${more}`;
}

const forms = { '.json': 'json', '.csv': 'csv', '.txt': 'text' } as const;

/** What a file holds, by its name. */
export const formOf = (file: string): 'json' | 'csv' | 'text' | 'image' =>
  lookUp(forms, extname(file).toLowerCase()) ?? 'image';
