import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelCard } from '../../schemas/card.js';
import { noteLine } from '../../src/cards/card-note.js';
import { type InferredCard, inferCard } from '../../src/cards/inferred-card.js';
import { findModelFile } from '../../src/catalog/model-path.js';
import { hintsOf } from '../../src/inference/model-hints.js';
import { readKerasModel } from '../../src/keras/index.js';
import { compile } from '../../src/onnx/compile.js';
import { temporaryFolder } from './folder.js';
import { sideFolders } from './side-folders.js';

/** Folders as their authors left them. */
export const { path: folders } = sideFolders();

/** What is worked out of a model in a folder, or of a file. */
export async function inferred(path: string, given?: ModelCard): Promise<InferredCard> {
  const file = await findModelFile(path);
  const model = await readKerasModel(file, {});
  const { inputs, outputs } = compile(model);
  return inferCard({ signature: { inputs, outputs }, hints: await hintsOf(model) }, { file, given });
}

/** The same of one of those folders. */
export const inFolder = (name: string, given?: ModelCard) => inferred(join(folders, name), given);

/** What is assumed by its key: the value with its certainty. */
export const assumed = ({ assumptions }: InferredCard) =>
  Object.fromEntries(assumptions.map(({ key, value, certainty }) => [key, [value, certainty]]));
/** What the log has. */
export const linesOf = ({ notes }: InferredCard) => notes.map((note) => `${note.level} ${noteLine(note)}`);
export const warnings = (card: InferredCard) => linesOf(card).filter((line) => line.startsWith('warn '));

/** A copy of a folder, in which files are written or taken away. */
export function copyOf(name: string, files: Record<string, string | Buffer | null> = {}): string {
  const path = temporaryFolder('copied');
  cpSync(join(folders, name), path, { recursive: true });
  for (const [file, content] of Object.entries(files))
    if (content === null) rmSync(join(path, file));
    else writeFileSync(join(path, file), content);
  return path;
}
