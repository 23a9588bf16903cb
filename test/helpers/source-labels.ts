import { readdirSync } from 'node:fs';
import { FileContents } from '../../src/cards/contents/file-contents.js';
import { SourceFiles } from '../../src/cards/source-files.js';
import { findSourceLabels } from '../../src/cards/source-labels.js';

/** The labels in the source code of a folder. @param width how many numbers a model answers with */
export async function sourceLabelsIn(folder: string, classes: number, width?: number) {
  const beside = { folder, names: readdirSync(folder) };
  const sources = new SourceFiles([beside], new FileContents());
  const files = width === undefined ? await sources.in(beside) : await sources.choosing(beside, width);
  return findSourceLabels(files, beside.names, classes);
}

/** What the log has of the source code in a folder. */
export async function notesOnSource(folder: string): Promise<string[]> {
  const beside = { folder, names: readdirSync(folder) };
  const sources = new SourceFiles([beside], new FileContents());
  await sources.in(beside);
  return sources.notes.map(({ message }) => message);
}
