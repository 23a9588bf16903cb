import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import type { Answer } from '../protocols/predict/ask.js';
import { reasonOf } from '../support/files.js';
import { CommandError } from './errors.js';

/** Writes the pictures in an answer about a file, or about a row of one. @returns the files @throws CommandError */
export type WritePictures = (answer: Answer, file: string, row?: number) => Promise<string[]>;

/**
 * What writes pictures into a folder, which is made where it isn't there: over what is there from before, but neither over one another
 * nor over a file that was asked about.
 * @throws CommandError
 */
export async function pictureFolder(folder: string, files: readonly string[]): Promise<WritePictures> {
  await mkdir(folder, { recursive: true }).catch(explain(folder));
  const real = await realpath(folder);
  const taken = new Set(await Promise.all(files.map((file) => realpath(file).catch(() => resolve(file)))));
  const freeName = (stem: string): string => {
    const name = [stem, 'png'].join('.');
    for (let number = 2, free = name; ; free = [stem, number++, 'png'].join('.')) {
      const path = join(real, free);
      if (taken.has(path)) continue;
      taken.add(path);
      return free;
    }
  };
  return async (answer, file, row) => {
    const stem = [basename(file, extname(file)), ...(row === undefined ? [] : [row])];
    const written: string[] = [];
    for (const [place, png] of picturesIn(answer, [])) {
      const path = join(folder, freeName([...stem, ...place].join('.')));
      await writeFile(path, Buffer.from(png, 'base64')).catch(explain(path));
      written.push(path);
    }
    return written;
  };
}

const explain = (path: string) => (error: NodeJS.ErrnoException) => {
  throw new CommandError(`${path} can't be written: ${reasonOf(error, 'there is no such folder')}`, { cause: error });
};

function* picturesIn(value: Answer, place: string[]): Generator<[place: string[], png: string]> {
  if (Array.isArray(value))
    for (const [index, one] of value.entries()) yield* picturesIn(one, [...place, String(index + 1)]);
  else if (typeof value === 'object' && value !== null) {
    if (typeof value.png === 'string') yield [place, value.png];
    else
      for (const [key, one] of Object.entries(value)) yield* picturesIn(one, [...place, key.replace(/[^\w.-]+/g, '-')]);
  }
}
